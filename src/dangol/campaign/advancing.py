"""Time passes: waves begin and go on, runs that are due take their steps, and what they ask for is done or handed on.

In: the instant of a turn. Out: messages and tasks for the stages behind; facts and changes written here.
Promise: all of it in the turn's transaction; about `limit` runs in it, of which no campaign takes the room of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min, OuterRef, Subquery

from dangol.campaign import carrying, happening, runs, walking, waves
from dangol.campaign.arriving import Arriving
from dangol.campaign.book import GOING, Book
from dangol.campaign.fairness import share_out
from dangol.campaign.models import Campaign, Run, Wave
from dangol.campaign.people import Cohort
from dangol.campaign.rules import Send
from dangol.campaign.walking import INSIDE, RUNNING, Walk


@dataclass(frozen=True, slots=True)
class Advanced:
    """What came of a turn."""

    sends: list[Send]  # messages that were asked for
    done: int  # runs that went on or began, and whoever else was looked at; 0: nothing is due


@dataclass(slots=True)
class Due:
    """The runs of one campaign that are due, those that waited longest first."""

    campaign_id: int
    now: datetime
    heard: datetime  # whoever waits for something to happen is not due beyond it
    runs: list[Run] = field(default_factory=list)
    waits: bool = True

    def take(self, count: int) -> int:
        rows = Run.objects.filter(campaign_id=self.campaign_id, due_at__lte=self.now, state=RUNNING)
        if self.heard < self.now:
            rows = rows.exclude(phase=INSIDE, due_at__gt=self.heard)
        before = len(self.runs)
        self.runs += rows.order_by("due_at", "id")[before : before + count]
        taken = len(self.runs) - before
        self.waits = taken == count
        return taken


def advance(now: datetime, limit: int, heard: datetime | None = None) -> Advanced:
    """Take the steps that are due, of about `limit` runs; the messages they ask for.

    Held-out customers move on without one, so that both arms live through the same time. Whoever waits for something
    to happen is judged only up to `heard`, when the facts end that were taken so far: what they wait for may be among
    those that are still to come.
    """
    book = Book(GOING)
    if not book.campaigns:
        return Advanced([], 0)
    waves.due_waves(book, now, book.shop.zone)
    behind = [Due(pk, now, heard or now) for pk, first in _first_dues() if first <= now]
    coming = [Arriving(book, wave, now) for wave in waves.going()]
    done = share_out([*behind, *coming], limit)
    due = sorted((run for one in behind for run in one.runs), key=lambda run: (run.due_at, run.pk))
    for run in due:
        run.campaign = book.campaigns[run.campaign_id]
    new = [run for one in coming for run in one.new]
    sends = _take(book, [*due, *(run for run in new if run.due_at and run.due_at <= now)], now)
    runs.add(new)
    runs.save(due)
    return Advanced(sends, done)


def _first_dues() -> list[tuple[int, datetime]]:
    """Campaigns whose steps are taken, and when the first of their runs is due; those that waited longest first."""
    rows = Run.objects.filter(campaign=OuterRef("pk"), state=RUNNING, due_at__isnull=False)
    first = Subquery(rows.order_by("due_at").values("due_at")[:1])
    campaigns = Campaign.objects.filter(state__in=GOING).annotate(first=first).exclude(first=None)
    return list(campaigns.order_by("first", "pk").values_list("pk", "first"))


def _take(book: Book, due: Sequence[Run], now: datetime) -> list[Send]:
    """Let these runs go as far as they come; they are changed in place."""
    if not due:
        return []
    walk = Walk()
    plans = [book.plan(run.campaign_id, run.version) for run in due]
    asked = {key for plan in set(plans) for key in plan.segments}
    people = Cohort([run.customer_id for run in due], asked, book.shop, now)
    for run, plan in zip(due, plans, strict=True):
        walking.take(run, plan, people, now, walk)
    happening.look_back(book, walk.arrived, now, walk)
    runs.tell_left(walk, now)
    return carrying.carry_out(book, walk.asked, now)


def next_due() -> datetime | None:
    """When time alone changes something next: a step that is due, or a wave that begins."""
    begins = Campaign.objects.filter(state="active").aggregate(at=Min("next_at"))["at"]
    going = Wave.objects.filter(ended_at=None, campaign__state="active").aggregate(at=Min("at"))["at"]
    waves_due: list[datetime] = [at for at in (begins, going) if at is not None]
    return min([*waves_due, *(first for _, first in _first_dues())], default=None)
