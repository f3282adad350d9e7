"""A campaign made in a real browser, by mouse, by keys and on a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dangol.bench.shop import served
from tests.web.test_browser import Shop, chromium, pytestmark
from tests.web.test_browser_builder import page, signed_in

__all__ = ["chromium", "page", "pytestmark", "signed_in"]  # fixtures, and the same conditions as for every browser test


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with served() as running:
        found = Shop(running)
        found.track("minji", "Order Completed", {"order_id": "1", "revenue": 10})
        yield found


def held(page: Page) -> Any:
    return json.loads(page.locator("textarea[name=definition]").input_value())


def line(page: Page, place: str) -> Any:
    return page.locator(f"[id='at-{place}']")


def test_a_campaign_by_mouse_and_keys(shop: Shop, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1600})  # a mouse carries only what is in sight
    page.goto(f"{shop.address}/journeys/new")
    page.get_by_label("Comes in when").select_option("fact")
    page.get_by_label("Fact", exact=True).fill("Order Completed")
    line(page, "+/steps@0").click()
    page.get_by_role("button", name="Wait until some time").click()
    expect(line(page, "/steps/0")).to_be_focused()
    page.get_by_label("How long").fill("2")
    line(page, "+/steps@1").click()
    page.get_by_role("button", name="Split by rules").click()
    field = page.locator(".rule-box").locator('input[aria-label="Event"]')
    expect(field).to_have_value("Order Completed")
    field.fill("Product Viewed")
    line(page, "+/steps/1/split/branches/0/steps@0").click()
    page.get_by_role("button", name="End here").click()
    expect(line(page, "/steps/1/split/branches/0/steps/0")).to_be_focused()
    told = held(page)
    assert told["steps"][0] == {"key": "wait", "wait": "2d"}
    assert told["steps"][1]["split"]["branches"][0]["rule"] == {"event": "Product Viewed"}
    line(page, "/steps/0").press("Alt+ArrowDown")
    expect(line(page, "/steps/1")).to_be_focused()
    assert [step["key"] for step in held(page)["steps"]] == ["split", "wait"]
    handle = page.locator("[data-place='/steps/1'] [data-handle]").bounding_box()
    gap = page.locator(".gap[data-list='/steps/0/split/otherwise']").bounding_box()
    assert handle and gap
    page.mouse.move(handle["x"] + 9, handle["y"] + 9)
    page.mouse.down()
    page.mouse.move(gap["x"] + 40, gap["y"] + gap["height"] / 2, steps=6)
    page.mouse.up()
    expect(line(page, "/steps/0/split/otherwise/0")).to_be_focused()
    line(page, "@goal").click()
    page.get_by_label("The goal").select_option("fact")
    page.get_by_label("Name", exact=True).fill("After an order")  # while the choice is still on its way
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/campaigns/after-an-order")
    expect(page.locator(".journey-flow").first).to_contain_text("Goal: Order Completed")


def test_on_a_phone_steps_are_moved_by_touch(shop: Shop, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{shop.address}/journeys/new")
    for number, name in enumerate(("Wait until some time", "End here")):
        line(page, f"+/steps@{number}").click()
        page.get_by_role("button", name=name).click()
        expect(line(page, f"/steps/{number}")).to_be_focused()
    page.get_by_role("button", name="Move up").click()
    expect(line(page, "/steps/0")).to_be_focused()
    assert [step["key"] for step in held(page)["steps"]] == ["exit", "wait"]
    page.get_by_label("Move to", exact=True).select_option(label="at the end")
    expect(line(page, "/steps/1")).to_be_focused()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(".journey-flow [data-place]")).to_have_count(1)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1
