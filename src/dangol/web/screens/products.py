"""Products: the catalogue as it stands, and one product with its prices, its news and what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from dangol.offer import reads
from dangol.offer.models import Liking, Notice, Price, Product, Study
from dangol.offer.reads import Recommended
from dangol.web.page import Asked, show, wants_part

ON_A_PAGE = 50
GOES_WITH = 8


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """A stretch of the catalogue."""

    text: str
    rows: list[tuple[Product, Liking | None]]
    total: int
    study: Study | None
    next: int  # how many are above those that follow, or 0
    now: datetime


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One product."""

    product: Product
    liking: Liking | None
    can_be_had: bool
    margin: float | None  # of the price, in per cent
    prices: list[Price]
    line: str  # the prices over time, as points of a drawing
    news: list[Notice]
    goes_with: list[Recommended]
    now: datetime


def products(request: Asked) -> HttpResponse:
    text, above = request.GET.get("q", "")[:200], request.GET.get("above", "")
    start = int(above) if above.isdecimal() and len(above) < 7 else 0
    rows = reads.liked_most(text, start=start, limit=ON_A_PAGE + 1)
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    page = ProductsPage(
        text, rows, reads.count(), reads.last_study(), start + ON_A_PAGE if more else 0, request.now
    )  # fmt: skip
    if not wants_part(request):
        return show(request, "products.html", page)
    return show(request, "parts/product_rows.html" if start else "parts/product_list.html", page)


def product(request: Asked, pk: int) -> HttpResponse:
    found = reads.numbered(pk)
    prices = reads.prices(found)
    page = ProductPage(
        product=found,
        liking=reads.liking_of(found),
        can_be_had=reads.can_be_had(found),
        margin=reads.margin_percent(found),
        prices=prices,
        line=_line(prices, request.now),
        news=reads.news_of(found),
        goes_with=[one for one in reads.with_product(found.key, limit=GOES_WITH) if one.because],
        now=request.now,
    )
    return show(request, "product.html", page)


def _line(prices: Sequence[Price], now: datetime) -> str:
    """The price from its first to now, in steps, in a drawing of 600 x 100; empty where it never changed."""
    if len(prices) < 2:
        return ""
    begin, most = prices[0].at, float(max(row.price for row in prices)) or 1.0
    span = max((now - begin).total_seconds(), 1.0)
    points = []
    for row, following in zip(prices, [*prices[1:], None], strict=True):
        y = 96 - 90 * float(row.price) / most
        until = following.at if following else now
        points += [(600 * (at - begin).total_seconds() / span, y) for at in (row.at, until)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
