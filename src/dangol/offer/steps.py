"""With what: the catalogue and its news, what goes with what, what to show to whom, and what is given.

In: facts of catalogues (products as they stand) and of customers (what they looked at, put into the cart and bought,
with which codes).
Out: a catalogue with prices over time; facts for whoever would like to hear that a price fell or a product is back;
products to show, by customer or by product; coupons, and what they cost.
Promise: a shop without a catalogue has one out of its customers' facts; a stranger is shown what is popular; what is
sold out or not offered is shown to nobody; a code is in one customer's hands and is redeemed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.identity.rules import Moves
from dangol.offer import belonging, catalogue, loyalty, offers, ordered, reads, rules
from dangol.offer.models import Notice, Study
from dangol.profile.models import Order
from dangol.segment import asking

__all__ = ["due", "expire", "go_on", "next_end", "note", "rehome"]

EVERY = timedelta(hours=20)  # a study a night …
GROWN = 1.3  # … and in a young shop whenever it has so many times the orders
YOUNG = 5_000  # orders
AT_ONCE = 500  # customers told in one transaction
NEWS_AT_ONCE = 50  # products whose news are told after one look through all history


def expire(now: datetime, limit: int) -> int:
    """Let coupons and points end whose time is over, in the loop's turn; how many."""
    return belonging.expire(now, limit) + loyalty.pass_time(now, limit)


def next_end() -> datetime | None:
    """When the next coupon or points end, or a tier may."""
    return min((at for at in (belonging.next_end(), loyalty.next_due()) if at is not None), default=None)


def rehome(moves: Moves, now: datetime) -> None:
    """Coupons and points go with their customers when they are found to be one, or not to be."""
    belonging.rehome(moves)
    loyalty.rehome(moves, now)


def note(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Take in what facts say of products and of codes, in the loop's turn."""
    catalogue.note(facts, now)
    ordered.note(facts, customer_ids, now)
    loyalty.note(facts, customer_ids, now)


def due(now: datetime) -> bool:
    """Whether there are news to tell, codes to make, or orders and visits to look through."""
    return Notice.objects.filter(told_at=None).exists() or bool(offers.unfinished()) or study_due(now)


def study_due(now: datetime) -> bool:
    """Once a night; in a young shop as soon as it has outgrown the last study."""
    last = Study.objects.order_by("-at").first()
    if last is None:
        return Shop.objects.exists() and Order.objects.exists()
    if now - last.at >= EVERY:
        return True
    if last.orders >= YOUNG or now - last.at < timedelta(minutes=5):
        return False
    return bool(Order.objects.count() >= max(last.orders * GROWN, last.orders + 1))


def go_on(now: datetime) -> None:
    """Do what is due: heavy, for a process behind everybody else."""
    from dangol.offer import studying  # noqa: PLC0415 - numpy and scipy: only here

    for batch in offers.unfinished():
        while offers.make_some(batch):
            pass
    tell_news(now)
    if study_due(now):
        studying.study(now)


def tell_news(now: datetime) -> int:
    """A fact for every customer who would like to hear of what happened to a product; how many there were.

    All history is read once for NEWS_AT_ONCE products. What does not hold any more is told to nobody.
    """
    waiting = Notice.objects.filter(told_at=None).select_related("product").order_by("pk")
    told = 0
    while notices := list(waiting[:NEWS_AT_ONCE]):
        wheres = {str(one.pk): rules.concerned(one.kind, one.product.key) for one in notices if _holds(one, now)}
        concerned = asking.evaluate_all(wheres, now) if wheres else {}
        for notice in notices:
            told += _tell(notice, sorted(concerned.get(str(notice.pk), ())), now)
    return told


def _holds(notice: Notice, now: datetime) -> bool:
    """Whether what happened is still so: a price may have risen again, and a product be sold out."""
    product = notice.product
    if notice.at < now - rules.STALE or not reads.can_be_had(product):
        return False
    return bool(notice.kind != rules.PRICE or product.price == notice.price)


def _tell(notice: Notice, customers: Sequence[int], now: datetime) -> int:
    for start in range(0, len(customers), AT_ONCE):
        with turn():
            collect.emit_all(_facts(notice, customers[start : start + AT_ONCE], now))
    with turn():
        Notice.objects.filter(pk=notice.pk).update(told_at=now, told=len(customers))
    return len(customers)


def _facts(
    notice: Notice, customers: Sequence[int], now: datetime
) -> list[tuple[str, int, dict[str, Any], str, datetime]]:
    product = notice.product
    name = rules.PRICE_DROPPED if notice.kind == rules.PRICE else rules.BACK_IN_STOCK
    said = {
        "product_id": product.key, "name": product.name, "url": product.url, "image_url": product.image_url,
        "brand": product.brand, "category": product.category, "currency": product.currency,
        "price": _number(notice.price), "before": _number(notice.before) if notice.kind == rules.PRICE else None,
    }  # fmt: skip
    properties = {key: value for key, value in said.items() if value not in ("", None)}
    mark = f"{notice.kind}:{product.pk}:{to_us(notice.at)}"
    return [(name, customer, properties, f"{mark}:{customer}", now) for customer in customers]


def _number(amount: Any) -> float | None:
    return None if amount is None else float(amount)
