"""A shop with many customers, quickly: some thousand come in through the loop, their rows are copied for the rest.

Runs as a process of its own: `python -m dangol.bench.stored FOLDER CUSTOMERS SEED SEGMENTS`. Modules that need Django
are imported once the folder is known.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import random
import sqlite3
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dangol.bench.segments_of import hundred
from dangol.bench.visits import Visits

PROBE = "bench-probe"  # the segment and the event of the bench's own facts
PATTERNS = 5_000  # customers that come in through the loop
YEAR = 365 * 86_400  # seconds

# What of each table changes in the n-th copy; everything else is copied as it is. `{of}` names the pattern's greatest
# number of a kind; text between tildes is a customer's number.
NUMBER = "replace({}, '~' || (customer_id - 1) || '~', '~' || (customer_id - 1 + n * {{customers}}) || '~')"
CUSTOMER, OWN = "customer_id + n * {customers}", "id + n * {own}"
COPIED: dict[str, dict[str, str]] = {
    "identity_customer": {"id": "id + n * {customers}"},
    "identity_identifier": {
        "id": "id + n * {identifiers}", "value": NUMBER.format("value"), "customer_id": CUSTOMER,
        "home": "home + n * {customers}",
    },
    "identity_link": {
        "id": OWN, "left_id": "left_id + n * {identifiers}", "right_id": "right_id + n * {identifiers}",
    },
    "profile_fact": {
        "customer_id": CUSTOMER, "position": "position + n * {positions}", "traits": NUMBER.format("traits"),
        "identifier_id": "identifier_id + n * {identifiers}",
    },
    "profile_profile": {
        "customer_id": CUSTOMER,
        **{name: NUMBER.format(name) for name in ("user_id", "email", "traits", "trait_versions", "tally")},
    },
    "profile_order": {
        "id": OWN, "customer_id": CUSTOMER, "order_id": "order_id || '-' || n",
        "position": "position + n * {positions}",
    },
    "segment_member": {"customer_id": CUSTOMER},
    "segment_flip": {"customer_id": CUSTOMER},
}  # fmt: skip
COPIES_AT_ONCE = 20


def fill(folder: Path, customers: int, seed: int, segments: int, patterns: int = PATTERNS) -> None:
    """Let a shop that is not served have `segments` active segments and `customers` customers with two to four facts
    each, of the last year; its copy in columns is made, and what is done once a day counts as done.
    """
    _set_up(folder)
    patterns = min(customers, patterns)
    _put_segments(segments)
    positions = _work_through(folder, patterns, seed)
    _copy(folder, patterns, customers // patterns - 1, positions)
    _keep_columns()
    _draw_lots()
    _skip_chores()


def _set_up(folder: Path) -> None:
    os.environ["DANGOL_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django

    django.setup()


def _put_segments(count: int) -> None:
    """Nobody is there yet, so there is nothing to compute."""
    from dangol.base.clock import SystemClock
    from dangol.segment.models import Segment

    Segment.objects.all().delete()
    now = SystemClock().now()
    wanted = dict(list(hundred().items())[: count - 1]) | {PROBE: {"event": PROBE, "within": "30d"}}
    Segment.objects.bulk_create(
        Segment(key=key, name=key, rule=rule, created_at=now, updated_at=now) for key, rule in wanted.items()
    )


def _work_through(folder: Path, patterns: int, seed: int) -> int:
    """The pattern's facts, told as imported ones so that nobody hears of them; the last position."""
    from dangol import loop
    from dangol.base.clock import SystemClock, to_us
    from dangol.base.instants import iso
    from dangol.collect import steps as collect
    from dangol.collect.log import Entry

    clock, log, rng = SystemClock(), collect.own_log(), random.Random(seed)
    now, visits = clock.now(), Visits(seed)
    entries = [
        Entry("site", event["messageId"], to_us(now), msgspec.json.encode(event | {"timestamp": iso(at)}), True)
        for customer in range(patterns)
        for event, at in _spread([*visits.first(customer), visits.next(customer)], now, rng)
    ]
    log.append(entries)
    loop.settle(log, clock)
    return log.end()


