"""On-site messages in a real browser: shown in a shadow root, told, closed, never able to run anything."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.collect.tracker.site import PATIENCE, Site, visit
from tests.web import test_browser

pytestmark = test_browser.pytestmark
BANNER = {"token": "T1", "form": "banner", "title": "Welcome back", "text": "Your basket is here", "button": "Open",
          "url": "/cart"}  # fmt: skip


def heard(site: Site, page: Page, wanted: list[str]) -> None:
    for _ in range(PATIENCE // 50):
        if site.heard == wanted:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{site.heard}, not {wanted}")


def test_nothing_is_asked_or_loaded_where_the_line_does_not_say_so(site: Site, page: Page) -> None:
    site.waiting = {"cards": [BANNER]}
    visit(page, site.page())
    site.wait(page, "page")
    page.wait_for_timeout(1_300)
    assert (site.asked, page.locator(".dangol-banner").count()) == ([], 0)


def test_a_banner_is_seen_and_closed(site: Site, page: Page) -> None:
    site.tag('data-messages="on"')
    site.waiting = {"cards": [BANNER, BANNER | {"token": "T2", "form": "modal"}]}
    visit(page, site.page())
    expect(page.get_by_role("region", name="Welcome back")).to_be_visible()
    assert page.get_by_role("dialog").count() == 0, "one thing at a time lies over the page"
    heard(site, page, ["T1/seen"])
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".dangol-banner")).to_have_count(0)
    heard(site, page, ["T1/seen", "T1/closed"])


def test_a_followed_link_is_told(site: Site, page: Page) -> None:
    site.tag('data-messages="on"')
    site.waiting = {"cards": [BANNER | {"form": "modal"}]}
    visit(page, site.page())
    page.get_by_role("link", name="Open").click()
    page.wait_for_url("**/cart")
    heard(site, page, ["T1/seen", "T1/clicked"])


def test_a_piece_of_the_page_goes_where_its_slot_is_and_texts_never_run(site: Site, page: Page) -> None:
    site.tag('data-messages="on"')
    evil = {"text": "<img src=x onerror=window.hit=1>", "title": "</h2><script>window.hit=1</script>"}
    wicked = {"button": "go", "url": "javascript:window.hit=1", "image": "data:text/html,x"}
    site.waiting = {"cards": [BANNER | evil | wicked | {"form": "inline", "slot": "top"}]}
    site.body = '<div data-dangol-slot="top"></div>'
    visit(page, site.page())
    expect(page.locator("[data-dangol-slot=top] p")).to_have_text("<img src=x onerror=window.hit=1>")
    assert page.get_by_role("link").count() == 0
    assert page.evaluate("window.hit") is None


def test_web_push_is_asked_for_when_the_server_says_so_and_not_again_after_a_no(site: Site, page: Page) -> None:
    site.tag('data-push="/worker.js"')
    visit(page, site.page())
    page.wait_for_timeout(1_300)
    assert "n=1" in site.asked[0]
    site.waiting = {"push": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}
    page.evaluate("() => { Object.defineProperty(Notification, 'permission', { get: () => 'default' }); }")
    page.evaluate("history.pushState({}, '', '/second')")
    page.get_by_role("button", name="No, thanks").click()
    assert "n=2" in site.asked[-1]
    page.evaluate("history.pushState({}, '', '/third')")
    page.wait_for_timeout(1_400)
    assert page.get_by_role("button", name="No, thanks").count() == 0


def test_the_service_worker_shows_what_a_push_brings(site: Site, page: Page) -> None:
    page.context.grant_permissions(["notifications"], origin=site.page("").rstrip("/"))
    visit(page, site.page())
    page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)")
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"] if not one["isDeleted"]),
    )
    session.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": site.page("").rstrip("/"),
            "registrationId": found[-1],
            "data": '{"title":"Back","body":"in stock","refusal":"https://crm.example/u/1","refuse":"No more"}',
        },
    )
    shown = """navigator.serviceWorker.ready.then((one) => one.getNotifications())
        .then((all) => all.map((one) => [one.title, one.body, ...one.actions.map((two) => two.title)].join(' ')))"""
    for _ in range(100):
        if titles := page.evaluate(shown):
            break
        page.wait_for_timeout(50)
    assert titles == ["Back in stock No more"]
