"""The catalogue and what to show to whom."""

from __future__ import annotations

from typing import Any

import pytest

from dangol.offer import studying
from tests.offer.shop import bought, told
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked(open_shop: Kit) -> Kit:
    """A shop whose customers bought things."""
    told(open_shop, "CUP", name="Celadon cup", price=15_000, stock=9)
    for n in range(4):
        bought(open_shop, f"x{n}", "CUP", "SAUCER")
    bought(open_shop, "ann", "CUP")
    open_shop.run()
    studying.study(open_shop.clock.now())
    return open_shop


def keys(program: Program, path: str) -> list[str]:
    return [one["product"]["product_id"] for one in program.get(path).body["items"]]


def test_the_catalogue_comes_in_pages(program: Program, stocked: Kit) -> None:
    (cup,) = program.get("/api/products?product_id=CUP").body["items"]
    assert cup["price"] == {"amount": "15000", "currency": "KRW"}
    assert (cup["name"], cup["stock"], cup["buyers"], cup["catalogued"]) == ("Celadon cup", 9, 5, True)
    first = program.get("/api/products?limit=1").body
    assert [one["product_id"] for one in first["items"]] == ["CUP"]
    following: dict[str, Any] = program.get(f"/api/products?cursor={first['next']}").body
    assert [one["product_id"] for one in following["items"]] == ["SAUCER"]
    assert following["next"] is None
    assert program.get("/api/products?search=celadon").body["items"] == [cup]
    assert program.get("/api/products?product_id=NONE").status == 404


def test_what_to_show_to_whom(program: Program, stocked: Kit) -> None:
    assert keys(program, f"/api/customers/{stocked.customer('ann')}/recommendations") == ["SAUCER"]
    assert keys(program, "/api/products/recommended?product_id=SAUCER") == ["CUP"]
    assert keys(program, "/api/products/recommended") == ["CUP", "SAUCER"]
    assert keys(program, "/api/products/recommended?limit=1") == ["CUP"]
    assert program.get("/api/products/recommended?limit=51").status == 422
