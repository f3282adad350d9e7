"""The statistics that the models read, kept customer by customer as orders come, change and go.

In: customers whose orders have changed. Out: their rows, and how many customers there are of each kind.
Promise: the counts are what counting all orders anew would give, in whatever order these arrived.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

from django.db import connection

from dangol.base import bulk
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.profile.models import Order, Profile
from dangol.value import rules
from dangol.value.models import Buyer, Stale
from dangol.value.rules import Bought, Placed

COUNT_KIND = """INSERT INTO value_kind (first_day, last_day, days, n) VALUES (%s, %s, %s, %s)
    ON CONFLICT (first_day, last_day, days) DO UPDATE SET n = value_kind.n + excluded.n"""
DROP_KIND = "DELETE FROM value_kind WHERE first_day = %s AND last_day = %s AND days = %s AND n = 0"
COUNT_PURSE = """INSERT INTO value_purse (paid_days, step, n) VALUES (%s, %s, %s)
    ON CONFLICT (paid_days, step) DO UPDATE SET n = value_purse.n + excluded.n"""
DROP_PURSE = "DELETE FROM value_purse WHERE paid_days = %s AND step = %s AND n = 0"
KEPT = ("days", "first_day", "last_day", "paid_days", "spent", "told")


def note(customers: Iterable[int]) -> None:
    """The orders of these customers have changed."""
    bulk.insert([Stale(customer_id=one) for one in sorted(customers)], ignore=True)


def settle(limit: int) -> list[int]:
    """Count the next customers whose orders have changed; who they were."""
    customers = list(Stale.objects.order_by("pk").values_list("pk", flat=True)[:limit])
    if customers:
        _replace(customers, count(customers))
        Stale.objects.filter(pk__in=customers).delete()
    return customers


def forget(customers: Collection[int]) -> int:
    """Count these customers no more; how many there were."""
    gone = 0
    for part in parts(sorted(customers)):
        gone += Buyer.objects.filter(pk__in=part).count()
        _replace(part, {})
        Stale.objects.filter(pk__in=part).delete()
    return gone


def count(customers: Collection[int]) -> dict[int, Bought]:
    """What the orders of these customers come to; those who bought nothing or have no file are missing."""
    shop = Shop.objects.first()
    if shop is None:
        return {}
    refunded: dict[int, Profile] = {}
    orders: dict[int, list[Placed]] = defaultdict(list)
    for part in parts(sorted(customers)):
        refunded |= Profile.objects.only("customer_id", "refunded").in_bulk(part)
        rows = Order.objects.filter(customer_id__in=part, cancelled=False)
        for customer, at, revenue, currency in rows.values_list("customer_id", "at", "revenue", "currency"):
            orders[customer].append(Placed(at, revenue, currency))
    found = {
        customer: rules.bought(placed, refunded[customer].refunded, shop.currency, shop.zone)
        for customer, placed in orders.items()
        if customer in refunded
    }
    return {customer: one for customer, one in found.items() if one}


def _replace(customers: Collection[int], now: Mapping[int, Bought]) -> None:
    """Put what was counted of these customers in the place of what was known."""
    known = Buyer.objects.in_bulk(customers)
    kinds, purses = Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for row in known.values():
        _add(row, -1, kinds, purses)
    for one in now.values():
        _add(one, 1, kinds, purses)
    gone = [customer for customer in known if customer not in now]
    if gone:
        Buyer.objects.filter(pk__in=gone).delete()
    rows = [Buyer(customer_id=customer, **asdict(one)) for customer, one in now.items()]
    bulk.upsert(rows, ["customer_id"], KEPT)
    _write(kinds, COUNT_KIND, DROP_KIND)
    _write(purses, COUNT_PURSE, DROP_PURSE)


def _add(one: Buyer | Bought, by: int, kinds: Counter[tuple[int, ...]], purses: Counter[tuple[int, ...]]) -> None:
    kinds[one.first_day, one.last_day, one.days] += by
    if one.paid_days:
        purses[one.paid_days, rules.step_of(one.paid_days, one.spent)] += by


def _write(counts: Counter[tuple[int, ...]], add: str, drop: str) -> None:
    changed = [(*key, by) for key, by in sorted(counts.items()) if by]
    fewer = [key for key, by in sorted(counts.items()) if by < 0]
    with connection.cursor() as cursor:
        if changed:
            cursor.executemany(add, changed)
        if fewer:
            cursor.executemany(drop, fewer)
