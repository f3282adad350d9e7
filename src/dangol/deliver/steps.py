"""The last gate, rendering, channels, and the ledger of every attempt.

In: messages that journeys ask for, inside the loop's transaction; what customers' mail programs send back.
Out: messages handed over; facts about what became of each.
Promise: nothing leaves past the gate. Whatever crashes, marketing is handed over at most once per campaign, step,
customer and trigger; a transactional message whose end nobody knows once more at most, with the same Message-ID.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from dangol.base.clock import Clock
from dangol.campaign.rules import Send
from dangol.deliver import gate, handover, outcomes, records, rows
from dangol.deliver.channels import CHANNELS, open_channel
from dangol.deliver.feedback import clicked, opened, unsubscribe
from dangol.deliver.models import Delivery
from dangol.deliver.records import suppress
from dangol.identity.rules import Merged

__all__ = [
    "clicked",
    "merge",
    "next_due",
    "opened",
    "plan",
    "recover",
    "suppress",
    "unsubscribe",
    "work",
]

UNSENT = ("planned", "leased", "deferred")
CRASHED = "the worker ended before it knew"


def plan(sends: Sequence[Send], now: datetime) -> None:
    """Enter messages into the ledger: each key once, ever. The gate is asked already; what it forbids is kept as
    cancelled with its reasons, what must wait waits.
    """
    deliveries = [
        Delivery(
            campaign=send.campaign, step=send.step, customer_id=send.customer_id, trigger=send.trigger,
            channel=send.channel, message_class=send.message_class, message=send.message, context=send.context,
            planned_at=now, due_at=max(send.due_at or now, now), expires_at=send.expires_at,
        )
        for send in sends
    ]  # fmt: skip
    if not deliveries:
        return
    for delivery, verdict in zip(deliveries, gate.decide(deliveries, now), strict=True):
        gate.apply(delivery, verdict.decision, now)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=100)


def work(clock: Clock, limit: int, new_lease: Callable[[], str] = lambda: secrets.token_hex(16)) -> int:
    """Take up to `limit` due deliveries to an outcome; how many were taken. Any number of workers may do this."""
    now, name = clock.now(), new_lease()
    _give_back(now)
    taken = handover.lease(now, limit, name)
    by_channel: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in taken:
        by_channel[delivery.channel].append(delivery)
    for channel_name in sorted(set(by_channel) & set(CHANNELS)):
        channel = open_channel(channel_name, settings.DANGOL)
        try:
            handover.hand_over(channel, by_channel[channel_name], name, clock)
        finally:
            channel.close()
    return len(taken)


def recover(now: datetime) -> None:
    """After a start: what was being handed over when the last worker died ended unknown; what was only leased waits
    again. In the embedded shop no other worker can be alive; on PostgreSQL one may be, so only old attempts count.
    """
    with transaction.atomic():
        old = Q() if connection.vendor == "sqlite" else Q(leased_until__lte=now)
        _give_up(Delivery.objects.filter(old, state="attempting"), now)
        Delivery.objects.filter(old, state="leased").update(state="planned", lease="", leased_until=None)


def _give_back(now: datetime) -> None:
    """Leases and attempts of workers that were not heard of any more."""
    silent = Delivery.objects.filter(leased_until__lte=now, state__in=("leased", "attempting"))
    if not silent.exists():
        return
    with transaction.atomic():
        silent.filter(state="leased").update(state="planned", lease="", leased_until=None)
        _give_up(silent.filter(state="attempting"), now)


def _give_up(attempting: QuerySet[Delivery], now: datetime) -> None:
    silent = list(attempting.select_for_update())
    for row in silent:
        lease = row.lease
        records.settle(row, outcomes.unknown(CRASHED), now)
        row.lease = lease if row.state == "unknown" else ""  # a worker that was only slow may still tell how it ended
        if row.state == "planned":
            row.due_at = now
    rows.save(silent)


def next_due() -> datetime | None:
    """When the next message is due."""
    waiting = Delivery.objects.filter(state__in=("planned", "deferred"))
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def merge(pairs: Sequence[Merged]) -> None:
    """Deliveries of absorbed customers become the survivors'. Where both have one for the same trigger both stay, and
    what has not left is not sent a second time.
    """
    for pair in pairs:
        taken = {(d.campaign, d.step, d.trigger): d for d in Delivery.objects.filter(customer_id=pair.survivor)}
        for delivery in Delivery.objects.filter(customer_id=pair.absorbed):
            twin = taken.get((delivery.campaign, delivery.step, delivery.trigger))
            if twin:
                _part_twins(twin, delivery, pair)
            delivery.customer_id = pair.survivor
            delivery.save(update_fields=["customer_id", "trigger"])


def _part_twins(kept: Delivery, other: Delivery, pair: Merged) -> None:
    for unsent in [d for d in (other, kept) if d.state in UNSENT][:1]:
        Delivery.objects.filter(pk=unsent.pk).update(state="cancelled", lease="", outcome="sent to the same person")
    other.trigger = f"{other.trigger[:160]}#of:{pair.absorbed}"
