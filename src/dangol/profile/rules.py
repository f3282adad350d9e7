"""What one fact says about a customer. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dangol.base.fields import ten_thousandths
from dangol.base.money import parse_amount
from dangol.collect.facts import Fact

MOST_ITEMS, MOST_PIECES, LONGEST_KEY = 200, 1_000_000, 300
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class OrderFact:
    """What an order fact says: `amount` is empty where it names none, `cost` unless every product does."""

    order_id: str
    amount: Decimal | None
    currency: str
    cost: Decimal | None
    categories: dict[str, int]  # category → pieces
    items: dict[str, list[int | None]]  # product → pieces, and what they come to in ten-thousandths


@dataclass(frozen=True, slots=True)
class Booked:
    """An order as it counts; `place` is (source, order id)."""

    place: tuple[str, str]
    at: datetime
    cancelled: bool
    revenue: Decimal
    currency: str
    cost: Decimal | None
    categories: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund as it counts; without an amount it gives back the whole order."""

    place: tuple[str, str]
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What a customer's orders and refunds add up to, in the shop's currency."""

    orders: int
    revenue: Decimal
    refunded: Decimal  # never more than the revenue
    margin: Decimal | None  # over the orders whose cost is known
    foreign: dict[str, str]  # what came in other currencies
    first_at: datetime | None
    last_at: datetime | None
    categories: dict[str, int]


def order_id(fact: Fact) -> str:
    """The order that a fact is about; without an id of its own it goes by its message's."""
    return str(fact.properties.get("order_id") or fact.properties.get("orderId") or fact.message_id)[:200]


def order_of(fact: Fact) -> OrderFact:
    properties, products = fact.properties, _products(fact.properties)
    return OrderFact(
        order_id=order_id(fact),
        amount=amount_of(properties),
        currency=str(properties.get("currency") or "")[:3].upper(),
        cost=_cost(products),
        categories=_pieces(products),
        items=items_of(properties),
    )