def _spread(
    events: list[dict[str, Any]], now: datetime, rng: random.Random
) -> Iterator[tuple[dict[str, Any], datetime]]:
    ages = sorted((int(YEAR * rng.random() ** 2) for _ in events), reverse=True)
    for event, age in zip(events, ages, strict=True):
        yield event, now - timedelta(seconds=age + 1, microseconds=rng.randrange(1_000_000))


def _copy(folder: Path, patterns: int, copies: int, positions: int) -> None:
    with sqlite3.connect(folder / "state.db") as state:
        for pragma in ("synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY", "foreign_keys=OFF"):
            state.execute(f"PRAGMA {pragma}")
        identifiers = _greatest(state, "identity_identifier")
        for table, changes in COPIED.items():
            own = _greatest(state, table) if changes.get("id") == OWN else 0
            sums = {"customers": patterns, "identifiers": identifiers, "positions": positions, "own": own}
            _copy_table(state, table, {name: told.format(**sums) for name, told in changes.items()}, copies)
        state.execute("UPDATE collect_cursor SET position = ?", (positions * (copies + 1),))
    with sqlite3.connect(folder / "log.db") as log:  # what comes next stands behind the copies
        log.execute("UPDATE fact SET position = ? WHERE position = ?", (positions * (copies + 1), positions))


def _greatest(state: sqlite3.Connection, table: str) -> int:
    return int(state.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])  # noqa: S608


def _copy_table(state: sqlite3.Connection, table: str, changes: dict[str, str], copies: int) -> None:
    names = [str(row[1]) for row in state.execute(f"PRAGMA table_info({table})")]
    told = ", ".join(changes.get(name, f'"{name}"') for name in names)
    state.execute(f"CREATE TEMP TABLE pattern AS SELECT * FROM {table}")  # noqa: S608
    for first in range(1, copies + 1, COPIES_AT_ONCE):
        last = min(first + COPIES_AT_ONCE - 1, copies)
        state.execute(
            f"WITH RECURSIVE numbers(n) AS (VALUES({first}) UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"  # noqa: S608
            f" INSERT INTO {table} SELECT {told} FROM numbers CROSS JOIN pattern"
        )
        state.commit()
    state.execute("DROP TABLE pattern")


def _keep_columns() -> None:
    from dangol.base.clock import SystemClock
    from dangol.profile.columns import keeping

    keeping.keep(SystemClock().now())


def _draw_lots() -> None:
    """Segments that draw lots by the customer's number, and what refers to them, hold others than the copies say."""
    from dangol.base.clock import SystemClock
    from dangol.base.turns import turn
    from dangol.segment import computing, rules
    from dangol.segment.active import all_active, rules_of, zone
    from dangol.segment.language import Bucket, primitives

    known, now = rules_of(all_active(), zone()), SystemClock().now()
    lots = {key for key, rule in known.items() if any(isinstance(one, Bucket) for one in primitives(rule))}
    lots = lots.union(*(rules.referring(key, known) for key in lots))
    with turn():
        computing.begin(computing.version_of(row) for row in all_active() if row.key in lots)
    computing.finish(now)


def _skip_chores() -> None:
    """Today's recount and audit of everybody are another matter than what a bench measures."""
    from dangol.base.clock import SystemClock
    from dangol.profile.models import Recount
    from dangol.profile.recounting import BEGINS
    from dangol.segment import audits
    from dangol.segment.active import zone
    from dangol.segment.models import Audit

    now, here = SystemClock().now(), zone()
    for later in (timedelta(0), timedelta(days=1)):
        day = (now.astimezone(here) - BEGINS + later).date().isoformat()
        Recount.objects.create(day=day, finished_at=now)
        Audit.objects.create(day=audits.day_of(now + later), finished_at=now)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
