"""Products over the API: the catalogue as it stands, and what to show to whom."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dangol.base.money import Money
from dangol.offer import reads
from dangol.offer.models import Liking, Product
from dangol.offer.reads import MOST, Recommended
from dangol.web.api import shapes
from dangol.web.api.lists import Page, Paging, page
from dangol.web.api.parameters import Text

router = Router(tags=["products"])


class ProductShown(Schema):
    product_id: str
    name: str
    brand: str
    category: str
    sku: str
    url: str
    image_url: str
    price: shapes.Money | None
    stock: int | None = Field(description="of all variants; null where nobody has told")
    offered: bool
    catalogued: bool = Field(description="a catalogue told it; otherwise customers' own facts did")
    buyers: int = Field(description="customers who bought it in the last 60 days, as of the last look at all orders")
    viewers: int


class RecommendedShown(Schema):
    product: ProductShown
    score: float = Field(description="to rank by: a sum of cosines, or how many bought it where it is popular")
    because: str | None = Field(description="the product it goes with best; null where it is just popular")


class Recommendations(Schema):
    items: list[RecommendedShown]


class Wanted(Paging):
    """Which products."""

    product_id: Text | None = Field(None, max_length=300, description="this one only")
    search: Text | None = Field(None, max_length=300, description="looks in name, number, brand and category")


class ToShow(Schema):
    """How much to show."""

    limit: int = Field(10, ge=1, le=MOST)


class ToShowWith(ToShow):
    """What to show, and beside what."""

    product_id: Text | None = Field(None, max_length=300, description="what goes with this one")


@router.get("", response=Page[ProductShown])
def products(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """The catalogue, by product id."""
    if wanted.product_id is not None:
        found = reads.get(wanted.product_id)
        return {"items": [_shown(found, reads.liking_of(found))], "next": None}
    rows = reads.search(wanted.search or "", after=wanted.cursor or "", limit=wanted.limit + 1)
    return page(rows, wanted, lambda row: _shown(*row), lambda row: row[0].key)


@router.get("/recommended", response=Recommendations)
def recommended(request: HttpRequest, wanted: Query[ToShowWith]) -> dict[str, Any]:
    """What goes with a product, then what is popular; without one, what is popular. Nothing that cannot be had."""
    if wanted.product_id is None:
        return {"items": [told(one) for one in reads.popular(limit=wanted.limit)]}
    return {"items": [told(one) for one in reads.with_product(wanted.product_id, limit=wanted.limit)]}


def told(one: Recommended) -> dict[str, Any]:
    return {
        "product": _shown(one.product, reads.liking_of(one.product)),
        "score": one.score,
        "because": one.because and one.because.key,
    }


def _shown(row: Product, liking: Liking | None) -> dict[str, Any]:
    same = ("name", "brand", "category", "sku", "url", "image_url", "stock", "offered", "catalogued")
    return {
        "product_id": row.key,
        **{name: getattr(row, name) for name in same},
        "price": None if row.price is None else Money(row.price, row.currency).as_json(),
        "buyers": liking.buyers if liking else 0,
        "viewers": liking.viewers if liking else 0,
    }
