"""Lines of an export → the orders and refunds they are. Pure.

Rules, each counted in the report:
- an order comes with all its rows or not at all, so that its rejected rows can be mended and imported by themselves;
- lines with the same order id are one order; an exact repeat of a line within its order is one line;
- a line without a customer, and an order of which no line names one, is rejected;
- a price of zero stays in the order (a gift, a sample) and adds nothing; a negative price is an adjustment, no sale,
  and is rejected; a price, quantity or time that cannot be read is rejected;
- a negative quantity, or a negative amount, is given back: `Order Refunded` with the amount as a positive total;
- an order that was cancelled is `Order Completed` and `Order Cancelled`; one that was never paid is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from dangol.collect.files import values
from dangol.collect.files.shape import (
    CONSENTS,
    NOBODY,
    WHO,
    Told,
    Unusable,
    Who,
    clean,
    consents,
    identify,
    instant,
    message_id,
    number,
    track,
    who_of,
)  # fmt: skip

ZERO = Decimal(0)
CANCELLED = {"canceled", "cancelled", "voided", "unavailable", "취소", "취소완료", "주문취소", "취소처리완료", "trash"}
REFUNDED = {"refunded", "returned", "환불", "환불완료", "반품", "반품완료"}
UNPAID = {
    "created",
    "pending",
    "pendingpayment",
    "failed",
    "draft",
    "checkoutdraft",
    "onhold",
    "expired",
    "입금전",
    "결제대기",
}
UNPAID |= {"입금대기", "결제전", "미입금", "wcpending", "wcfailed", "wconhold"}
SPOILT = "another row of this order cannot be used; the order comes with all its rows or not at all"
MOST_LINES = 20_000  # in one order; more means that the wrong column was taken for the order's id


class NoSale(str):
    """Why a line is left out that does not belong to the sale; its order stays as it is."""

    __slots__ = ()


@dataclass(slots=True)
class Line:
    """A row of a file as the mapping reads it."""

    table: int
    row: int
    digest: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class Tally:
    """What was seen, over every row, also of those that were rejected."""

    rows: int = 0
    orders: int = 0
    without_customer: int = 0
    amount: Decimal = ZERO
    cancellation_lines: int = 0  # of orders whose id is C and a number
    cancellations: int = 0
    repeated_rows: int = 0
    negative_prices: int = 0
    zero_prices: int = 0
    orders_without_amount: int = 0
    cancelled_orders: int = 0
    unpaid_orders: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """How this import reads orders."""

    read: Mapping[str, values.Reader]  # of each column of times
    latest: datetime  # later times are mistakes
    currency: str
    told_by: Mapping[str, str]  # field → the file and column that tell it
    channel: str = ""  # of orders whose row names none
    consent_source: str = ""


@dataclass(slots=True)
class Outcome:
    """What the lines of one order became."""

    told: list[Told] = field(default_factory=list)
    rejected: list[tuple[Line, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Sale:
    """One line, understood."""

    line: Line
    amount: Decimal | None
    product: dict[str, Any]
    returned: bool


def outcome(order_id: str, lines: Sequence[Line], terms: Terms, tally: Tally) -> Outcome:
    """The facts of one order, and the lines that could not be used."""
    out = Outcome()
    named = bool(terms.told_by.get("order_id"))
    kept = _without_repeats(lines, tally) if named else list(lines)
    tally.orders += 1
    _count(order_id, lines, tally)
    if named and not order_id:
        out.rejected = [(line, "no order id") for line in kept]
        return out
    sales = list(_sales(kept, out))
    sales, who = _of_one_customer(sales, out)
    if any(not isinstance(reason, NoSale) for _, reason in out.rejected):
        out.rejected += [(sale.line, SPOILT) for sale in sales]
        return out
    if not sales:
        return out
    try:
        out.told += _facts(order_id, sales, who, terms, tally)
    except Unusable as error:
        out.rejected += [(sale.line, str(error)) for sale in sales]
    return out


def _without_repeats(lines: Sequence[Line], tally: Tally) -> list[Line]:
    once: dict[tuple[int, int], Line] = {}
    for line in lines:
        once.setdefault((line.table, line.digest), line)
    tally.repeated_rows += len(lines) - len(once)
    return list(once.values())


def _count(order_id: str, lines: Sequence[Line], tally: Tally) -> None:
    tally.rows += len(lines)
    tally.without_customer += 0 if any(_named(line.cells) for line in lines) else len(lines)
    cancellation = order_id[:1] == "C" and order_id[1:].isdigit()
    tally.cancellations += cancellation
    tally.cancellation_lines += len(lines) * cancellation
    for line in lines:
        cells = line.cells
        price = values.amount(cells.get("price") or "")
        if price is not None:
            tally.zero_prices += price == 0
            tally.negative_prices += price < 0
        tally.amount += _told_amount(cells, price)


def _named(cells: Mapping[str, str]) -> bool:
    return any((cells.get(name) or "").strip().lower() not in NOBODY for name in WHO)


def _told_amount(cells: Mapping[str, str], price: Decimal | None) -> Decimal:
    """What a row adds to the sum of its file, whatever becomes of it."""
    if price is not None:
        quantity = values.amount(cells.get("quantity") or "1")
        return price * quantity if quantity is not None else ZERO
    for name in ("line_total", "revenue", "total"):
        if (found := values.amount(cells.get(name) or "")) is not None:
            return found
    return ZERO


def _sales(lines: Sequence[Line], out: Outcome) -> Iterator[_Sale]:
    for line in lines:
        try:
            yield _sale(line)
        except Unusable as error:
            out.rejected.append((line, error.args[0]))


def _sale(line: Line) -> _Sale:
    cells = line.cells
    price, quantity, total = (number(cells, name) for name in ("price", "quantity", "line_total"))
    if price is not None and price < 0:
        raise Unusable(NoSale("price: found a negative price; allowed: a sale's price (an adjustment is no sale)"))
    amount = (
        total if total is not None else price * (1 if quantity is None else quantity) if price is not None else None
    )
    product: dict[str, Any] = {}
    for name, key in (("product_id", "product_id"), ("product", "name"), ("category", "category")):
        if text := cells.get(name):
            product[key] = clean(text)
    if price is not None:
        product["price"] = price
    if quantity is not None:
        product["quantity"] = abs(quantity)
        if amount is not None and quantity < 0 < amount:
            amount = -amount
    returned = (quantity is not None and quantity < 0) or (amount is not None and amount < 0)
    return _Sale(line, amount, product, returned)


def _of_one_customer(sales: Sequence[_Sale], out: Outcome) -> tuple[list[_Sale], Who]:
    """The lines of the customer whom the order's first line with one names."""
    owner, kept = Who(), []
    for sale in sales:
        try:
            who = who_of(sale.line.cells)
        except Unusable as error:
            out.rejected.append((sale.line, str(error)))
            continue
        if who.key and owner.key and who.key != owner.key:
            out.rejected.append((sale.line, f"another customer ({who.key}) in the same order; allowed: one customer"))
            continue
        owner = owner if owner.key else who
        kept.append(sale)
    if not owner.key:
        out.rejected += [(sale.line, "no customer") for sale in kept]
        return [], owner
    return kept, owner


