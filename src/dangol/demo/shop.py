"""Builds the demo shop: a real order history, then weeks of simulated time in which plays really ran.

Nothing is written into results by hand. The clock stands some weeks ago, history up to there is imported, plays are
switched on, and the same loop that runs a live shop is turned from there to now: the real orders of those weeks arrive
as they were placed, invented visitors come and go, messages reach the sandbox outbox, and invented customers open,
click, answer and order.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import connection

from dangol import loop, setup
from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.base.settings import Settings
from dangol.campaign import steps as campaign
from dangol.collect import steps as collect
from dangol.collect.files.steps import Place, import_file
from dangol.collect.log import FileLog, open_log
from dangol.deliver import steps as deliver
from dangol.demo import extract, history
from dangol.demo.history import Bought
from dangol.demo.people import Person
from dangol.demo.weeks import Weeks

OWNER = "demo@example.com"
NAME = "Paper Lantern Gifts"
PLAYS = ("welcome", "abandoned-cart", "thanks", "win-back")
SPAN = timedelta(days=21)  # of simulated time
STEP, FINE_STEP, FINE = timedelta(hours=2), timedelta(minutes=30), timedelta(hours=8)  # finer towards the end
FACTS_AT_ONCE = 1_000
DAYLIGHT = (9, 18)  # hours of the shop's day; at night the gate lets no advertising out, and a demo should show some
ZONES = ("Europe/London", "Asia/Seoul", "America/New_York", "Pacific/Auckland")

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a demo, and whose."""

    now: datetime
    seed: int = 1
    password: str = ""
    span: timedelta = SPAN
    customers: int | None = None  # of the real history; empty: all of the extract


def daylight(now: datetime) -> str:
    """A time zone in which it is working hours now, the data's own if it can be."""
    first, last = DAYLIGHT
    return next((zone for zone in ZONES if first <= now.astimezone(ZoneInfo(zone)).hour < last), ZONES[0])


def build(settings: Settings, plan: Plan, progress: Progress) -> setup.Keys:
    """A fresh demo shop in the data folder. Raises Conflict where a shop stands already."""
    keys = setup.new_shop(
        setup.NewShop(
            owner=OWNER,
            password=plan.password,
            name=NAME,
            timezone=daylight(plan.now),
            currency=extract.CURRENCY,
            country="GB",
            demo=True,
        ),
        plan.now - plan.span,
    )
    with open_log(settings.folder) as log, _own_facts_to(log), _in_haste():
        fill(log, plan, progress)
    return keys


@contextmanager
def _own_facts_to(log: FileLog) -> Iterator[None]:
    collect.use_log(log)
    try:
        yield
    finally:
        collect.use_log(None)


@contextmanager
def _in_haste() -> Iterator[None]:
    """A build that is cut short is begun again, so its commits need not wait for the disk."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
    try:
        yield
    finally:
        connection.close()


def fill(log: FileLog, plan: Plan, progress: Progress) -> None:
    """Let history and the simulated weeks happen to a shop that has just been made."""
    _introduce()
    shop = Shop.objects.get()
    clock = SetClock(plan.now - plan.span)
    with tempfile.TemporaryDirectory(prefix="dangol-demo-") as name:
        folder = Path(name)
        progress("reading the order history", 0, None)
        bought = history.read(folder, plan.now, shop.zone, plan.customers)
        people = extract.people(plan.seed)
        past = [one for one in bought if one.at < clock.now()]
        _import(log, past, people, clock, Place(log, clock.now(), shop.zone, shop.currency, folder))
    _settle(log, clock, progress)
    for play in PLAYS:
        campaign.activate_play(play, clock.now())
    recent = [one for one in bought if one.at >= clock.now()]
    weeks = Weeks(people, sorted({one.customer for one in past}), plan.seed)
    weeks.plan(recent, clock.now(), plan.now)
    _live_through(log, clock, plan, weeks, progress)


def _introduce() -> None:
    """Who writes the letters; all of it reserved for examples, so that nothing can reach anybody."""
    Shop.objects.update(
        url="https://shop.example.com",
        sender_name=NAME,
        sender_email="hello@shop.example.com",
        postal_address="1 Example Street, London",
        phone="+44 20 7946 0000",
    )


def _import(log: FileLog, past: Sequence[Bought], people: dict[str, Person], clock: SetClock, place: Place) -> None:
    since: dict[str, datetime] = {}
    for one in past:
        since.setdefault(one.customer, one.at)
    import_file(history.customers_file(place.rejects, [people[c] for c in sorted(since)], since), "customers", place)
    entries = [history.imported(one, clock.now()) for one in past]
    for start in range(0, len(entries), FACTS_AT_ONCE):
        log.append(entries[start : start + FACTS_AT_ONCE])


def _settle(log: FileLog, clock: SetClock, progress: Progress) -> None:
    end = log.end()
    while loop.turn_once(log, clock, FACTS_AT_ONCE):
        progress("working through the history", min(collect.position(), end), end)


def _live_through(log: FileLog, clock: SetClock, plan: Plan, weeks: Weeks, progress: Progress) -> None:
    start = clock.now()
    total = round((plan.now - start) / STEP)
    while clock.now() < plan.now:
        step = STEP if plan.now - clock.now() > FINE else FINE_STEP
        clock.set(min(clock.now() + step, plan.now))
        if entries := weeks.until(clock.now()):
            log.append(entries)
        weeks.act(clock.now())
        _run(log, clock)
        weeks.notice(clock.now())
        progress("living through the last weeks", round((clock.now() - start) / STEP), total)


def _run(log: FileLog, clock: SetClock) -> None:
    """Everything that is due at this instant, messages included."""
    while True:
        loop.settle(log, clock)
        if not deliver.work(clock, 100):
            return
