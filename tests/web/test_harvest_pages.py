"""The pages of results: figures lead to customers, customers become lists and segments, tables are safe to open."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from dangol.base.clock import SetClock
from dangol.harvest import steps as harvest
from dangol.segment import lists
from dangol.segment import reads as segment
from dangol.web.tables import as_csv
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def rows(page: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("@SUM(A1)", "'@SUM(A1)"), ("-5", "-5"),
        ("-1+2", "'-1+2"), ("\tx", "'\tx"), ("plain, with comma", "plain, with comma"), (-2.5, "-2.5"), (None, ""),
        (3, "3"),
    ],
)  # fmt: skip
def test_no_cell_is_taken_for_a_formula(cell: object, told: str) -> None:
    assert rows(as_csv("x", ["a"], [(cell,)]).content)[1] == [told]


@pytest.fixture
def sold(opened: Kit) -> Kit:
    for user, channel in (("ann", "web"), ("bob", "=store"), ("cy", "web")):
        opened.track(
            user, "Order Completed",
            {"order_id": user, "revenue": 30, "products": [{"product_id": "cup", "price": 30, "cost": 12}]},
            context={"channel": channel},
        )  # fmt: skip
    opened.run()
    return opened


def test_a_number_leads_to_as_many_customers(sold: Kit, console: Client) -> None:
    page = console.get(reverse("harvest-sales")).content.decode()
    address = re.search(r'href="([^"]*what=bought&amp;channel=web)">2<', page)
    assert address, "two bought on the web"
    who = console.get(address[1].replace("&amp;", "&")).content.decode()
    assert "2 customers" in who
    assert reverse("customer", args=[sold.customer("ann")]) in who
    assert reverse("customer", args=[sold.customer("bob")]) not in who
    table = rows(console.get(address[1].replace("&amp;", "&") + "&table=1").content)
    assert [int(row[0]) for row in table[1:]] == sorted([sold.customer("ann"), sold.customer("cy")])
    channels = rows(console.get(reverse("harvest-sales") + "?table=channels").content)
    assert {row[0] for row in channels[1:]} == {"web", "'=store"}


def test_customers_behind_a_number_become_a_list_and_a_segment(sold: Kit, console: Client, clock: SetClock) -> None:
    asked = {"what": "bought", "channel": "web", "key": "web-buyers", "name": "Web buyers", "segment": "1"}
    assert console.post(reverse("harvest-keep"), asked).status_code == 303
    sold.run()
    both = sorted([sold.customer("ann"), sold.customer("cy")])
    assert lists.members("web-buyers", clock.now()) == both
    assert segment.size("web-buyers") == 2
    again = console.post(reverse("harvest-keep"), asked | {"channel": "=store"})
    assert again.status_code == 422, "a list that is there is not mixed with others"
    assert lists.members("web-buyers", clock.now()) == both
    assert console.post(reverse("harvest-keep"), asked | {"key": "Ü", "what": "nothing"}).status_code == 422


def test_the_owner_says_what_usually_stays(sold: Kit, console: Client) -> None:
    for told, kept in (("32,5", Decimal("32.5")), ("40%", Decimal(40)), ("", None)):
        assert console.post(reverse("harvest-terms"), {"margin_percent": told}).status_code == 303
        terms = harvest.terms()
        assert terms is not None
        assert (terms.margin_percent, terms.letter) == (kept, True)
    for wrong in ("x", "101", "-1"):
        page = console.post(reverse("harvest-terms"), {"margin_percent": wrong})
        assert (page.status_code, 'role="alert"' in page.content.decode()) == (422, True)


def test_the_letter_is_switched_off_without_losing_the_margin(sold: Kit, console: Client) -> None:
    console.post(reverse("harvest-terms"), {"margin_percent": "30"})
    console.post(reverse("harvest-letters-switch"), {})
    terms = harvest.terms()
    assert terms is not None
    assert (terms.margin_percent, terms.letter) == (30, False)


def test_whatever_stretch_is_asked_there_is_a_page(sold: Kit, console: Client) -> None:
    for query in ("from=x&to=y", "from=2026-12-31&to=2020-01-01", "from=0001-01-01&to=9999-12-31", "from=&to="):
        for name in ("harvest-sales", "harvest-moves"):
            assert console.get(f"{reverse(name)}?{query}").status_code == 200