def _facts(order_id: str, sales: Sequence[_Sale], who: Who, terms: Terms, tally: Tally) -> list[Told]:
    cells = _of_order(sales)
    status = "".join(c for c in cells.get("status", "").lower() if c.isalnum())
    at = _time(sales, terms)
    if status in UNPAID and not number(cells, "refunded"):
        tally.unpaid_orders += 1
        return []
    sold = [sale for sale in sales if not sale.returned]
    returned = [sale for sale in sales if sale.returned]
    money = _money(cells)
    total = next((money[name] for name in ("total", "revenue") if name in money), None)
    told = _person(cells, who, at, terms)
    if total is not None and total < 0:
        return [*told, _refund(order_id, -total, sales, who, at, cells, terms)]
    if sold and not (returned and all(sale.amount == 0 for sale in sold)):
        told.append(_completed(order_id, sold, who, at, cells, terms, tally))
        if status in CANCELLED or cells.get("cancelled_time"):
            tally.cancelled_orders += 1
            ended = instant(cells, "cancelled_time", terms.read["cancelled_time"], terms.latest) or at
            told.append(track("Order Cancelled", who, ended, {"order_id": order_id}, message_id("cancel", order_id)))
            return told
    back = _given_back(cells, status, total, sold, returned)
    if back:
        told.append(_refund(order_id, back, returned, who, at, cells, terms))
    return told


