"""Forgetting a person: the file goes, orders and refunds stay as amounts of nobody, so that sums hold.

In: the ids of one person. Out: how much of each kind went, and how much stayed without a name.
Promise: what stays does not say who it was, what was bought or where; only that something was, when and for how much.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast, Concat

from dangol.profile import predictions
from dangol.profile.columns import stale
from dangol.profile.models import (
    Consent,
    ConsentChange,
    ConsentNotice,
    Fact,
    Order,
    Profile,
    Refund,
    Restricted,
    TopicWord,
)


def positions(customer_ids: Collection[int]) -> list[int]:
    """Where in the log the facts of these customers stand."""
    return list(Fact.objects.filter(customer_id__in=customer_ids).values_list("position", flat=True))


def strangers(until: datetime, most: int) -> list[int]:
    """Customers without a name, an address or an order, who were last seen before `until`."""
    rows = Profile.objects.filter(last_seen_at__lt=until, orders=0, email="", phone="", user_id="", name="")
    return list(rows.order_by("last_seen_at").values_list("customer_id", flat=True)[:most])


def forget(customer_ids: Collection[int], secret: bytes, counted: Collection[str]) -> dict[str, int]:
    """Take these customers out of the file. Facts named in `counted` stay as a name and a time: harvests count them."""
    stale.mark(customer_ids, purge=True)
    facts, counts = Fact.objects.filter(customer_id__in=customer_ids), Q(type="track", name__in=counted)
    unnamed = Concat(Value("erased:"), Cast("position", TextField()))
    stayed = facts.filter(counts).update(properties="", traits="", context="", identifier_id=None, message_id=unnamed)
    orders, refunds = _unname_money(customer_ids, secret)
    return {
        "facts": facts.exclude(counts).delete()[0],
        "facts kept as a name and a time": stayed,
        "orders kept as amounts": orders,
        "refunds kept as amounts": refunds,
        "consents": Consent.objects.filter(customer_id__in=customer_ids).delete()[0],
        "consent changes": ConsentChange.objects.filter(customer_id__in=customer_ids).delete()[0],
        "consent notices": ConsentNotice.objects.filter(customer_id__in=customer_ids).delete()[0],
        "words on topics": TopicWord.objects.filter(customer_id__in=customer_ids).delete()[0],
        "restrictions": Restricted.objects.filter(pk__in=customer_ids).delete()[0],
        "forecasts": predictions.drop(customer_ids),
        "profiles": Profile.objects.filter(pk__in=customer_ids).delete()[0],
    }


def _unname_money(customer_ids: Collection[int], secret: bytes) -> tuple[int, int]:
    """The number of an order leads to its buyer elsewhere: a keyed hash of it keeps refunds with their orders."""
    orders = list(Order.every.filter(customer_id__in=customer_ids))
    refunds = Refund.objects.filter(customer_id__in=customer_ids)
    numbers = {(o.source, o.order_id) for o in orders} | set(refunds.values_list("source", "order_id"))
    for source, number in sorted(numbers):
        named, unnamed = {"source": source, "order_id": number}, _hash(secret, source, number)
        Order.every.filter(**named, customer_id__in=customer_ids).update(order_id=unnamed, items={})
        Refund.objects.filter(**named).update(order_id=unnamed)
    return len(orders), refunds.count()


def _hash(secret: bytes, source: str, order_id: str) -> str:
    told = f"order:{source}:{order_id}".encode()
    return "erased:" + hmac.new(secret, told, hashlib.sha256).hexdigest()[:32]
