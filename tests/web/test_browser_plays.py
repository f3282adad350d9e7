"""Every play that is shipped, through the console in a real browser: switched on, its letter seen in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from dangol.bench.shop import served
from dangol.strategy import files
from tests.web.test_browser import PATIENCE, Shop, chromium, pytestmark, watch
from tests.web.test_browser_builder import page, signed_in

__all__ = ["chromium", "page", "pytestmark", "signed_in"]  # fixtures, and the same conditions as for every browser test
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUP = {"product_id": "P1", "name": "Celadon cup", "price": 38_000, "url": "/cup"}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with served() as running:
        found = Shop(running)
        found.send({"type": "identify", "userId": "minji", "traits": {"email": "minji@example.com", "name": "Minji"}})
        found.track("minji", "Order Completed", {"order_id": "1", "revenue": 38_000, "products": [CUP]})
        yield found


def letters(key: str) -> dict[str, dict[str, str]]:
    """What stands in the play's letters, by step and language: their headline."""
    steps = [step for step in files.plays()[key].definition["steps"] if "send" in step]
    sends = {step["key"]: step["send"] for step in steps if step["send"]["channel"] == "email"}
    return {
        step: {language: _headline(texts["html"]) for language, texts in send["templates"].items()}
        for step, send in sends.items()
    }


def _headline(source: str) -> str:
    found = re.search(r'<h1 class="title">(.*?)</h1>', source)
    assert found
    return found[1]


def seen(page: Page, language: str) -> FrameLocator:
    """The open step's letter as the customer reads it."""
    page.get_by_label("As which customer").fill("minji@example.com")
    page.locator("#preview-language").select_option(language)
    page.get_by_role("button", name="Look at it").click()
    return page.frame_locator("iframe[name=letter-frame]")


@pytest.mark.parametrize("key", files.plays())
def test_a_play_is_switched_on_and_its_letters_are_seen(shop: Shop, page: Page, key: str) -> None:
    told = watch(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{shop.address}/strategy")
    page.locator(".more-plays").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")
    page.locator(f"form[action='/strategy/{key}/activate'] button").click()
    expect(page.locator("h1")).to_contain_text("active", timeout=PATIENCE)
    for step, headlines in letters(key).items():
        page.goto(f"{shop.address}/campaigns/{key}/edit?step={step}")
        for language, headline in headlines.items():
            frame = seen(page, language)
            expect(frame.locator(f"html[lang={language}] h1")).to_be_visible(timeout=PATIENCE)
            read = frame.locator("body").inner_text()
            assert not re.search(r"\{\{|\{%|None", read)
            assert headline.partition("{")[0].strip() in read
        page.set_viewport_size({"width": 390, "height": 844})
        page.get_by_role("button", name="As on a phone").click()
        assert frame.locator("html").evaluate("(page) => page.scrollWidth - page.clientWidth") <= 1
        assert page.evaluate(WIDE) <= 1
        assert page.locator(".b-fault, .is-faulty").count() == 0
        page.set_viewport_size({"width": 1280, "height": 900})
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{shop.address}/campaigns/{key}")
    assert page.evaluate(WIDE) <= 1
    assert told == []
