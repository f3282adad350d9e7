"""The terms of an offer: what it gives, what an order needs, how often and until when. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from typing import Any

from babel.numbers import get_currency_precision

from dangol.base.money import parse_amount
from dangol.offer import codes, rules

PERCENT, AMOUNT, SHIPPING, GIFT = GIVES = ("percent", "amount", "shipping", "gift")
SHARED, MADE, BATCHES = CODES = ("shared", "made", "batches")
NEVER, CANCELLED, REFUNDED = COMES_BACK = ("never", "cancelled", "refunded")

# Why a code is refused: a closed set, in the order in which it is asked.
UNKNOWN, TOO_MANY, ARCHIVED, NOT_YET, EXPIRED, USED, HELD = (
    "unknown", "too_many", "archived", "not_yet", "expired", "used", "held",
)  # fmt: skip
NOT_YOURS, WHO, CURRENCY, MINIMUM, PRODUCTS, FIRST_ORDER, PER_CUSTOMER, TOTAL, BUDGET = (
    "not_yours", "who", "currency", "minimum", "products", "first_order", "per_customer", "total", "budget",
)  # fmt: skip
EMPTY = "empty"  # no code is left: only when one is to be issued
REFUSALS = (
    UNKNOWN, TOO_MANY, ARCHIVED, NOT_YET, EXPIRED, USED, HELD, NOT_YOURS, WHO, CURRENCY, MINIMUM, PRODUCTS, FIRST_ORDER,
    PER_CUSTOMER, TOTAL, BUDGET,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed."""

    gives: str  # one of GIVES
    worth: Decimal = Decimal(0)  # per cent, or an amount; of a gift what it costs the shop
    at_most: Decimal | None = None  # of a percentage
    product: str = ""  # the gift
    currency: str = ""
    codes: str = MADE
    code: str = ""
    least: Decimal | None = None  # of the order, before the discount
    products: frozenset[str] = frozenset()  # empty: all; an order needs one of them, and the discount is on them
    categories: frozenset[str] = frozenset()
    first_order: bool = False
    per_customer: int = 1
    total: int | None = None  # redemptions
    budget: Decimal | None = None
    begins: date | None = None  # in the shop's zone
    ends: date | None = None  # the last day
    days: int | None = None  # from issue, to the end of the last
    tied: bool = False  # only who got a code may use it
    comes_back: str = CANCELLED  # after what of an order its code may be used again

    @property
    def some_products(self) -> bool:
        return bool(self.products or self.categories)

    @property
    def in_money(self) -> bool:
        """Whether the terms speak of amounts, so that an order in another currency cannot be judged."""
        return self.gives != PERCENT or any(one is not None for one in (self.at_most, self.least, self.budget))


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of an order."""

    product: str
    category: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Basket:
    """What an order comes to before the discount, as far as it is known."""

    order_id: str = ""
    currency: str = ""
    amount: Decimal | None = None  # goods only
    shipping: Decimal | None = None
    lines: tuple[Bought, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an offer and one customer stand when a code is to be used."""

    archived: bool = False
    redeemed: int = 0  # of the offer, held ones too
    spent: Decimal = Decimal(0)
    by_customer: int = 0  # redemptions of this customer
    ordered: bool = False  # the customer has bought before


@dataclass(frozen=True, slots=True)
class Held:
    """How the code stands: whose it is, until when, and whether it was used."""

    state: str = "issued"
    owner: int | None = None
    expires_at: datetime | None = None
    held: bool = False


# --- time -----------------------------------------------------------------------------------------------------------


def expiry(terms: Terms, at: datetime, zone: tzinfo) -> datetime | None:
    """Until when a code that is issued at `at` holds: the end of a day of the shop; None for ever."""
    ends = [terms.ends] if terms.ends else []
    if terms.days is not None:
        ends.append(at.astimezone(zone).date() + timedelta(days=terms.days))
    return _end_of(min(ends), zone) if ends else None


def _end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone)


def begun(terms: Terms, now: datetime, zone: tzinfo) -> bool:
    return terms.begins is None or now.astimezone(zone).date() >= terms.begins


def over(terms: Terms, now: datetime, zone: tzinfo) -> bool:
    """Whether the last day is behind us."""
    return terms.ends is not None and now >= _end_of(terms.ends, zone)


# --- judging --------------------------------------------------------------------------------------------------------


def refusal(
    terms: Terms, code: Held, order: Basket, customer: int, standing: Standing, now: datetime, zone: tzinfo
) -> str:
    """Why a code cannot be used for an order, the first reason; empty where it can. `customer` 0: nobody said who."""
    return (
        _of_time(terms, code, standing, now, zone)
        or _of_person(terms, code, customer, standing)
        or _of_order(terms, order, standing)
    )


