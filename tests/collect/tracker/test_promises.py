"""Every promise of the tracker, in a real Chromium."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.collect.tracker.site import PATIENCE, READY, Site, told_of, visit
from tests.web import test_browser

pytestmark = test_browser.pytestmark
WAITING = "() => Object.keys(localStorage).filter(key => key.startsWith('dangol.e.')).length"
STUB = """<script>window.dangol = new Proxy({q: []}, {get: (t, name) => name in t ? t[name]
 : (...told) => { t.q.push([name, ...told]); }})</script>"""


def views(site: Site) -> list[str]:
    return [fact["properties"]["path"] + fact["properties"]["search"] for fact in site.facts("page")]


def test_the_calls_of_analytics_js(site: Site, page: Page) -> None:
    site.tag('data-page="off"')
    visit(page, site.page("/cups"))
    page.evaluate("""() => {
        dangol.identify("minji", {name: "김민지"}, {context: {channel: "kiosk"}});
        dangol.track("Seen", {n: 1}, {timestamp: "2026-11-01T00:00:00Z"});
        dangol.page("Shop", "Cups", {shelf: 2});
        dangol.page("Cups");
        dangol.page({shelf: 3});
        dangol.group("club", {level: "gold"});
        dangol.alias("minji-2");
        dangol.identify({city: "Seoul"});
    }""")
    named, seen, shop, cups, bare, group, alias, city = [
        site.wait(page, name, count) for name, count in (("identify", 2), ("Seen", 1), ("page", 3))
    ] and site.facts()
    assert (named["userId"], named["traits"], named["context"]["channel"]) == ("minji", {"name": "김민지"}, "kiosk")
    assert (seen["userId"], seen["timestamp"]) == ("minji", "2026-11-01T00:00:00Z")
    assert (shop["category"], shop["name"], shop["properties"]["shelf"]) == ("Shop", "Cups", 2)
    assert (cups["name"], bare["name"], bare["properties"]["shelf"]) == ("Cups", "", 3)
    assert bare["properties"]["path"] == "/cups"
    assert (group["groupId"], group["traits"]) == ("club", {"level": "gold"})
    assert (alias["userId"], alias["previousId"]) == ("minji-2", "minji")
    assert (city["userId"], city["traits"]) == ("minji", {"city": "Seoul"})
    assert len({fact["anonymousId"] for fact in site.facts()}) == 1
    assert page.evaluate("dangol.anonymousId()") == named["anonymousId"]
    assert page.evaluate("[dangol.user().id(), dangol.user().anonymousId()]") == ["minji", named["anonymousId"]]
    assert page.evaluate("new Promise(then => dangol.track('Called back', {}, then))") is None
    page.evaluate("dangol.reset()")
    assert page.evaluate("dangol.user().id()") is None
    assert page.evaluate("dangol.anonymousId()") != named["anonymousId"]


def test_another_person_at_the_same_screen_is_another_visitor(site: Site, page: Page) -> None:
    visit(page, site.page())
    page.evaluate("dangol.identify('minji'); dangol.identify('juno'); dangol.identify('juno')")
    minji, juno, again = site.wait(page, "identify", 3)
    assert minji["anonymousId"] != juno["anonymousId"] == again["anonymousId"]


def test_calls_before_the_file_is_there_are_kept_in_order(site: Site, page: Page) -> None:
    site.line = (
        f"{STUB}<script>const held = dangol; dangol.identify('minji'); dangol.productViewed({{product_id: 'cup-1'}});"
        f"dangol.ready(() => {{ window.isReady = true; held.track('Later'); }})</script>{site.line}"
    )
    visit(page, site.page())
    site.wait(page, "Later")
    assert [fact.get("event", fact["type"]) for fact in site.facts()] == ["identify", "Product Viewed", "Later", "page"]
    assert page.evaluate("window.isReady") is True
    assert {fact["userId"] for fact in site.facts()} == {"minji"}


def test_shop_events_have_their_names_and_the_money_as_given(site: Site, page: Page) -> None:
    visit(page, site.page())
    page.evaluate("""() => {
        dangol.productsSearched("celadon");
        dangol.cartViewed([{product_id: "cup-1", price: "38000.50"}]);
        dangol.orderCompleted({order_id: "1001", revenue: "38000.50", currency: "KRW"});
        dangol.productAddedToWishlist({product_id: "cup-1"});
        dangol.wishlistProductAddedToCart({product_id: "cup-1"});
        dangol.productRemoved({product_id: "cup-1", quantity: 1});
    }""")
    assert site.wait(page, "Products Searched")[0]["properties"] == {"query": "celadon"}
    assert site.wait(page, "Cart Viewed")[0]["properties"]["products"] == [{"product_id": "cup-1", "price": "38000.50"}]
    assert site.wait(page, "Order Completed")[0]["properties"]["revenue"] == "38000.50"
    for name in ("Product Added to Wishlist", "Wishlist Product Added to Cart", "Product Removed"):
        assert site.wait(page, name)[0]["properties"]["product_id"] == "cup-1"


def test_where_a_visit_came_from_goes_with_all_of_its_facts(site: Site, page: Page) -> None:
    page.goto(site.page("/?from=elsewhere", host="127.0.0.1"))
    page.evaluate(
        "address => { location.href = address }", site.page("/cups?utm_source=letter&utm_campaign=spring&gclid=g1#top")
    )
    page.wait_for_url("**/cups?*")
    page.wait_for_function(READY)
    visit(page, site.page("/pay"))
    page.evaluate("dangol.orderCompleted({order_id: '1'})")
    (order,) = site.wait(page, "Order Completed")
    assert order["context"]["campaign"] == {"source": "letter", "name": "spring"}
    assert order["context"]["clickIds"] == {"gclid": "g1"}
    assert order["context"]["referrer"]["url"].startswith("http://127.0.0.1:")
    assert order["context"]["page"]["url"] == site.page("/pay")
    first = next(fact for fact in site.facts("page") if fact["properties"]["path"] == "/cups")
    assert first["context"]["page"]["url"].endswith("gclid=g1"), "without the place on the page"
    page.evaluate("""localStorage.setItem('dangol.visit',
        JSON.stringify({at: Date.now() - 31 * 60e3, campaign: {source: 'old'}}))""")
    visit(page, site.page("/later"))
    page.evaluate("dangol.track('Later')")
    assert "campaign" not in site.wait(page, "Later")[0]["context"], "half an hour later it is another visit"


def test_an_application_that_moves_without_loading(site: Site, page: Page) -> None:
    visit(page, site.page("/"))
    site.wait(page, "page", 1)
    page.evaluate("history.pushState({}, '', '/cups'); document.title = 'All cups'")
    site.wait(page, "page", 2)
    page.evaluate("history.replaceState({}, '', '/cups?sort=price')")
    page.evaluate("location.hash = 'reviews'")
    page.evaluate("history.pushState({}, '', '/cups/1')")
    site.wait(page, "page", 3)
    page.go_back()
    site.wait(page, "page", 4)
    page.evaluate("location.hash = '#/in/the/hash'")
    site.wait(page, "page", 5)
    assert views(site) == ["/", "/cups", "/cups/1", "/cups?sort=price", "/cups?sort=price"]
    assert site.facts("page")[1]["properties"]["title"] == "All cups"
    assert site.facts("page")[1]["properties"]["referrer"] == site.page("/")
    assert site.facts("page")[4]["properties"]["url"].endswith("#/in/the/hash")


@pytest.mark.parametrize(("how", "seen"), [("first", ["/"]), ("off", [])])
def test_page_views_can_be_switched_off(site: Site, page: Page, how: str, seen: list[str]) -> None:
    site.tag(f'data-page="{how}"')
    visit(page, site.page("/"))
    page.evaluate("history.pushState({}, '', '/cups')")
    page.wait_for_timeout(200)
    page.evaluate("dangol.track('Last')")
    site.wait(page, "Last")
    assert views(site) == seen


def test_what_is_told_off_line_survives_a_reload_and_is_told_once(site: Site, page: Page) -> None:
    visit(page, site.page())
    site.wait(page, "page")
    page.context.set_offline(True)
    page.evaluate("for (let n = 0; n < 120; n++) dangol.track('Off-line', {n})")
    page.wait_for_timeout(100)
    page.context.set_offline(False)
    visit(page, site.page("/again"))
    facts = told_of(site, page, "Off-line", 120)
    assert {fact["properties"]["n"] for fact in facts} == set(range(120))
    assert max(len(told.facts) for told in site.told) <= 50
    page.wait_for_function(f"({WAITING})() === 0")


def test_the_queue_is_bounded(site: Site, page: Page) -> None:
    visit(page, site.page())
    site.wait(page, "page")
    page.context.set_offline(True)
    page.evaluate("for (let n = 0; n < 520; n++) dangol.track('Off-line', {n})")
    assert page.evaluate(WAITING) == 500
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    assert site.wait(page, "Off-line", 500)[0]["properties"] == {"n": 20}, "the oldest go first"


@pytest.mark.parametrize("status", [429, 503, 408])
def test_it_waits_as_long_as_it_is_asked_to(site: Site, page: Page, status: int) -> None:
    site.answers = [(status, {"Retry-After": "2"})]
    visit(page, site.page())
    begun = time.monotonic()
    while len(site.facts("page")) < 2 and time.monotonic() - begun < PATIENCE / 1000:
        page.wait_for_timeout(50)
    first, second = site.facts("page")
    assert time.monotonic() - begun > 1.5
    assert first["messageId"] == second["messageId"]
    page.wait_for_function(f"({WAITING})() === 0")


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_refusal_drops_the_batch_and_the_page_lives(site: Site, page: Page, status: int) -> None:
    site.answers = [(status, {})]
    visit(page, site.page())
    site.wait(page, "page")
    page.wait_for_function(f"({WAITING})() === 0")
    page.evaluate("dangol.track('Next')")
    site.wait(page, "Next")
    assert len(site.facts("page")) == 1


def test_what_waits_leaves_with_the_page_in_beacons_of_bearable_size(site: Site, page: Page) -> None:
    visit(page, site.page())
    site.wait(page, "page")
    site.answers = [(429, {"Retry-After": "60"})]
    page.evaluate("dangol.track('Refused for now')")
    site.wait(page, "Refused for now")
    page.wait_for_timeout(200)
    page.evaluate("""() => {
        const send = navigator.sendBeacon.bind(navigator);
        navigator.sendBeacon = (...told) => { localStorage.setItem('beacon', told[1].length); return send(...told); };
        for (let n = 0; n < 40; n++) dangol.track('Leaving', {n, text: '컵'.repeat(700)});
    }""")
    page.goto("about:blank")
    for _ in range(100):
        if site.facts("Leaving"):
            break
        page.wait_for_timeout(50)
    assert 0 < len(site.facts("Leaving")) < 40, "as much as a browser lets go"
    assert site.told[-1].size <= 64 * 1024
    visit(page, site.page("/back"))
    assert {fact["properties"]["n"] for fact in told_of(site, page, "Leaving", 40)} == set(range(40)), (
        "and the rest later"
    )


def test_a_fact_too_large_for_a_beacon_is_told_all_the_same(site: Site, page: Page) -> None:
    visit(page, site.page())
    page.evaluate("dangol.track('Large', {text: 'x'.repeat(100000)}); dangol.track('Small')")
    site.wait(page, "Large")
    site.wait(page, "Small")


def test_tabs_tell_each_fact_once(site: Site, visitor: BrowserContext, page: Page) -> None:
    tabs = [page, visitor.new_page(), visitor.new_page()]
    for tab in tabs:
        visit(tab, site.page())
    site.wait(page, "page", 3)
    visitor.set_offline(True)
    for number, tab in enumerate(tabs):
        tab.evaluate("tab => { for (let n = 0; n < 60; n++) dangol.track('Tab', {n, tab}) }", number)
    tabs[2].close()  # its facts are told by the others
    visitor.set_offline(False)
    for tab in tabs[:2]:
        tab.evaluate("dispatchEvent(new Event('online'))")
    facts = told_of(site, page, "Tab", 180)
    assert len({(fact["properties"]["n"], fact["properties"]["tab"]) for fact in facts}) == 180
    page.wait_for_timeout(300)
    stayed = [fact["messageId"] for fact in site.facts("Tab") if fact["properties"]["tab"] != 2]
    assert len(stayed) == len(set(stayed)) == 120  # what the closing tab told on leaving may be told again
    assert len({fact["anonymousId"] for fact in facts}) == 1


BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
OLD = """
for (const name of ['locks', 'sendBeacon']) Object.defineProperty(Navigator.prototype, name, {value: undefined});
delete AbortSignal.timeout;
delete Crypto.prototype.randomUUID;
"""


@pytest.mark.parametrize("lack", [BLOCKED, FULL, OLD])
def test_a_browser_that_lacks_something(site: Site, page: Page, lack: str) -> None:
    site.answers = [(503, {})]
    page.add_init_script(lack)
    visit(page, site.page())
    page.evaluate("dangol.identify('minji'); dangol.track('Seen')")
    (seen,) = site.wait(page, "Seen")
    assert seen["userId"] == "minji"
    assert seen["anonymousId"] == page.evaluate("dangol.anonymousId()")
    page.evaluate("dangol.consent(false); dangol.track('Unseen')")
    site.wait(page, "Consent Changed")
    assert site.facts("Unseen") == []


def test_whatever_the_page_hands_over_the_page_goes_on(site: Site, page: Page) -> None:
    visit(page, site.page())
    page.evaluate("const ring = {}; ring.r = ring; dangol.track('Ring', ring); dangol.page(null); dangol.track('Next')")
    site.wait(page, "Next")
    assert site.facts("Ring") == []


def test_options_may_stand_in_the_address(site: Site, page: Page) -> None:
    site.line = f'<script src="{site.collector}/t.js?key=OTHER&page=off"></script>'
    visit(page, site.page())
    with page.expect_request("**/v1/b") as asked:
        page.evaluate("dangol.track('Seen')")
    assert (asked.value.post_data_json or {})["writeKey"] == "OTHER"
    site.wait(page, "Seen")
    assert views(site) == []
