"""Products in the console."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dangol.offer import steps as offer
from dangol.offer import studying
from tests.offer.shop import bought, told, viewed
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked(opened: Kit) -> Kit:
    """A shop whose customers bought and looked at things, one of which became cheaper."""
    told(opened, "CUP", name="Celadon cup", price=20_000, cost=8_000, stock=9, category="cup")
    for n in range(4):
        bought(opened, f"x{n}", "CUP", "SAUCER")
    bought(opened, "ann", "CUP")
    viewed(opened, "bob", "CUP")
    opened.run()
    studying.study(opened.clock.now())
    opened.clock.set(opened.clock.now() + timedelta(hours=1))
    told(opened, "CUP", price=15_000)
    offer.tell_news(opened.clock.now())
    return opened


def test_the_catalogue_is_searched(console: Client, stocked: Kit) -> None:
    page = console.get("/products").content.decode()
    assert "Celadon cup" in page
    assert "Product SAUCER" in page
    found = console.get("/products?q=celadon+cup", headers={"HX-Request": "true"}).content.decode()
    assert "Celadon cup" in found
    assert "SAUCER" not in found
    assert [row.key for row, _ in console.get("/products").context["page"].rows] == ["CUP", "SAUCER"], (
        "most bought first"
    )
    assert [row.key for row, _ in console.get("/products?above=1").context["page"].rows] == ["SAUCER"]
    assert "Nothing found" in console.get("/products?q=nowhere").content.decode()


def test_a_product_shows_its_prices_news_and_what_goes_with_it(console: Client, stocked: Kit) -> None:
    (row, _), *_ = console.get("/products?q=cup").context["page"].rows
    answer = console.get(f"/products/{row.pk}")
    page = answer.content.decode()
    assert "The price fell from ₩20,000 to ₩15,000" in page
    assert "told of 1 customer" in page
    assert "Product SAUCER" in page
    assert answer.context["page"].line.startswith("0.0,")
    assert "47 per cent of it stay" in page
    assert console.get("/products/999999").status_code == 404


def test_a_customer_s_page_says_what_they_might_like(console: Client, stocked: Kit) -> None:
    page = console.get(f"/customers/{stocked.customer('ann')}").content.decode()
    assert "Might like" in page
    assert "goes with Celadon cup" in page
