"""Variants of messages: shares fixed before each batch, every draw written down, what came of each by its batch.

In: messages with variants that runs ask for. Out: the variant of each, with its probability; results that may be read
on any day.
Promise: a batch is one day of the shop, and one way of sharing out; its shares are set before its first message; a
conversion counts for the batch in which its message was sent, however late it comes. Nothing is counted inside a turn.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dangol.base import bulk
from dangol.campaign import allocating, evidence, goals
from dangol.campaign.book import GOING, Book
from dangol.campaign.definition import Definition, Goal, Message
from dangol.campaign.evidence import Counted, Evidence
from dangol.campaign.models import Allocation, Campaign, Exposure
from dangol.campaign.walking import Asked

LEARNING = "learning"
Place = tuple[int, str, str]  # campaign, step, split
Batch = tuple[date, str]  # day, split
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
    shares: dict[Place, dict[str, float]] = {}
    chosen: dict[int, str] = {}
    exposures = []
    day = now.astimezone(book.shop.zone).date()
    for number, one in enumerate(asked):
        if not isinstance(one.act, Message) or not one.act.variants:
            continue
        place = (one.run.campaign_id, one.step.key, split_of(one.act))
        if place not in shares:
            shares[place] = _shares(place, one.act, day)
        run = one.run
        variant = allocating.drawn(shares[place], run.campaign.key, one.step.key, run.trigger, run.home)
        chosen[number] = variant
        exposures.append(
            Exposure(
                campaign_id=run.campaign_id, step=one.step.key, customer_id=run.customer_id, home=run.home,
                trigger=run.trigger, variant=variant, propensity=shares[place][variant], split=place[2], day=day,
                at=now,
            )
        )  # fmt: skip
    bulk.insert(exposures, ignore=True)
    return chosen


def split_of(message: Message) -> str:
    """Tells apart which variants a message has and how they are shared out; what they say does not matter."""
    told = [message.allocation, [(one.key, one.share) for one in message.variants]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _shares(place: Place, message: Message, day: date) -> dict[str, float]:
    """The shares of this step's batch: those that were prepared, or, where the campaign has only just begun to run,
    those of the batch before; kept for all of it."""
    campaign_id, step, split = place
    before = Allocation.objects.filter(campaign_id=campaign_id, step=step, split=split).order_by("-day").first()
    if before is not None and before.day == day:
        return dict(before.shares)
    found = dict(before.shares) if before and message.allocation == LEARNING else allocating.fixed(message)
    _keep([Allocation(campaign_id=campaign_id, step=step, split=split, day=day, shares=found)])
    return found


def _keep(rows: Sequence[Allocation]) -> None:
    """Whoever sets a day's shares first sets them."""
    Allocation.objects.bulk_create(rows, ignore_conflicts=True)


def prepare(now: datetime) -> None:
    """Set the day's shares of all that learns, outside of any turn: nobody waits while it is counted."""
    book = Book(GOING)
    learning = {
        (pk, step.key, split_of(step.act)): (step.act, book.plan(pk).definition)
        for pk, plan in book.open_plans
        for step in plan.definition.every_step()
        if isinstance(step.act, Message) and step.act.variants and step.act.allocation == LEARNING
    }
    if not learning:
        return
    day = now.astimezone(book.shop.zone).date()
    rows = Allocation.objects.filter(campaign_id__in={place[0] for place in learning}, day=day)
    there = set(rows.values_list("campaign_id", "step", "split"))
    for place, (message, definition) in learning.items():
        if place not in there:
            shares = _learnt(book.campaigns[place[0]], place[1], message, definition, day, now)
            _keep([Allocation(campaign_id=place[0], step=place[1], split=place[2], day=day, shares=shares)])


def _learnt(
    campaign: Campaign, step: str, message: Message, definition: Definition, day: date, now: datetime
) -> dict[str, float]:
    seed = int(hashlib.sha256(f"{campaign.key}:{step}:{day}".encode()).hexdigest()[:12], 16)
    keys = [variant.key for variant in message.variants]
    return allocating.learnt(keys, _so_far(campaign.pk, step, definition, now), seed)


def _so_far(campaign_id: int, step: str, definition: Definition, now: datetime) -> dict[str, tuple[int, int]]:
    totals: dict[str, tuple[int, int]] = {}
    for batch in _batches(campaign_id, step, definition.goal or USUAL, now).values():
        for variant, one in batch.items():
            sent, converted = totals.get(variant, (0, 0))
            totals[variant] = (sent + one.sent, converted + one.converted)
    return totals


def _batches(campaign_id: int, step: str, goal: Goal, now: datetime) -> dict[Batch, dict[str, Counted]]:
    """What was sent in each batch and what has come of it up to now, by variant."""
    rows = Exposure.objects.filter(campaign_id=campaign_id, step=step).order_by("at")
    exposures = list(rows.values_list("customer_id", "variant", "day", "split", "at"))
    if not exposures:
        return {}
    reached = goals.reached(campaign_id, goal, {one[0] for one in exposures}, exposures[0][4], now)
    counts: dict[Batch, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for customer, variant, day, split, at in exposures:
        one = counts[day, split][variant]
        one[0] += 1
        one[1] += any(at < when <= at + goal.within for when in reached.get(customer, ()))
    return {batch: {v: Counted(s, c) for v, (s, c) in found.items()} for batch, found in counts.items()}


def results(campaign_id: int, definition: Definition, now: datetime) -> list[Results]:
    """Every experiment of a campaign."""
    return [
        _results(campaign_id, step.key, step.act, definition.goal or USUAL, now)
        for step in definition.every_step()
        if isinstance(step.act, Message) and step.act.variants
    ]


def _results(campaign_id: int, step: str, message: Message, goal: Goal, now: datetime) -> Results:
    batches = _batches(campaign_id, step, goal, now)
    mine = Allocation.objects.filter(campaign_id=campaign_id, step=step, split=split_of(message))
    newest = mine.order_by("-day").first()
    shares: Mapping[str, float] = newest.shares if newest else allocating.fixed(message)
    keys = [one.key for one in message.variants]
    closed = [batch for (day, _), batch in sorted(batches.items()) if _closed(day, goal, now)]
    waiting = [batch for (day, _), batch in batches.items() if not _closed(day, goal, now)]
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
