"""Time passes: waves begin and go on, runs that are due take their steps, and what they ask for is done or handed on.

In: the instant of a turn. Out: messages and tasks for the stages behind; facts and changes written here.
Promise: all of it in the turn's transaction; at most `limit` runs at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Min

from dangol.campaign import carrying, happening, runs, walking, waves
from dangol.campaign.book import GOING, Book
from dangol.campaign.models import Campaign, Run, Wave
from dangol.campaign.people import Cohort
from dangol.campaign.rules import Send
from dangol.campaign.walking import INSIDE, RUNNING, Walk


def advance(now: datetime, limit: int, heard: datetime | None = None) -> list[Send]:
    """Take the steps that are due, at most `limit` runs at a time; the messages they ask for.

    Held-out customers move on without one, so that both arms live through the same time. Whoever waits for something
    to happen is judged only up to `heard`, when the facts end that were taken so far: what they wait for may be among
    those that are still to come.
    """
    book = Book(GOING)
    if not book.campaigns:
        return []
    waves.due_waves(book, now, book.shop.zone)
    while True:
        went_on, new = waves.go_on(book, now, limit)
        due = (
            [run for run in new if run.due_at and run.due_at <= now]
            if went_on
            else _due(book, now, heard or now, limit)
        )
        sends = _take(book, due, now)
        runs.add(new)
        runs.save(run for run in due if run.pk is not None)
        if sends or not (due or went_on):
            return sends


def _due(book: Book, now: datetime, heard: datetime, limit: int) -> list[Run]:
    rows = Run.objects.filter(due_at__lte=now, state=RUNNING, campaign_id__in=book.campaigns)
    if heard < now:
        rows = rows.exclude(phase=INSIDE, due_at__gt=heard)
    found = list(rows.order_by("due_at", "id")[:limit])
    for run in found:
        run.campaign = book.campaigns[run.campaign_id]
    return found


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
    found = Run.objects.filter(state=RUNNING, campaign__state__in=GOING).aggregate(at=Min("due_at"))["at"]
    begins = Campaign.objects.filter(state="active").aggregate(at=Min("next_at"))["at"]
    going = Wave.objects.filter(ended_at=None, campaign__state="active").aggregate(at=Min("at"))["at"]
    dues: list[datetime] = [at for at in (found, begins, going) if at is not None]
    return min(dues, default=None)
