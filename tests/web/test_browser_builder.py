"""The form of a segment in a real browser: built by mouse, by keys alone and on a phone; read as YAML and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from dangol.bench.shop import served
from tests.web.test_browser import PASSWORD, PATIENCE, Shop, browsing, chromium, pytestmark, sign_in, watch

__all__ = ["chromium", "pytestmark"]  # a fixture, and the same conditions as for every browser test

COUNT = "#preview .figure"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with served() as running:
        found = Shop(running)
        for user, cups in (("minji", 3), ("jun", 1), ("ann", 0)):
            found.send({"type": "identify", "userId": user, "traits": {"name": user, "city": "Seoul"}})
            for number in range(cups):
                found.track(user, "Order Completed", {"order_id": f"{user}{number}", "revenue": 10, "colour": "red"})
            found.track(user, "Product Viewed", {"colour": "blue"})
        yield found


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, shop: Shop) -> Iterator[BrowserContext]:
    context = browsing(chromium)
    page = context.new_page()
    page.goto(shop.address)
    sign_in(page, PASSWORD)
    expect(page.locator("h1")).to_be_visible()
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(signed_in: BrowserContext) -> Iterator[Page]:
    page = signed_in.new_page()
    told = watch(page)
    yield page
    page.close(run_before_unload=False)
    assert told == []


def rule(page: Page) -> Any:
    return page.evaluate("Builder.now().where")


def field(where: Page | Locator, label: str) -> Locator:
    """The input itself: its list of suggestions bears the same name."""
    return where.locator(f'input[aria-label="{label}"]')


def counted(page: Page, number: int) -> None:
    expect(page.locator(COUNT)).to_have_text(str(number), timeout=PATIENCE)


def test_three_levels_by_mouse_then_yaml_then_saved_and_explained(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.address}/segments/new")
    counted(page, 1)
    page.fill("#builder-name", "Red cups")
    expect(page.locator("#builder-key")).to_have_value("red-cups")
    page.get_by_role("button", name="Add a group").last.click()
    group = page.locator(".b-row-group").first
    field(group, "Event").first.fill("Product Viewed")
    group.get_by_role("button", name="Add a group").click()
    inner = group.locator(".b-row-group").first
    field(inner, "Event").fill("Nothing such")
    inner.get_by_label("Group").select_option("none")
    counted(page, 1)
    page.locator(".b-row").first.get_by_label("How many").first.select_option("")
    counted(page, 2)
    where = rule(page)
    assert where == {
        "all": [
            {"event": "Order Completed", "within": "365d"},
            {"any": [{"event": "Product Viewed"}, {"none": [{"event": "Nothing such"}]}]},
        ]
    }
    page.get_by_role("tab", name="YAML").click()
    expect(page.locator("#rule")).to_have_value(re.compile("none:"))
    page.locator("#rule").fill(page.locator("#rule").input_value() + "# mine\n")
    page.get_by_role("tab", name="Form").click()
    page.get_by_role("button", name="Stay in the YAML").click()
    expect(page.locator("#rule")).to_be_visible()
    page.get_by_role("tab", name="Form").click()
    page.get_by_role("button", name="Go on without the comments").click()
    expect(page.locator("#builder-name")).to_be_visible()
    assert rule(page) == where
    counted(page, 2)
    page.locator(".b-why").first.click()
    expect(page.locator("#explain .why-lines li").first).to_contain_text("Order Completed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("Red cups")
    expect(page.locator(".s-figures .figure").first).to_have_text("2")
    page.get_by_role("link", name="Turn into a campaign").click()
    page.get_by_role("button", name="Make the draft").click()
    expect(page.locator("h1")).to_contain_text("Red cups")
    expect(page.locator("h1")).to_contain_text("draft")
    page.goto(f"{shop.address}/segments/overlap")
    page.get_by_label("One", exact=True).select_option("red-cups")
    page.get_by_label("The other").select_option("visitor")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".o-parts a").first.locator("b")).to_have_text("2")


def test_by_keys_alone(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.address}/segments/new")
    counted(page, 1)
    page.focus("#builder-name")
    page.keyboard.type("Keys")
    tab_to(page, ".b-foot button >> nth=0")
    page.keyboard.press("Enter")
    page.keyboard.type("Product")
    expect(page.locator("[role=option]").first).to_contain_text("Product Viewed")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+g")  # into a group of its own
    expect(page.locator(".b-row-group")).to_have_count(1)
    page.keyboard.press("Alt+ArrowUp")
    where = rule(page)
    assert where["all"][0] == {"any": [{"event": "Product Viewed"}]}
    assert where["all"][1]["event"] == "Order Completed"
    expect(page.locator("#builder-said")).to_contain_text("place 1 of 2")
    tab_to(page, ".b-row-group .b-handle")
    page.keyboard.press("Alt+d")
    assert len(rule(page)["all"][0]["any"]) == 2
    page.keyboard.press("Alt+ArrowLeft")
    assert [next(iter(one)) for one in rule(page)["all"]] == ["any", "event", "event"]
    page.keyboard.press("Delete")
    assert len(rule(page)["all"]) == 2
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_have_text("Keys")


def test_a_condition_is_carried_by_its_handle(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.address}/segments/new")
    counted(page, 1)
    page.get_by_role("button", name="Add a group").last.click()
    page.keyboard.press("Escape")
    page.locator(".b-handle").first.hover()
    page.mouse.down()
    place = page.locator(".b-row-group .b-row").bounding_box()
    assert place
    page.mouse.move(place["x"] + 40, place["y"] + place["height"] - 4, steps=5)
    page.mouse.up()
    [group] = rule(page)["all"]
    assert [one["event"] for one in group["any"]] == ["", "Order Completed"]


def tab_to(page: Page, selector: str) -> None:
    """Tab until the element has the focus: every step of the way must be seen."""
    wanted = page.locator(selector).first
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone(shop: Shop, page: Page, theme: Any) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{shop.address}/segments/new")
    counted(page, 1)
    page.get_by_role("button", name="Add a group").last.click()
    page.locator(".b-row-group").get_by_role("button", name="Add a group").click()
    page.locator(".b-row-group .b-row-group").get_by_label("Condition", exact=True).select_option("trait")
    field(page, "Trait").click()
    page.get_by_role("option", name="city").click()
    field(page, "Value").fill("Seoul")
    field(page.locator(".b-row-group"), "Event").first.fill("Product Viewed")
    counted(page, 1)
    expect(page.locator("[data-live]")).to_have_text("1")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1
    assert rule(page)["all"][1]["any"][1] == {"all": [{"trait": "city", "is": "Seoul"}]}
    page.locator(".b-row-group .b-dots").first.click()
    page.get_by_role("menuitem", name="Dissolve the group").click()
    assert len(rule(page)["all"]) == 3


def test_a_fault_stands_at_its_control_and_nothing_is_lost_by_leaving(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.address}/segments/new")
    counted(page, 1)
    page.locator(".b-row").get_by_label("How many").last.fill("-1")
    fault = page.locator(".b-row .b-fault")
    expect(fault).to_contain_text("a whole number from 0 on")
    field = page.locator('.b-row input[aria-invalid="true"]')
    assert field.get_attribute("aria-describedby") == fault.get_attribute("id")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]


def test_what_the_form_does_not_know_is_kept(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.address}/segments/new")
    counted(page, 1)
    page.click("#tab-yaml")
    odd = {"all": [{"dance": "tango"}, {"event": "A", "count": 1, "sum": {"of": "x", "over": 1}}, 7]}
    page.locator("#rule").fill(json.dumps({"key": "odd", "name": "Odd", "where": odd}))
    page.click("#tab-form")
    expect(page.locator(".b-raw")).to_have_count(2)
    assert rule(page) == odd
