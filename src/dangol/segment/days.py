"""How a segment's size went, day by day: one row for each day with a change, written with the change itself.

The size on a day is what it is now less all that came later: so a row holds only differences, and a change costs one
small row for each segment and batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.db import connection

from dangol.segment.models import Day
from dangol.segment.rules import Change, is_hidden

MOST_DAYS = 400
ADD = """
INSERT INTO segment_day (key, day, entered, gone, shifted) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (key, day) DO UPDATE SET entered = segment_day.entered + excluded.entered,
    gone = segment_day.gone + excluded.gone, shifted = segment_day.shifted + excluded.shifted
"""


@dataclass(frozen=True, slots=True)
class Size:
    """A segment on one day: how many were in it when the day ended, or are now; who entered and left in its course."""

    on: date
    size: int
    entered: int
    left: int


def count(changes: Iterable[Change], zone: tzinfo) -> None:
    """Add who entered and left to the days on which they did; those of whom nobody is told are a shift."""
    found: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for change in changes:
        row = found[change.segment, change.at.astimezone(zone).date()]
        if change.imported:
            row[2] += 1 if change.entered else -1
        else:
            row[0 if change.entered else 1] += 1
    _add([(key, day.isoformat(), row[0], row[1], row[2]) for (key, day), row in sorted(found.items())])


def shift(by: Mapping[str, int], now: datetime, zone: tzinfo) -> None:
    """Segments (key → difference) became larger or smaller, and nobody is told."""
    day = now.astimezone(zone).date().isoformat()
    _add([(key, day, 0, 0, difference) for key, difference in sorted(by.items()) if difference])


def _add(rows: Sequence[tuple[str, str, int, int, int]]) -> None:
    """Segments that nobody knows have no history."""
    if shown := [row for row in rows if not is_hidden(row[0])]:
        with connection.cursor() as cursor:
            cursor.executemany(ADD, shown)


def history(key: str, size: int, days: int, today: date) -> list[Size]:
    """The last `days` days with today, the oldest first; `size` is how many are in it now."""
    first = today - timedelta(days=min(max(days, 1), MOST_DAYS) - 1)
    rows = {row.day: row for row in Day.objects.filter(key=key, day__gte=first)}
    found = []
    for day in sorted({*rows, *(first + timedelta(days=n) for n in range((today - first).days + 1))}, reverse=True):
        row = rows.get(day) or Day(key=key, day=day)
        if day <= today:
            found.append(Size(day, size, row.entered, row.gone))
        size -= row.entered - row.gone + row.shifted
    return found[::-1]