def _of_time(terms: Terms, code: Held, standing: Standing, now: datetime, zone: tzinfo) -> str:
    if code.state in {"free", "void"}:
        return UNKNOWN  # it was given to nobody, or taken back
    if code.state == "redeemed":
        return USED
    if not begun(terms, now, zone):
        return NOT_YET
    if code.state == "expired" or over(terms, now, zone) or (code.expires_at is not None and code.expires_at <= now):
        return EXPIRED
    if standing.archived and terms.codes == SHARED:
        return ARCHIVED
    return HELD if code.held else ""


def _of_person(terms: Terms, code: Held, customer: int, standing: Standing) -> str:
    if terms.tied and not customer:
        return WHO
    if terms.tied and code.owner != customer:
        return NOT_YOURS
    if terms.first_order:
        if not customer:
            return WHO
        if standing.ordered:
            return FIRST_ORDER
    if terms.codes == SHARED and not customer and terms.per_customer:
        return WHO
    return PER_CUSTOMER if customer and terms.per_customer and standing.by_customer >= terms.per_customer else ""


def _of_order(terms: Terms, order: Basket, standing: Standing) -> str:
    if terms.in_money and order.currency and terms.currency and order.currency != terms.currency:
        return CURRENCY
    if terms.least is not None and (order.amount is None or order.amount < terms.least):
        return MINIMUM
    if terms.some_products and not any(_meant(terms, line) for line in order.lines):
        return PRODUCTS
    if terms.total is not None and standing.redeemed >= terms.total:
        return TOTAL
    if terms.budget is not None and standing.spent + discount(terms, order) > terms.budget:
        return BUDGET
    return ""


def _meant(terms: Terms, line: Bought) -> bool:
    return line.product in terms.products or line.category.casefold() in terms.categories


def discount(terms: Terms, order: Basket) -> Decimal:
    """What the terms come to for an order, rounded down to the currency's smallest coin; never more than the goods."""
    meant = sum((line.amount for line in order.lines if _meant(terms, line)), Decimal(0))
    on = meant if terms.some_products else order.amount or Decimal(0)
    match terms.gives:
        case "percent":
            found = on * terms.worth / 100
            found = found if terms.at_most is None else min(found, terms.at_most)
        case "amount":
            found = min(terms.worth, on) if order.amount is not None or order.lines else terms.worth
        case "shipping":
            found = order.shipping or Decimal(0)
        case _:
            found = terms.worth
    digits = get_currency_precision(order.currency or terms.currency or "KRW")
    return found.quantize(Decimal(1).scaleb(-digits), ROUND_DOWN)


# --- orders as facts and callers tell them --------------------------------------------------------------------------


def basket(told: Mapping[str, Any], *, before: bool = True) -> Basket:
    """An order in the words of the e-commerce specification. `before`: its amounts are without the discount; otherwise
    the discount it tells is put on top."""
    lines = tuple(
        Bought(rules.key_of(one), str(one.get("category") or ""), price * (_known(one.get("quantity")) or 1))
        for one in told.get("products") or ()
        if isinstance(one, Mapping) and (price := _known(one.get("price"))) is not None
    )
    amounts = (_known(told.get(name)) for name in ("subtotal", "revenue", "total", "value"))
    amount = next((one for one in amounts if one is not None), None)
    if amount is not None and not before:
        amount += _known(told.get("discount")) or 0
    if lines and (amount is None or before):
        amount = sum((line.amount for line in lines), Decimal(0))
    currency = told.get("currency")
    return Basket(
        order_id=str(told.get("order_id") or "")[:200],
        currency=currency.upper()[:3] if isinstance(currency, str) else "",
        amount=amount,
        shipping=_known(told.get("shipping")),
        lines=lines,
    )


def _known(value: object) -> Decimal | None:
    found = parse_amount(value)
    return found if found is not None and found >= 0 else None


def taken_off(told: Mapping[str, Any]) -> bool:
    """Whether an order's revenue is without its discount already, as its own figures tell.

    Segment's specification has revenue before the discount (total = revenue + shipping + tax - discount); Shopify,
    WooCommerce and many others mean what was paid. Where nothing tells, the specification counts.
    """
    off, revenue = _known(told.get("discount")), _known(told.get("revenue"))
    if not off or revenue is None:
        return revenue is None and _known(told.get("total")) is not None  # a total is what was paid
    beside = (_known(told.get("shipping")) or Decimal(0)) + (_known(told.get("tax")) or Decimal(0))
    total = _known(told.get("total"))
    if total is not None:
        return abs(revenue + beside - total) < abs(revenue + beside - off - total)
    goods = sum((line.amount for line in basket(told).lines), Decimal(0))
    return bool(goods) and abs(goods - off - revenue) < abs(goods - revenue)


def given(told: Mapping[str, Any], folded: str, others: int) -> Decimal | None:
    """The discount that an order tells for one of its codes; None where it does not, or not for this one alone."""
    for one in told.get("coupons") or ():
        if isinstance(one, Mapping) and codes.fold(str(one.get("code") or "")) == folded:
            return _known(one.get("discount"))
    return None if others else _known(told.get("discount"))
