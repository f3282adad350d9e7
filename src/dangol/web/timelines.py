"""The picture of a leaf's time: what it looks at, the facts that decide it, now, and when that changes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LEFT, RIGHT = 2.0, 98.0  # per cent of the width, so that marks at the ends are not cut
ALONE = timedelta(days=30)  # shown around now where nothing else says how much
SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact on the line."""

    x: float
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything by its place from left to right, in per cent of the width."""

    first: datetime
    last: datetime
    looks_x: float
    looks_width: float
    open_before: bool  # it looks back without end
    marks: list[Mark]
    now_x: float
    flip_x: float | None
    flip: datetime | None

    @property
    def flip_side(self) -> str:
        """On which side of its line the words about the change have room."""
        return "end" if (self.flip_x or 0) > 50 else "start"

    @property
    def now_side(self) -> str:
        return "end" if self.now_x > 88 else "start" if self.now_x < 12 else "middle"


def picture(
    facts: Sequence[tuple[str, datetime]],
    looks: tuple[datetime | None, datetime | None],
    now: datetime,
    flip: datetime | None,
) -> Picture | None:
    """None where there is nothing to see: no fact, no beginning of the window and no change to come."""
    begins, ends = looks
    if not facts and begins is None and flip is None:
        return None
    told = [at for _, at in facts] + [at for at in (begins, ends, flip) if at is not None] + [now]
    first, last = min(told), max(told)
    if last - first < SHORTEST:
        first = now - ALONE
    room = (last - first) * 0.06
    scale = _Scale(first - room if begins is None else first, last + (room if last == now else timedelta(0)))
    start = LEFT if begins is None else scale.x(begins)
    end = scale.x(ends) if ends else scale.x(now)
    return Picture(
        first=scale.first,
        last=scale.last,
        looks_x=start,
        looks_width=round(max(end - start, 0.5), 2),
        open_before=begins is None,
        marks=[Mark(scale.x(at), name, at) for name, at in facts],
        now_x=scale.x(now),
        flip_x=None if flip is None else scale.x(flip),
        flip=flip,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: datetime
    last: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.first) / (self.last - self.first)
        return round(LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0), 2)