def _products(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    told = properties.get("products")
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def channel(context: Mapping[str, Any]) -> str:
    """Where an order was placed: web, app, store, phone …; empty where nobody said."""
    told = context.get("channel")
    return told.strip().lower()[:32] if isinstance(told, str) else ""


def product_key(properties: Mapping[str, Any]) -> str:
    """By what a product is known: its product_id, else its sku."""
    for name in ("product_id", "sku"):
        value = properties.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and (text := str(value).strip()):
            return text[:LONGEST_KEY]
    return ""


def items_of(properties: Mapping[str, Any]) -> dict[str, list[int | None]]:
    """What an order consists of, by product. Pieces are whole: half a metre of cloth counts as one."""
    found: dict[str, list[int | None]] = {}
    for product in _products(properties)[:MOST_ITEMS]:
        key, quantity = product_key(product), parse_amount(product.get("quantity", 1))
        if not key or quantity is None or quantity <= 0:
            continue
        amount, (pieces, sum_) = _times(product, "price"), found.get(key, [0, 0])
        together = None if amount is None or sum_ is None else sum_ + ten_thousandths(amount)
        found[key] = [(pieces or 0) + max(min(int(quantity), MOST_PIECES), 1), together]
    return found


def _cost(products: Sequence[Mapping[str, Any]]) -> Decimal | None:
    costs = [_times(product, "cost") for product in products]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(costs) else None


def _pieces(products: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for product in products:
        category, quantity = product.get("category"), parse_amount(product.get("quantity", 1))
        if isinstance(category, str) and category and quantity is not None and quantity >= 1:
            found[category[:300]] = found.get(category[:300], 0) + int(quantity)
    return found


def add_up(orders: Sequence[Booked], refunds: Sequence[GivenBack], currency: str) -> Sums:
    """What orders and refunds come to. A cancelled order brought nothing, and what was paid back for it is not lost
    twice; what came in another currency than the shop's is kept apart, for nobody knows the rate of that day.
    """
    standing = {order.place: order for order in orders if not order.cancelled}
    cancelled = {order.place for order in orders if order.cancelled}
    ours = [order for order in standing.values() if order.currency in {"", currency}]
    revenue = sum((order.revenue for order in ours), Decimal(0))
    back = sum((_back(one, standing, currency) for one in refunds if one.place not in cancelled), Decimal(0))
    costed = [order.revenue - order.cost for order in ours if order.cost is not None]
    foreign: dict[str, Decimal] = {}
    categories: dict[str, int] = {}
    for order in standing.values():
        if order.currency not in {"", currency}:
            foreign[order.currency] = foreign.get(order.currency, Decimal(0)) + order.revenue
        for name, pieces in order.categories.items():
            categories[name] = categories.get(name, 0) + pieces
    times = [order.at for order in standing.values()]
    return Sums(
        orders=len(standing),
        revenue=revenue,
        refunded=min(back, revenue),
        margin=sum(costed, Decimal(0)) if costed else None,
        foreign={name: format(amount.normalize(), "f") for name, amount in sorted(foreign.items())},
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        categories=dict(sorted(categories.items())),
    )


def _back(refund: GivenBack, orders: Mapping[tuple[str, str], Booked], currency: str) -> Decimal:
    order = orders.get(refund.place)
    paid_in = refund.currency or (order.currency if order else "")
    if paid_in not in {"", currency}:
        return Decimal(0)
    return refund.amount if refund.amount is not None else order.revenue if order else Decimal(0)


def amount_of(properties: Mapping[str, Any]) -> Decimal | None:
    """What an order brings: `revenue` (without shipping and tax), else `total`, else its products; never negative.

    Net of discounts. The example of Segment's specification tells a revenue before them (25 + 3 + 2 - 2.5 = 27.5),
    most shops one after them: where `total` is told, it says which.
    """
    for key in ("revenue", "total", "value"):
        amount = parse_amount(properties.get(key))
        if amount is not None and amount >= 0:
            return amount - still_in(properties) if key == "revenue" else amount
    products = properties.get("products")
    if not isinstance(products, list):
        return None
    amounts = [_times(product, "price") for product in products if isinstance(product, dict)]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def still_in(properties: Mapping[str, Any]) -> Decimal:
    """The discount that an order's `revenue` does not have taken off yet, by what the whole order came to; 0 where
    nothing says so. `amount_of` takes it off.
    """
    names = ("revenue", "total", "discount", "shipping", "tax")
    revenue, total, discount, shipping, tax = (parse_amount(properties.get(name)) for name in names)
    if revenue is None or total is None or discount is None or not 0 < discount <= revenue:
        return Decimal(0)
    before = revenue + (shipping or 0) + (tax or 0) - discount
    return discount if abs(before - total) <= CENT else Decimal(0)


def _times(product: Mapping[str, Any], key: str) -> Decimal | None:
    price, quantity = parse_amount(product.get(key)), parse_amount(product.get("quantity", 1))
    return price * quantity if price is not None and quantity is not None and price >= 0 and quantity >= 0 else None


def with_traits(
    traits: dict[str, Any], versions: dict[str, list[int]], new: Mapping[str, Any], version: tuple[int, int]
) -> None:
    """Set traits in place: the newest timestamp wins, ties go to the later position; null unsets.

    `versions` keeps (at in µs, position) of each key, also of unset ones, so that an older value cannot come back.
    """
    for key, value in new.items():
        if list(version) >= versions.get(key, [-(2**63), 0]):
            versions[key] = list(version)
            if value is None:
                traits.pop(key, None)
            else:
                traits[key] = value


def display_name(traits: Mapping[str, Any]) -> str:
    """What to call a customer: `name`, or first and last name."""
    name = traits.get("name")
    if isinstance(name, str) and name.strip():
        return name.strip()[:300]
    parts = [traits.get(key) for key in ("firstName", "first_name", "lastName", "last_name")]
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())[:300]


def language(traits: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The customer's language as two letters, from traits before the browser's."""
    for value in (traits.get("language"), traits.get("locale"), context.get("locale")):
        if isinstance(value, str) and len(value) >= 2 and value[:2].isalpha():
            return value[:2].lower()
    return ""


def average_gap_days(orders: int, first: datetime | None, last: datetime | None) -> float | None:
    """Days between orders on average; None before the second."""
    if orders < 2 or first is None or last is None:
        return None
    return (last - first).total_seconds() / 86_400 / (orders - 1)
