"""Keeps to what receiving domains bear: which letters may leave now, and what each domain said to those that left.

In: letters that are due, and how hand-overs ended. Out: those that may leave; until when the others wait, and why.
Promise: trouble with one domain holds up no letter to another; slowed and resting domains, and how warm the sender is,
survive a restart. Only marketing waits for a sender to be warm.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from dangol.base.models import Shop
from dangol.deliver import caps, pace, reach
from dangol.deliver.models import Delivery, Receiver, Warming
from dangol.deliver.outcomes import Outcome
from dangol.deliver.pace import Pace
from dangol.deliver.rules import MARKETING, HoldUntil, parse_mailbox

MINUTE = timedelta(minutes=1)
SAID = re.compile(r"\d{3}(?: [245]\.\d{1,3}\.\d{1,3})?")  # of a reply; its words may name the address
DEFINITE = ("accepted", "bounced")


@dataclass(slots=True)
class Admitted:
    """A part of the letters that are due."""

    leaving: list[Delivery] = field(default_factory=list)
    next: list[Delivery] = field(default_factory=list)  # with the next part: enough of their domain are leaving now
    waiting: list[tuple[Delivery, HoldUntil]] = field(default_factory=list)


def admit(part: Sequence[Delivery], now: datetime) -> Admitted:
    """Which of these letters may leave now. Those that may are counted."""
    domains = [address.rpartition("@")[2].strip().lower() for address in reach.addresses(part)]
    found = Admitted()
    if settings.DANGOL.receiving_rate:
        _create(set(domains) - {""}, now)
    with transaction.atomic():
        receivers, sender = _receivers(set(domains), now), _warming(now)
        counted: Counter[str] = Counter()
        for delivery, domain in zip(part, domains, strict=True):
            receiver = receivers.get(domain)
            hold = _cold(delivery, sender, now) or (receiver and _held(receiver, now))
            if hold:
                found.waiting.append((delivery, hold))
            elif receiver and (rate := _rate(receiver)) and counted[domain] >= pace.at_once(rate):
                found.next.append(delivery)
            else:
                found.leaving.append(delivery)
                counted[domain] += 1
                _count(receiver, sender)
        _save(receivers, sender)
    return found


def _receivers(domains: set[str], now: datetime) -> dict[str, Receiver]:
    """The rows of these domains, locked in their order. Only those in trouble have one where the shop sets no rate."""
    minute = now.replace(second=0, microsecond=0)
    rows = {row.domain: row for row in Receiver.objects.select_for_update().filter(pk__in=domains).order_by("pk")}
    for row in rows.values():
        if row.minute != minute:
            row.minute, row.letters = minute, 0
    return rows


def _create(domains: Iterable[str], now: datetime) -> None:
    """In a transaction of its own: who waits for the lock of one row must not hold that of another."""
    rows = [Receiver(domain=domain, at=now) for domain in sorted(domains)]
    Receiver.objects.bulk_create(rows, ignore_conflicts=True)


def _rate(receiver: Receiver) -> int:
    """Letters a minute; 0 where nothing bounds them. After a rest one tries, until the domain takes one."""
    return 1 if receiver.rests else receiver.rate or settings.DANGOL.receiving_rate


def _held(receiver: Receiver, now: datetime) -> HoldUntil | None:
    if receiver.until and now < receiver.until:
        return HoldUntil(receiver.until, ("receiver_rests",))
    if (rate := _rate(receiver)) and receiver.letters >= rate and receiver.minute:
        return HoldUntil(receiver.minute + MINUTE, ("receiver_rate",))
    return None


def _cold(delivery: Delivery, sender: Warming | None, now: datetime) -> HoldUntil | None:
    if sender is None or delivery.message_class != MARKETING:
        return None
    most = pace.allowance(settings.DANGOL.warm_up, sender.days)
    if most is None or sender.letters < most:
        return None
    return HoldUntil(caps.morning(sender.day + timedelta(days=1), Shop.objects.get().zone), ("warming_up",))


def _count(receiver: Receiver | None, sender: Warming | None) -> None:
    if receiver:
        receiver.letters += 1
    if sender:
        sender.letters += 1


def _save(receivers: dict[str, Receiver], sender: Warming | None) -> None:
    Receiver.objects.bulk_update(receivers.values(), ["minute", "letters"])
    if sender:
        sender.save()


def _warming(now: datetime) -> Warming | None:
    """The row of the shop's sender, locked, on its local day; None where it needs no warming, or there is no sender."""
    shop = Shop.objects.get()
    domain = _sender(shop)
    if not settings.DANGOL.warm_up or not domain:
        return None
    rows = Warming.objects.select_for_update().filter(pk=domain)
    row = rows.first()
    if row is None:
        begun = Warming(domain=domain, day=_today(shop, now), days=pace.WARM + 1 if _known(now) else 1)
        Warming.objects.bulk_create([begun], ignore_conflicts=True)
        row = rows.get()
    return _on(row, _today(shop, now)) if row.days <= pace.WARM else None


