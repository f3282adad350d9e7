"""What a computation has found, and how it is written: by customer, in parts, around whom the live path has touched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from django.db import connection
from django.db.models import QuerySet
from numpy.typing import NDArray

from dangol.base.clock import to_us
from dangol.profile import reads as profile
from dangol.segment import everybody
from dangol.segment.engines import Plan
from dangol.segment.evaluation import LATEST
from dangol.segment.models import Member, Touched

# By hand: a hundred thousand rows through the ORM take longer than judging as many customers.
ENTER = "INSERT INTO segment_member (segment_id, customer_id, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
FLIP = """
INSERT INTO segment_flip (customer_id, at) VALUES (%s, %s)
ON CONFLICT (customer_id) DO UPDATE SET at = excluded.at WHERE excluded.at < segment_flip.at
"""
SINCE = """
UPDATE segment_member SET since = (
    SELECT before.since FROM segment_member AS before
    WHERE before.segment_id = %s AND before.customer_id = segment_member.customer_id
) WHERE segment_id = %s AND customer_id IN (SELECT customer_id FROM segment_touched) AND EXISTS (
    SELECT 1 FROM segment_member AS before
    WHERE before.segment_id = %s AND before.customer_id = segment_member.customer_id
)
"""
Ids = NDArray[np.int64]
Home = tuple[int, int | None]  # the id of a version, and of the one before it


@dataclass(frozen=True, slots=True)
class Part:
    """Of the customers behind `low` up to `high`: who is in what, and when each may flip next (µs)."""

    low: int
    high: int
    share: float  # of everything, with what came before
    members: Mapping[str, list[int]]
    flips: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """Who is in what, and every next flip; all by customer."""

    members: Mapping[str, Ids]
    flipping: Ids
    flips: Ids

    def parts(self, after: int, most: int) -> Iterator[Part]:
        """Everything behind the customer `after`, about `most` rows at a time, no customer in two parts."""
        rows = np.sort(np.concatenate([self.flipping, *self.members.values()]))
        start, low = int(np.searchsorted(rows, after, side="right")), after
        while start < len(rows):
            high = int(rows[min(start + most, len(rows)) - 1])
            start = int(np.searchsorted(rows, high, side="right"))
            members = {key: _between(ids, low, high).tolist() for key, ids in self.members.items()}
            first, last = np.searchsorted(self.flipping, [low, high], side="right")
            flips = zip(self.flipping[first:last].tolist(), self.flips[first:last].tolist(), strict=True)
            yield Part(low, high, start / len(rows), members, list(flips))
            low = high


def _between(ids: Ids, low: int, high: int) -> Ids:
    first, last = np.searchsorted(ids, [low, high], side="right")
    return ids[first:last]


def judge(plan: Plan, keys: Collection[str], now: datetime, say: Callable[[float], None]) -> Found:
    """Judge everybody; `say` is told the share that is done, after every part. Nothing is written."""
    numbers = {key: f"m{plan.keys.index(key)}" for key in keys}
    turning = [f"w{number}" for number in range(len(plan.keys))]
    members: dict[str, list[Ids]] = {key: [np.empty(0, dtype=np.int64)] for key in keys}
    flips = [np.empty((0, 2), dtype=np.int64)]
    count, done = max(profile.count(), 1), 0
    for frame in everybody.judge(plan, to_us(now), [*numbers.values(), *turning]):
        for key, column in numbers.items():
            members[key].append(frame.filter(pl.col(column))["customer_id"].to_numpy())
        least = frame.select("customer_id", at=pl.min_horizontal(turning)).filter(pl.col("at") <= LATEST)
        flips.append(least.to_numpy())
        done += frame.height
        say(min(done / count, 1.0))
    every = np.concatenate(flips)
    every = every[np.argsort(every[:, 0], kind="stable")]
    return Found({key: np.sort(np.concatenate(found)) for key, found in members.items()}, every[:, 0], every[:, 1])


def write(part: Part, homes: Mapping[str, Home], now: datetime) -> None:
    """Members and flips of one part. Whom the live path has touched is left as it wrote them. Inside a turn."""
    touched = set(_within(Touched.objects.all(), part).values_list("customer_id", flat=True))
    at = to_us(now)
    with connection.cursor() as cursor:
        for key, (number, before) in homes.items():
            since = _since(before, part)
            rows = [(number, one, since.get(one, at)) for one in part.members[key] if one not in touched]
            if rows:
                cursor.executemany(ENTER, rows)
        flips = [flip for flip in part.flips if flip[0] not in touched]
        if flips:
            cursor.executemany(FLIP, flips)


def _since(before: int | None, part: Part) -> dict[int, int]:
    """Since when those of the version before are in it: who stays in it has been in it since then."""
    if before is None:
        return {}
    rows = _within(Member.objects.filter(segment_id=before), part).values_list("customer_id", "since")
    return {customer: to_us(since) for customer, since in rows}


def _within(rows: QuerySet[Any], part: Part) -> QuerySet[Any]:
    return rows.filter(customer_id__gt=part.low, customer_id__lte=part.high)


def keep_since(homes: Iterable[Home]) -> None:
    """The same for whom the live path has touched. Inside a turn."""
    with connection.cursor() as cursor:
        for number, before in homes:
            if before is not None:
                cursor.execute(SINCE, [before, number, before])
