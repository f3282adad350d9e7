"""Variants of messages: shares fixed before each batch, every draw written down, what came of each by its batch.

In: messages with variants that runs ask for. Out: the variant of each, with its probability; results that may be read
on any day.
Promise: a batch is one day of the shop; its shares are set before its first message; a conversion counts for the batch
in which its message was sent, however late it comes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dangol.base import bulk
from dangol.campaign import allocating, evidence, goals
from dangol.campaign.book import Book
from dangol.campaign.definition import Definition, Goal, Message
from dangol.campaign.evidence import Counted, Evidence
from dangol.campaign.models import Allocation, Exposure
from dangol.campaign.walking import Asked

USUAL = Goal("Order Completed", timedelta(days=7))  # what variants are compared by where a campaign has no goal


@dataclass(frozen=True, slots=True)
class Arm:
    """What became of one variant."""

    key: str
    sent: int
    converted: int
    share: float  # of the newest batch, of one

    @property
    def percent(self) -> float:
        return 100 * self.share


@dataclass(frozen=True, slots=True)
class Results:
    """An experiment so far: batches whose time is over are compared, the others are counted as still open."""

    step: str
    arms: tuple[Arm, ...]
    compared: tuple[Evidence, ...]
    still_open: int  # messages whose goal window has not closed


def choose(book: Book, asked: Sequence[Asked], now: datetime) -> dict[int, str]:
    """The variant for each of these requests that have variants, by their number; drawn and written down."""
    shares: dict[tuple[int, str], dict[str, float]] = {}
    chosen: dict[int, str] = {}
    exposures = []
    day = now.astimezone(book.shop.zone).date()
    for number, one in enumerate(asked):
        if not isinstance(one.act, Message) or not one.act.variants:
            continue
        place = (one.run.campaign_id, one.step.key)
        if place not in shares:
            shares[place] = _shares(book, one, one.act, day, now)
        run = one.run
        variant = allocating.drawn(shares[place], run.campaign.key, one.step.key, run.trigger, run.home)
        chosen[number] = variant
        exposures.append(
            Exposure(
                campaign_id=run.campaign_id, step=one.step.key, customer_id=run.customer_id, home=run.home,
                trigger=run.trigger, variant=variant, propensity=shares[place][variant], day=day, at=now,
            )
        )  # fmt: skip
    bulk.insert(exposures, ignore=True)
    return chosen


def _shares(book: Book, one: Asked, message: Message, day: date, now: datetime) -> dict[str, float]:
    """The shares of this step's batch: set before its first message, and kept for all of it."""
    keys = [variant.key for variant in message.variants]
    campaign_id, step = one.run.campaign_id, one.step.key
    row = Allocation.objects.filter(campaign_id=campaign_id, step=step, day=day).first()
    if row is not None and set(row.shares) == set(keys):
        return dict(row.shares)
    if message.allocation == "fixed":
        found = allocating.fixed(message)
    else:
        definition = book.plan(campaign_id).definition
        seed = int(hashlib.sha256(f"{one.run.campaign.key}:{step}:{day}".encode()).hexdigest()[:12], 16)
        found = allocating.learnt(keys, _so_far(campaign_id, step, definition, now), seed)
    Allocation.objects.update_or_create(campaign_id=campaign_id, step=step, day=day, defaults={"shares": found})
    return found


def _so_far(campaign_id: int, step: str, definition: Definition, now: datetime) -> dict[str, tuple[int, int]]:
    totals: dict[str, tuple[int, int]] = {}
    for batch in _batches(campaign_id, step, definition.goal or USUAL, now).values():
        for variant, one in batch.items():
            sent, converted = totals.get(variant, (0, 0))
            totals[variant] = (sent + one.sent, converted + one.converted)
    return totals


def _batches(campaign_id: int, step: str, goal: Goal, now: datetime) -> dict[date, dict[str, Counted]]:
    """What was sent on each day and what has come of it up to now, by variant."""
    rows = Exposure.objects.filter(campaign_id=campaign_id, step=step).order_by("at")
    exposures = list(rows.values_list("customer_id", "variant", "day", "at"))
    if not exposures:
        return {}
    reached = goals.reached(campaign_id, goal, {one[0] for one in exposures}, exposures[0][3], now)
    counts: dict[date, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for customer, variant, day, at in exposures:
        counts[day][variant][0] += 1
        counts[day][variant][1] += any(at < when <= at + goal.within for when in reached.get(customer, ()))
    return {day: {v: Counted(s, c) for v, (s, c) in found.items()} for day, found in counts.items()}


def results(campaign_id: int, definition: Definition, now: datetime) -> list[Results]:
    """Every experiment of a campaign."""
    return [
        _results(campaign_id, step.key, step.act, definition.goal or USUAL, now)
        for step in definition.every_step()
        if isinstance(step.act, Message) and step.act.variants
    ]


def _results(campaign_id: int, step: str, message: Message, goal: Goal, now: datetime) -> Results:
    batches = _batches(campaign_id, step, goal, now)
    newest = Allocation.objects.filter(campaign_id=campaign_id, step=step).order_by("-day").first()
    shares: Mapping[str, float] = newest.shares if newest else allocating.fixed(message)
    keys = [one.key for one in message.variants]
    closed = [batch for day, batch in sorted(batches.items()) if _closed(day, goal, now)]
    waiting = [batch for day, batch in batches.items() if not _closed(day, goal, now)]
    return Results(
        step=step,
        arms=tuple(Arm(key, *_total(batches.values(), key), share=shares.get(key, 0)) for key in keys),
        compared=tuple(evidence.compare(closed, keys)),
        still_open=sum(one.sent for batch in waiting for one in batch.values()),
    )


def _closed(day: date, goal: Goal, now: datetime) -> bool:
    """Whether the last message of a day has had its time; two days more for zones and late facts."""
    return (now.date() - day) - timedelta(days=2) > goal.within


def _total(batches: Iterable[Mapping[str, Counted]], key: str) -> tuple[int, int]:
    mine = [batch[key] for batch in batches if key in batch]
    return sum(one.sent for one in mine), sum(one.converted for one in mine)