def _of_order(sales: Sequence[_Sale]) -> dict[str, str]:
    """What the order's lines say about all of it: the first that is not empty, as exports write it once or on each."""
    found: dict[str, str] = {}
    for sale in sales:
        for name, text in sale.line.cells.items():
            if text and name not in found:
                found[name] = text
    return found


def _time(sales: Sequence[_Sale], terms: Terms) -> datetime:
    texts = dict.fromkeys(sale.line.cells.get("time", "") for sale in sales)
    times = [instant({"time": text}, "time", terms.read["time"], terms.latest) for text in texts]
    known = [at for at in times if at is not None]
    if not known:
        raise Unusable("time: found nothing; allowed: a time such as 2026-03-09 14:30")
    return min(known)


def _money(cells: Mapping[str, str]) -> dict[str, Decimal]:
    found = {name: number(cells, name) for name in ("revenue", "total", "shipping", "tax", "discount")}
    return {name: amount for name, amount in found.items() if amount is not None}


def _completed(
    order_id: str, sold: Sequence[_Sale], who: Who, at: datetime, cells: Mapping[str, str], terms: Terms, tally: Tally
) -> Told:
    properties: dict[str, Any] = {"order_id": order_id, **_money(cells)}
    amounts = [sale.amount for sale in sold if sale.amount is not None]
    if amounts and not {"revenue", "total"} & set(properties):
        properties["revenue"] = sum(amounts, ZERO)
    freight = [amount for sale in sold if (amount := number(sale.line.cells, "line_shipping")) is not None]
    if freight and "shipping" not in properties:
        properties["shipping"] = sum(freight, ZERO)
    tally.orders_without_amount += not {"revenue", "total"} & set(properties)
    properties["currency"] = _currency(cells, terms)
    if cells.get("coupon"):
        properties["coupon"] = clean(cells["coupon"])
    properties["products"] = [sale.product for sale in sold if sale.product.keys() - {"quantity"}]
    return track("Order Completed", who, at, properties, message_id("order", order_id), _channel(cells, terms))


def _currency(cells: Mapping[str, str], terms: Terms) -> str:
    text = cells.get("currency", "").strip().upper()
    return text if len(text) == 3 and text.isalpha() else terms.currency


def _channel(cells: Mapping[str, str], terms: Terms) -> str:
    return values.channel(cells.get("channel", "")) or terms.channel


def _given_back(
    cells: Mapping[str, str], status: str, total: Decimal | None, sold: Sequence[_Sale], returned: Sequence[_Sale]
) -> Decimal:
    """What the customer got back: what the export says, else all of a refunded order, else the returned lines."""
    told = number(cells, "refunded")
    if told:
        return abs(Decimal(told))
    if status in REFUNDED:
        return total if total is not None else sum((sale.amount or ZERO for sale in sold), ZERO)
    return -sum((sale.amount or ZERO for sale in returned), ZERO)


def _refund(
    order_id: str,
    amount: Decimal,
    lines: Sequence[_Sale],
    who: Who,
    at: datetime,
    cells: Mapping[str, str],
    terms: Terms,
) -> Told:
    products = [sale.product for sale in lines if sale.product.keys() - {"quantity"}]
    properties = {"order_id": order_id, "total": amount, "currency": _currency(cells, terms), "products": products}
    return track("Order Refunded", who, at, properties, message_id("refund", order_id), _channel(cells, terms))


def _person(cells: Mapping[str, str], who: Who, at: datetime, terms: Terms) -> list[Told]:
    """Names, addresses and consents that an export of orders brings along."""
    names = {key: clean(cells.get(name, "")) for name, key in NAMED.items()}
    told = (
        [identify(who, at, names)]
        if any(names.values()) or sum(map(bool, (who.user_id, who.card, who.email, who.phone))) > 1
        else []
    )
    return told + (
        consents(cells, who, at, terms.told_by, terms.consent_source)
        if any(cells.get(name) for name in CONSENTS)
        else []
    )


NAMED = {"name": "name", "first_name": "firstName", "last_name": "lastName"}
