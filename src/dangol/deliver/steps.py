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
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from dangol.base import bulk
from dangol.base.clock import Clock
from dangol.base.parts import parts
from dangol.campaign.rules import Send
from dangol.deliver import contents, gate, handover, leasing, outcomes, records, returns, rows
from dangol.deliver.channels import CHANNELS, open_channel
from dangol.deliver.feedback import clicked, opened, unsubscribe
from dangol.deliver.models import Card, Delivery, Subscription
from dangol.deliver.rules import Deny
from dangol.deliver.subscriptions import take as subscribe
from dangol.deliver.suppressions import suppress
from dangol.identity.rules import Moves

__all__ = [
    "clicked",
    "next_due",
    "opened",
    "plan",
    "recover",
    "rehome",
    "subscribe",
    "suppress",
    "unsubscribe",
    "work",
]

AT_ONCE = 500  # deliveries that a worker takes under one lease
CRASHED = "the worker ended before it knew"


def plan(sends: Sequence[Send], now: datetime) -> None:
    """Enter messages into the ledger: each key once, ever. The gate is asked already; what it forbids is kept as
    cancelled with its reasons, what must wait waits. Where it forbids a channel, the next one that a message may fall
    back on is asked about; where it forbids all, the first stands with its reasons.
    """
    planned = _decided(sends, now)
    behind = [number for number, (_, verdict) in enumerate(planned) if isinstance(verdict.decision, Deny)]
    while behind := [number for number in behind if sends[number].others]:  # the next channel that may be reached
        others = set(behind)
        sends = [_next(send) if number in others else send for number, send in enumerate(sends)]
        tried = _decided([sends[number] for number in behind], now)
        for number, found in zip(behind, tried, strict=True):
            if not isinstance(found[1].decision, Deny):
                planned[number] = found
        behind = [n for n, (_, verdict) in zip(behind, tried, strict=True) if isinstance(verdict.decision, Deny)]
    for delivery, verdict in planned:
        gate.apply(delivery, verdict.decision, now)
    bulk.insert([one for one, _ in planned], ignore=True)


def _next(send: Send) -> Send:
    (channel, message), *others = send.others
    return replace(send, channel=channel, message=message, others=tuple(others))


def _decided(sends: Sequence[Send], now: datetime) -> list[tuple[Delivery, gate.Verdict]]:
    """Rows that are not stored yet, with what the gate says to each."""
    if not sends:
        return []
    kept, pattern = contents.keep([send.message for send in sends]), Delivery(planned_at=now)
    deliveries = [
        bulk.like(
            pattern, campaign=send.campaign, step=send.step, customer_id=send.customer_id,
            home=send.home or send.customer_id, trigger=send.trigger,
            channel=send.channel, message_class=send.message_class, content=content, context=send.context,
            due_at=max(send.due_at or now, now), expires_at=send.expires_at,
        )
        for send, content in zip(sends, kept, strict=True)
    ]  # fmt: skip
    return list(zip(deliveries, gate.decide(deliveries, now), strict=True))


def work(
    clock: Clock,
    limit: int,
    new_lease: Callable[[], str] = lambda: secrets.token_hex(16),
    halted: Callable[[], bool] = lambda: False,
) -> int:
    """Take up to `limit` due deliveries to an outcome; how many were taken. Any number of workers may do this.

    Once it is `halted` none is begun any more, and those that are under way are waited for.
    """
    now, name = clock.now(), new_lease()
    _give_back(now)
    taken = leasing.lease(now, limit, name)
    by_channel: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in taken:
        by_channel[delivery.channel].append(delivery)
    for channel_name in sorted(set(by_channel) & set(CHANNELS)):
        channel = open_channel(channel_name, settings.DANGOL)
        try:
            handover.hand_over(channel, by_channel[channel_name], name, clock, halted)
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
    if not leasing.any_silent(now):
        return
    silent = Delivery.objects.filter(leased_until__lte=now, state__in=("leased", "attempting"))
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
    returns.catch_up(silent, now)


def next_due() -> datetime | None:
    """When the next message is due."""
    return leasing.next_due()


def rehome(moves: Moves) -> None:
    """Give deliveries to the customers that their homes lead to now. Where one customer has two for one trigger, both
    stay, and what has not left is not sent a second time.
    """
    for (before, after), (_, homes) in moves.pairs().items():
        for part in parts(homes):
            for kept in (Delivery, Subscription, Card):
                kept.objects.filter(customer_id=before, home__in=part).update(customer_id=after)
    for part in parts(sorted(moves.touched)):
        _part_twins(Delivery.objects.filter(customer_id__in=part).order_by("pk"))


def _part_twins(deliveries: QuerySet[Delivery]) -> None:
    alike: dict[tuple[str, str, int, str, bool], list[tuple[int, str]]] = defaultdict(list)
    for campaign, step, customer, trigger, instead, pk, state in deliveries.values_list(
        "campaign", "step", "customer_id", "trigger", "instead", "pk", "state"
    ):
        alike[campaign, step, customer, trigger, instead].append((pk, state))
    for twins in alike.values():
        unsent = [pk for pk, state in twins if state in gate.UNSENT]
        too_many = unsent if len(unsent) < len(twins) else unsent[1:]
        if too_many and len(twins) > 1:
            Delivery.objects.filter(pk__in=too_many).update(
                state="cancelled", lease="", outcome="sent to the same person"
            )
