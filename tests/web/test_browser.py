"""The console in a real browser over a running shop: the first minutes of a new owner, and every page at two widths."""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright

from dangol.bench.shop import Served, served

CHROMIUM = "/usr/bin/chromium"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs {CHROMIUM}"),
]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")  # of a request that failed htmx tells htmx:sendError besides
PATIENCE = 15_000  # milliseconds; machines that run tests are busy
PAGES = (
    "/", "/customers", "/customers/1", "/segments", "/segments/new", "/segments/of/new", "/segments/of/new/edit",
    "/segments/library", "/segments/overlap", "/lists", "/strategy", "/value", "/campaigns", "/campaigns/thanks",
    "/campaigns/thanks/edit", "/journeys/new", "/outbox", "/results", "/results/thanks", "/tasks", "/connect",
    "/conversations",
    "/connect/of/site", "/quarantine", "/settings", "/topics", "/sign-up-forms", "/shops", "/segments/audit",
    "/templates", "/templates/new?from=cart-reminder", "/brand", "/caps",
)  # fmt: skip
XSS = "<img src=x onerror=window.__xss=1><script>window.__xss=1</script>"


class Shop:
    """A served shop and what its own servers send."""

    def __init__(self, running: Served) -> None:
        self.served = running
        self.address = f"http://{running.host}:{running.port}"

    def send(self, event: dict[str, Any]) -> None:
        key = base64.b64encode(f"{self.served.write_key}:".encode()).decode()
        request = urllib.request.Request(
            f"{self.address}/v1/batch",
            data=json.dumps({"batch": [event]}).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Basic {key}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def track(self, user: str, event: str, properties: dict[str, Any] | None = None) -> None:
        self.send({"type": "track", "userId": user, "event": event, "properties": properties or {}})


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with served() as running:
        yield Shop(running)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def browsing(chromium: Browser) -> BrowserContext:
    """A desktop's window."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(PATIENCE)
    return context


def sign_in(page: Page, password: str) -> None:
    page.fill("#id_login", "owner@example.com")
    page.fill("#id_password", password)
    page.click("form[action='/sign-in'] button")


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, shop: Shop) -> Iterator[BrowserContext]:
    context = browsing(chromium)
    page = context.new_page()
    page.goto(shop.address)
    sign_in(page, "wrong-horse-9")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, PASSWORD)
    expect(page.locator("h1")).to_contain_text("Your shop is open")
    page.close()
    yield context
    context.close()


PASSWORD = "a long enough password"  # of the benchmarks' shop


def watch(page: Page) -> list[str]:
    """Everything that the browser complains of; that a page was left before an answer came is no complaint."""
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(ABORTED):
            told.append(f"{message.text} {message.location.get('url', '')}".strip())

    page.on("console", note)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


def test_the_first_minutes_of_a_new_owner(shop: Shop, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    told = watch(page)
    page.goto(shop.address)
    page.click(".menu-wide >> text=Plan")
    named = page.get_by_role("heading", name="Thanks and a question")
    page.locator("li.play", has=named).get_by_role("button").click()
    expect(page.locator("h1")).to_contain_text("active")

    page.goto(shop.address)
    expect(page.locator("#feed .waiting")).to_be_visible()
    snippet = page.locator(".snippet code").nth(1).text_content() or ""
    assert f"{shop.address}/v1/track -u {shop.served.write_key}:" in snippet, "the real address and the real key"
    shop.send({"type": "identify", "userId": "minji", "traits": {"email": "minji@example.com", "name": XSS}})
    shop.track("minji", "Order Completed", {"order_id": "1001", "revenue": 38000, "products": [{"name": XSS}]})
    expect(page.locator("#feed")).to_contain_text("Order Completed")
    page.click("text=Open the loop")
    expect(page.locator(".stage-strategy .figure")).to_have_text("1")
    assert page.evaluate("window.__xss") is None
    assert told == []
    page.close()


def test_a_fact_appears_on_the_open_page(shop: Shop, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.goto(shop.address)
    expect(page.locator("#loop")).to_be_visible()
    for n in range(4):
        shop.track("minji", f"Probe {n}")
        page.wait_for_selector(f"text=Probe {n}", timeout=PATIENCE)
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_and_nothing_complains(shop: Shop, signed_in: BrowserContext, width: int, theme: str) -> None:
    page = signed_in.new_page()
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 844})
    told = watch(page)
    for path in PAGES:
        page.goto(shop.address + path)
        page.wait_for_load_state("load")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} is {wide} pixels too wide at {width}"
        assert page.evaluate("document.documentElement.getAttribute('data-bs-theme')") == theme
        assert page.evaluate("window.__xss") is None, path
    assert told == []
    page.close()


def test_a_rule_is_judged_while_it_is_typed_and_saved(shop: Shop, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.goto(f"{shop.address}/segments/new")
    page.click("#tab-yaml")
    expect(page.locator("#rule")).to_be_visible()
    page.fill("#rule", "key: big\nname: Big\nwhere:\n  event: Order Completed\n  count: {at_least: -1}\n")
    expect(page.locator("#preview .fault-line")).to_have_text("line 5")
    expect(page.locator(".gutter .fault")).to_have_text("5")
    page.fill("#rule", "key: big\nname: Big\nwhere: {event: Order Completed}\n")
    expect(page.locator("#preview .figure")).to_have_text("1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("Big")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Archive").click()
    expect(page.locator("h1")).to_have_text("Segments")
    page.close()


def test_search_follows_typing_and_lives_in_the_address(shop: Shop, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.goto(f"{shop.address}/customers")
    page.fill("input[type=search]", "nobody-like-this")
    expect(page.locator("#customers")).to_contain_text("Nobody found")
    page.wait_for_url("**/customers?q=nobody-like-this")
    page.fill("input[type=search]", "minji@example.com")
    expect(page.locator("#customers tbody tr")).to_have_count(1)
    page.close()


def test_a_letter_is_seen_at_two_widths_while_it_is_written(shop: Shop, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.goto(f"{shop.address}/templates/new?from=win-back&language=en")
    for frame in ("look-wide", "look-narrow"):
        expect(page.frame_locator(f"iframe[name={frame}]").locator("h1")).to_have_text(
            "It has been a while", timeout=PATIENCE
        )
    page.locator("textarea[name=body]").fill("<h1>Hi {{ custmer.name }}</h1>")
    expect(page.locator("#template-notes")).to_contain_text("unknown variable custmer", timeout=PATIENCE)
    page.locator("textarea[name=body]").fill("<h1>Ho</h1>")
    expect(page.frame_locator("iframe[name=look-narrow]").locator("h1")).to_have_text("Ho", timeout=PATIENCE)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Win back", timeout=PATIENCE)
    page.close()


def test_what_was_written_into_a_template_is_not_lost_by_a_slip(shop: Shop, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"{shop.address}/templates/new?from=birthday&language=en")
    page.get_by_role("link", name="Korean", exact=True).click()
    page.wait_for_url("**language=ko")
    assert asked == [], "nothing was written yet"
    page.get_by_label("Subject").fill("생일 축하합니다!")
    page.get_by_role("link", name="English", exact=True).click()
    expect(page.get_by_label("Subject")).to_have_value("생일 축하합니다!")
    assert asked == ["beforeunload"]
    page.locator("textarea[name=body]").fill("{{ custmer }}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown variable custmer")
    page.get_by_role("link", name="English", exact=True).click()
    expect(page.get_by_label("Subject")).to_have_value("생일 축하합니다!")
    assert asked == ["beforeunload"] * 2, "what was refused is not saved either"
    page.locator("textarea[name=body]").fill("<h1>Hi</h1>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    page.get_by_role("link", name="English", exact=True).click()
    page.wait_for_url("**/templates/of/birthday?language=en")
    assert asked == ["beforeunload"] * 2
    page.close()
