"""Forgetting a person: nothing more is sent; what was sent stays as a state and a time, so that counts hold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast, Concat

from dangol.deliver import gate
from dangol.deliver.models import Card, Delivery, Early, Link, OutboxMessage, Subscription

EMPTY = {"content": "", "context": {}, "address": "", "subject": "", "language": "", "outcome": "", "lease": ""}


def forget(customer_ids: Collection[int], now: datetime) -> dict[str, int]:
    """Empty these customers' messages and cancel those that have not left."""
    mine = Delivery.objects.filter(customer_id__in=customer_ids)
    unnamed = Concat(Value("erased:"), Cast("id", TextField()))
    told = {
        "messages with their text": OutboxMessage.objects.filter(delivery__in=mine).delete()[0],
        "cards on the site": Card.objects.filter(customer_id__in=customer_ids).delete()[0],
        "browsers for web push": Subscription.objects.filter(customer_id__in=customer_ids).delete()[0],
        "early reports on messages": Early.objects.filter(delivery__in=mine).delete()[0],
        "links of messages": Link.objects.filter(delivery__in=mine).delete()[0],
    }
    mine.filter(state__in=gate.UNSENT).update(state="cancelled", finished_at=now, leased_until=None)
    told["messages kept as a state and a time"] = mine.update(**EMPTY, trigger=unnamed)
    return told


def leftovers(customer_ids: Collection[int]) -> bool:
    """Whether a worker that had a message in hand wrote an address back since."""
    named = ~Q(address="") | ~Q(subject="") | ~Q(outcome="")
    return Delivery.objects.filter(named, customer_id__in=customer_ids).exists()


def drop_content(until: datetime, most: int) -> int:
    """Delete what messages that ended before `until` said; that they were sent, when and how it ended stays."""
    old = OutboxMessage.objects.filter(at__lt=until).values_list("delivery_id", flat=True)[:most]
    ids = list(old)
    Link.objects.filter(delivery_id__in=ids).delete()
    Delivery.objects.filter(pk__in=ids).update(content="", context={}, address="", subject="")
    return OutboxMessage.objects.filter(delivery_id__in=ids).delete()[0]
