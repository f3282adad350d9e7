"""What a fact says of a product, what others would like to hear of it, and what to show to whom. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dangol.base.money import parse_amount
from dangol.collect.facts import Fact
from dangol.profile.rules import product_key

UPDATED, ORDERED, ADDED, VIEWED = "Product Updated", "Order Completed", "Product Added", "Product Viewed"
PRICE_DROPPED, BACK_IN_STOCK, ASKED_FOR = "Price Dropped", "Product Back In Stock", "Back In Stock Requested"
POPULAR_DAYS = 60
LOOKED_BACK = timedelta(days=730)  # orders further back say little about what goes together now
CONCERNED = "30d"  # who looked at it or put it into a cart since
HAS_IT = "90d"  # who bought it since does not hear of it
WAITED = "180d"  # how long a wish to hear of it is kept
LEAST_FALL = Decimal("0.05")  # of a price: less is no news
STALE = timedelta(days=2)  # news that arrives later than this is history
NOT_OFFERED = {"draft", "archived", "private", "pending", "trash", "hidden", "inactive", "deleted", "discontinued", "f"}
LONGEST = 300
WEIGHTS = {ORDERED: 1.0, ADDED: 0.5, VIEWED: 0.3}  # of what a customer did with a product, for what goes with it
PRICE, STOCK = "price", "stock"  # kinds of news


@dataclass(frozen=True, slots=True)
class Told:
    """What a fact says of a product; None: nothing about that."""

    key: str
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    sku: str | None = None
    url: str | None = None
    image_url: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    cost: Decimal | None = None
    stock: int | None = None
    offered: bool | None = None

    def parts(self) -> dict[str, Any]:
        """What is said, by the name of its column."""
        named = ((name, getattr(self, name)) for name in self.__slots__ if name != "key")
        return {name: value for name, value in named if value is not None}


def told(properties: Mapping[str, Any]) -> Told | None:
    """The product that properties name by product_id (or sku); None where they name none.

    Of several variants the price is the lowest, the stock is the sum.
    """
    key = key_of(properties)
    if not key:
        return None
    variants = [one for one in _list(properties.get("variants")) if isinstance(one, Mapping)]
    prices = [price for one in (properties, *variants) if (price := _amount(one.get("price"))) is not None]
    stocks = [stock for one in variants if (stock := _whole(one.get("stock"))) is not None]
    status, currency = _text(properties.get("status")), _text(properties.get("currency"))
    return Told(
        key=key,
        **{name: _text(properties.get(name)) for name in ("name", "brand", "category", "sku")},
        **{name: _address(properties.get(name)) for name in ("url", "image_url")},
        price=min(prices, default=None),
        currency=currency.upper()[:3] if currency else None,
        cost=_amount(properties.get("cost")),
        stock=sum(stocks) if stocks else _whole(properties.get("stock")),
        offered=None if status is None else status.lower() not in NOT_OFFERED,
    )


key_of = product_key  # by what a product is known


def products_in(name: str, properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The products that a customer's fact is about, each as it is told there."""
    if name == ORDERED:
        yield from (one for one in _list(properties.get("products")) if isinstance(one, Mapping))
    elif name in WEIGHTS:
        yield properties


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value.strip()[:LONGEST] if isinstance(value, str) and value.strip() else None


def _address(value: Any) -> str | None:
    """An address that a page may show: https, http, or a path of the shop."""
    found = value.strip()[:2_000] if isinstance(value, str) else ""
    return found if found.startswith(("https://", "http://", "/")) and not found.startswith("//") else None


def _amount(value: Any) -> Decimal | None:
    found = parse_amount(value)
    return found if found is not None and found >= 0 else None


def _whole(value: Any) -> int | None:
    found = parse_amount(value)
    return int(found) if found is not None else None


# --- news -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a product, as far as news hang on it."""

    price: Decimal | None
    currency: str
    stock: int | None
    offered: bool

    @property
    def can_be_had(self) -> bool:
        return self.offered and (self.stock is None or self.stock > 0)


def news(before: Standing, after: Standing, fact: Fact, now: datetime) -> list[str]:
    """What happened that customers would like to hear of: PRICE, STOCK. Nothing where it is no news any more."""
    if fact.at < now - STALE or not after.can_be_had:
        return []
    found = []
    if not before.can_be_had:
        found.append(STOCK)
    same_money = before.currency == after.currency and before.price and after.price is not None
    if same_money and before.price and after.price is not None and after.price <= before.price * (1 - LEAST_FALL):
        found.append(PRICE)
    return found


def concerned(kind: str, key: str) -> dict[str, Any]:
    """The rule, in the segment language, that holds for whoever would like to hear of it."""
    same = [key, int(key)] if key.isdecimal() and len(key) < 16 else [key]  # some clients send it as a number
    this = [{"property": "product_id", "in": same}]
    in_order = [{"property": "products", "any_item": this}]
    wished = [
        {"event": ADDED, "where": this, "within": CONCERNED},
        {"event": ASKED_FOR, "where": this, "within": WAITED}
        if kind == STOCK
        else {"event": VIEWED, "where": this, "within": CONCERNED},
    ]
    return {"all": [{"any": wished}, {"event": ORDERED, "where": in_order, "within": HAS_IT, "count": 0}]}


# --- what to show ---------------------------------------------------------------------------------------------------

Neighbours = Mapping[int, Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product to show, how strongly, and the product it goes with (0: none, it is popular)."""

    product: int
    score: float
    because: int = 0


def rank(liked: Mapping[int, float], neighbours: Neighbours, leave_out: Collection[int]) -> list[Ranked]:
    """Products that go with what a customer liked (product → weight), the likeliest first.

    The score is the sum of weight times cosine over what was liked (item-item, Sarwar et al. 2001): on small shops it
    beats matrix factorisation, and a prior towards popularity did not help it (docs/models.md).
    """
    scores: dict[int, float] = defaultdict(float)
    best: dict[int, tuple[float, int]] = {}
    for product, weight in liked.items():
        for other, cosine in neighbours.get(product, ()):
            if other in leave_out:
                continue
            scores[other] += weight * cosine
            best[other] = max(best.get(other, (0.0, 0)), (weight * cosine, product))
    found = [Ranked(product, score, best[product][1]) for product, score in scores.items()]
    return sorted(found, key=lambda one: (-one.score, one.product))
