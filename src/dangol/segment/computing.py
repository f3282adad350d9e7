"""Segments whose members are being computed: beside the version before, which works until the new one is whole.

A new version is a row of its own. From the moment it stands the live path keeps it like any other and tells nobody;
whom it has judged meanwhile is noted (Touched). All history is judged outside any transaction, and what was found of
those whom the live path has not touched is written in short turns, by customer. At the end the new version takes the
key. So a restart goes on behind the last customer written, and saving again simply begins anew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Count

from dangol.base.turns import turn
from dangol.profile import reads as profile
from dangol.segment import days, rules, writing
from dangol.segment.active import COMING, all_active, at_work, rules_of, zone
from dangol.segment.engines import Plan
from dangol.segment.models import Computation, Member, Segment, Touched
from dangol.segment.waiting import UNDER_WAY, unclaimed

log = logging.getLogger("dangol.segment")

AT_ONCE = 20_000  # rows that one turn writes: a tenth of a second on SQLite
LEASE = timedelta(seconds=60)  # a process that says nothing for so long is not at it any more
PATIENCE = 30.0  # seconds
PAUSE = 0.02
SAID_EVERY = 1.0  # seconds between two words on how far judging is
JUDGING = 0.8  # of the work; the rest is writing
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Version:
    """A segment as it shall be."""

    key: str
    name: str
    rule: object
    version: int
    created_at: datetime
    updated_at: datetime
    filed: object = None


def version_of(row: Segment) -> Version:
    key = row.stands_for or row.key
    return Version(key, row.name, row.rule, row.version, row.created_at, row.updated_at, row.filed)


def begin(changed: Iterable[Version]) -> None:
    """Let these versions be computed, those that refer to them, and what waited already. Inside a turn."""
    new = {one.key: one for one in changed}
    waiting = list(Segment.objects.filter(state="computing"))
    coming = {row.stands_for: version_of(row) for row in waiting} | new
    put_aside([*waiting, *Segment.objects.filter(state="failed", stands_for__in=new)])  # others that failed wait
    active = {row.key: version_of(row) for row in all_active()}
    known = rules_of(_unsaved({**active, **coming}.values()), zone())
    wanted = set(coming).union(*(rules.referring(key, known) for key in coming))
    Computation.objects.exclude(state="done").exclude(segment__state="failed").delete()
    Touched.objects.all().delete()
    if not coming:
        return
    row = Computation.objects.create(of=profile.count())
    for key in sorted(wanted):
        one = coming.get(key) or active[key]
        hidden = _row(one, f"{key}@{row.pk}")
        hidden.stands_for, hidden.state, hidden.computation = key, "computing", row
        hidden.save()


def _unsaved(versions: Iterable[Version]) -> list[Segment]:
    return [_row(one, one.key) for one in versions]


def _row(one: Version, key: str) -> Segment:
    return Segment(
        key=key, name=one.name, rule=one.rule, version=one.version,
        created_at=one.created_at, updated_at=one.updated_at, filed=one.filed,
    )  # fmt: skip


def withdraw(key: str) -> None:
    """Give up a version that is not at work yet. Inside a turn."""
    rows = list(Segment.objects.filter(state__in=COMING))
    if any(row.stands_for == key for row in rows):
        put_aside([row for row in rows if row.stands_for == key])
        begin(())


def put_aside(rows: Iterable[Segment]) -> None:
    """Rows that are no version any more; sweep takes them and their members away, in short turns."""
    for row in rows:
        row.key, row.stands_for, row.state, row.computation = f"@{row.pk}", "", "gone", None
        row.save(update_fields=["key", "stands_for", "state", "computation"])


def finish(now: datetime) -> None:
    """Compute whatever waits, at `now`, and wait for what others are at; after PATIENCE it is left to them."""
    end = time.monotonic() + PATIENCE
    while Computation.objects.filter(state__in=UNDER_WAY).exists() and time.monotonic() < end:
        if not go_on(lambda: now):
            time.sleep(PAUSE)
    while sweep():
        pass


def go_on(now: Now) -> bool:
    """Compute what waits, to its end; whether there was anything. A failure is written down, and ends it."""
    row = _claim(now())
    if row is None:
        return False
    try:
        _compute(row, now)
    except DatabaseError:  # the store's trouble, not the rules': whoever looks next goes on
        Computation.objects.filter(pk=row.pk).update(leased_until=None)
        raise
    except Exception as error:
        log.exception("computing segments failed")
        with turn():
            Segment.objects.filter(computation=row, state="computing").update(state="failed")
            Computation.objects.filter(pk=row.pk).update(
                state="failed", error=f"{type(error).__name__}: {error}"[:1000], finished_at=now()
            )
    return True


def _claim(now: datetime) -> Computation | None:
    with turn():
        row = unclaimed(now).first()
        if row is not None:
            row.state, row.started_at, row.leased_until = "running", row.started_at or now, now + LEASE
            row.save(update_fields=["state", "started_at", "leased_until"])
    return row


def _compute(row: Computation, now: Now) -> None:
    started = now()
    coming = {one.key: one for one in at_work() if one.computation_id == row.pk}
    known = rules_of(at_work(), zone())
    plan = Plan(rules.with_references(coming, known), zone())
    found = writing.judge(plan, coming, started, _Progress(row, now))
    before = dict(Segment.objects.filter(state="active").values_list("key", "pk"))
    homes = {key: (one.pk, before.get(one.stands_for)) for key, one in coming.items()}
    for part in found.parts(row.after, AT_ONCE):
        with turn():
            if not _still(row):
                return
            writing.write(part, homes, started)
            row.after = part.high
            share = JUDGING + (1 - JUDGING) * part.share
            Computation.objects.filter(pk=row.pk).update(
                after=part.high, done=int(row.of * share), leased_until=now() + LEASE
            )
    with turn():
        if _still(row):
            _take_over(row, homes, now())


def _still(row: Computation) -> bool:
    """Whether nothing was saved meanwhile that began anew."""
    return Computation.objects.filter(pk=row.pk, state="running").exists()


class _Progress:
    """Writes down how far judging is, over a connection of its own: the one that reads may not write meanwhile."""

    def __init__(self, row: Computation, now: Now) -> None:
        self._row, self._now, self._said = row, now, time.monotonic()

    def __call__(self, share: float) -> None:
        if time.monotonic() - self._said < SAID_EVERY or connection.in_atomic_block:
            return
        self._said = time.monotonic()
        thread = threading.Thread(target=self._write, args=(share,))
        thread.start()
        thread.join()

    def _write(self, share: float) -> None:
        try:
            Computation.objects.filter(pk=self._row.pk, state="running").update(
                done=int(self._row.of * share * JUDGING), leased_until=self._now() + LEASE
            )
        finally:
            connection.close()


def _take_over(row: Computation, homes: Mapping[str, tuple[int, int | None]], now: datetime) -> None:
    """The new versions are whole: they take their keys, and those before go."""
    writing.keep_since(homes.values())
    coming = list(Segment.objects.filter(computation=row, state="computing"))
    before = list(Segment.objects.filter(key__in=[one.stands_for for one in coming]))
    sizes = _sizes([one.pk for one in (*coming, *before)])
    grown = Counter({one.stands_for: sizes.get(one.pk, 0) for one in coming})
    grown.subtract({one.key: sizes.get(one.pk, 0) for one in before})
    put_aside(before)
    days.shift(grown, now, zone())
    for one in coming:
        one.key, one.stands_for, one.state = one.stands_for, "", "active"
        one.save(update_fields=["key", "stands_for", "state"])
    Touched.objects.all().delete()
    Computation.objects.filter(pk=row.pk).update(state="done", done=row.of, finished_at=now, leased_until=None)
    Computation.objects.filter(state="done", segment__isnull=True).exclude(pk=row.pk).delete()


def _sizes(ids: Collection[int]) -> dict[int, int]:
    rows = Member.objects.filter(segment_id__in=ids).values_list("segment_id")
    return dict(rows.annotate(size=Count("customer_id")))


def work(now: Now) -> None:
    """Everything that waits: members to compute, and those of versions that are gone to take away."""
    while go_on(now) or sweep():
        pass


def sweep(most: int = AT_ONCE) -> bool:
    """Take away some rows of versions that are gone; whether there were any."""
    row = Segment.objects.filter(state="gone").first()
    if row is None:
        return False
    with turn():
        ids = list(
            Member.objects.filter(segment=row).order_by("customer_id").values_list("customer_id", flat=True)[:most]
        )
        if ids:
            Member.objects.filter(segment=row, customer_id__lte=ids[-1]).delete()
        if len(ids) < most:
            row.delete()
    return True