def _sender(shop: Shop) -> str:
    return (parse_mailbox(shop.sender_email) or "").rpartition("@")[2]


def _today(shop: Shop, now: datetime) -> date:
    return now.astimezone(shop.zone).date()


def _on(row: Warming, today: date) -> Warming:
    """The row as it stands on a day: one on which nothing left counts for none."""
    if row.day < today:
        row.days += bool(row.letters)
        row.day, row.letters = today, 0
    return row


def _known(now: datetime) -> bool:
    """Whether the shop has sent as much as a first day's letters before, so that its sender is no new one."""
    lately = Delivery.objects.filter(
        channel="email", state="accepted", outbox=None, attempted_at__range=(now - timedelta(days=30), now)
    )
    return lately.count() >= settings.DANGOL.warm_up


def told(ended: Sequence[tuple[Delivery, Outcome]], now: datetime) -> None:
    """Learn from how hand-overs ended. Only what the receiving domain itself said counts."""
    said: dict[str, list[Outcome]] = defaultdict(list)
    for delivery, outcome in ended:
        if outcome.busy or outcome.state in DEFINITE:
            said[delivery.address.rpartition("@")[2].lower()].append(outcome)
    if not said:
        return
    busy = sorted(domain for domain, outcomes in said.items() if any(one.busy for one in outcomes))
    _create(busy, now)
    with transaction.atomic():
        for row in Receiver.objects.select_for_update().filter(pk__in=said).order_by("pk"):
            _learn(row, said[row.domain], now)


def _learn(row: Receiver, outcomes: Sequence[Outcome], now: datetime) -> None:
    full = settings.DANGOL.receiving_rate
    before = after = Pace(row.rate, row.failures, row.rests, row.until)
    for outcome in outcomes:
        after = after.put_off(full, now) if outcome.busy else after.took(full)
        if outcome.busy and (reply := SAID.match(outcome.answer)):
            row.answer = reply[0]
    if after != before:
        row.rate, row.failures, row.rests, row.until, row.at = after.rate, after.failures, after.rests, after.until, now
        row.save(update_fields=["rate", "failures", "rests", "until", "answer", "at"])


def in_trouble() -> list[Receiver]:
    """The domains that are slowed or left alone, those that rest first."""
    return list(Receiver.objects.exclude(rate=None).order_by("-rests", "rate", "domain"))


def warming(now: datetime) -> tuple[Warming, int] | None:
    """How warm the shop's sender is, and how many marketing letters it may send today; None where nothing bounds it."""
    shop = Shop.objects.get()
    kept = Warming.objects.filter(pk=_sender(shop)).first()
    row = kept and _on(kept, _today(shop, now))
    most = pace.allowance(settings.DANGOL.warm_up, row.days) if row else None
    return (row, most) if row and most is not None else None
