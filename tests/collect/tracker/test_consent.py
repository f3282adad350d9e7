"""What the tracker keeps to itself: consent, opt-out signals, cookies; in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.collect.tracker.site import Site, visit
from tests.web import test_browser

pytestmark = test_browser.pytestmark
KEPT = "() => Object.keys(localStorage).filter(key => key.startsWith('dangol'))"


@pytest.mark.parametrize("signal", ["globalPrivacyControl: {get: () => true}", "doNotTrack: {get: () => '1'}"])
def test_an_opt_out_signal_goes_along_and_click_ids_do_not(site: Site, page: Page, signal: str) -> None:
    page.add_init_script(f"Object.defineProperties(navigator, {{{signal}}})")
    visit(page, site.page("/?gclid=g1&utm_source=letter"))
    (view,) = site.wait(page, "page")
    assert view["context"]["gpc"] is True
    assert "clickIds" not in view["context"]
    assert view["context"]["campaign"] == {"source": "letter"}
    assert "gclid" not in str(view)


WATCHED = """
window.writes = [];
const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (...told) { writes.push(told[0]); return set.apply(this, told); };
const jar = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
Object.defineProperty(document, 'cookie', {get: () => jar.get.call(document),
  set: value => { writes.push(value); jar.set.call(document, value); }});
"""


def test_nothing_is_stored_or_told_before_the_yes(site: Site, page: Page) -> None:
    site.tag('data-consent="required" data-cookie-domain="localhost"')
    page.add_init_script(WATCHED)
    visit(page, site.page("/cups?utm_source=letter"))
    page.evaluate("dangol.identify('minji'); dangol.productViewed({product_id: 'cup-1'})")
    page.evaluate("dangol.reset(); dangol.identify('minji')")
    page.wait_for_timeout(300)
    assert page.evaluate("[dangol.consent(), dangol.anonymousId()]") == [None, None]
    assert (page.evaluate("writes"), site.told) == ([], [])
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    assert page.context.cookies() == []

    assert page.evaluate("dangol.consent(true, {wording: 'May we?'})") is True
    (changed,) = site.wait(page, "Consent Changed")
    assert changed["properties"] == {
        "channel": "onsite", "purpose": "tracking", "state": "granted", "basis": "explicit", "wording": "May we?",
    }  # fmt: skip
    (view,) = site.wait(page, "page")
    (seen,) = site.wait(page, "Product Viewed")
    assert view["context"]["campaign"] == {"source": "letter"}, "what came before is told now"
    assert view["timestamp"] < changed["timestamp"]
    assert {fact["anonymousId"] for fact in site.facts()} == {seen["anonymousId"]}
    assert changed["userId"] == "minji"


def test_a_yes_is_remembered_and_said_once(site: Site, page: Page) -> None:
    site.tag('data-consent="required"')
    visit(page, site.page("/one"))
    page.evaluate("dangol.consent(true)")
    site.wait(page, "Consent Changed")
    visit(page, site.page("/two"))
    page.evaluate("dangol.consent(true)")  # as banners do on every page
    site.wait(page, "page", 2)
    assert len(site.facts("Consent Changed")) == 1
    assert len({fact["anonymousId"] for fact in site.facts()}) == 1


def test_before_an_answer_the_page_leaves_without_a_word(site: Site, page: Page) -> None:
    site.tag('data-consent="required"')
    visit(page, site.page("/one"))
    visit(page, site.page("/two"))
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert site.told == []


@pytest.mark.parametrize("mode", ['data-consent="required"', ""])
def test_a_no_clears_everything_in_all_tabs(site: Site, visitor: BrowserContext, page: Page, mode: str) -> None:
    site.tag(mode)
    visit(page, site.page())
    page.evaluate("dangol.consent(true); dangol.identify('minji')")
    other = visitor.new_page()
    visit(other, site.page("/other"))
    site.wait(page, "page", 2)
    known = page.evaluate("dangol.anonymousId()")
    page.evaluate("dangol.consent(false); dangol.track('After')")
    other.wait_for_function("!dangol.anonymousId()")  # browsers tell a page a moment later what another one wrote
    other.evaluate("dangol.track('After')")
    withdrawn = site.wait(page, "Consent Changed", 2)[1]
    assert (withdrawn["properties"]["state"], withdrawn["anonymousId"]) == ("withdrawn", known)
    kept = [] if mode else ["dangol.consent"]
    page.wait_for_function(f"kept => JSON.stringify(({KEPT})()) == JSON.stringify(kept)", arg=kept)
    visit(page, site.page("/again"))
    page.evaluate("dangol.consent(false); dangol.track('After')")
    page.wait_for_timeout(200)
    assert site.facts("After") == []
    assert len(site.facts("Consent Changed")) == 2
    page.evaluate("dangol.consent(true); dangol.track('Back')")
    assert site.wait(page, "Back")[0]["anonymousId"] != known


def test_what_was_kept_before_consent_was_asked_for_is_not_used(site: Site, page: Page) -> None:
    visit(page, site.page())
    known = page.evaluate("dangol.anonymousId()")
    site.wait(page, "page")
    site.tag('data-consent="required"')
    visit(page, site.page())
    assert page.evaluate(KEPT) == []
    page.evaluate("dangol.consent(true)")
    assert site.wait(page, "Consent Changed")[0]["anonymousId"] != known


def test_subdomains_share_a_visitor_where_the_shop_asks_for_it(site: Site, page: Page) -> None:
    site.tag('data-consent="required" data-cookie-domain="shop.localhost"')
    visit(page, site.page(host="www.shop.localhost"))
    page.evaluate("dangol.consent(true); dangol.identify('민지')")
    site.wait(page, "identify")
    visit(page, site.page(host="pay.shop.localhost"))
    site.wait(page, "page", 2)
    assert len({fact["anonymousId"] for fact in site.facts()}) == 1
    assert site.facts("page")[1]["userId"] == "민지"
    page.evaluate("dangol.consent(false)")
    assert page.context.cookies() == []
    visit(page, site.page(host="www.shop.localhost"))
    assert page.evaluate("dangol.consent()") is None, "the other one knows that it was withdrawn"


def test_no_cookie_where_nobody_asked_for_one(site: Site, page: Page) -> None:
    visit(page, site.page())
    site.wait(page, "page")
    assert page.context.cookies() == []


def test_a_domain_that_is_not_the_shops_costs_nothing(site: Site, page: Page) -> None:
    site.tag('data-cookie-domain="elsewhere.example"')
    visit(page, site.page("/one"))
    visit(page, site.page("/two"))
    assert len({fact["anonymousId"] for fact in site.wait(page, "page", 2)}) == 1
