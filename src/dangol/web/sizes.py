"""The picture of a segment's size by the day: a line, and bars up for who entered, down for who left. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import dropwhile
from typing import Protocol

WIDTH, LINE, BARS = 600.0, 120.0, 34.0  # of the drawing; the line's height, and the bars' to either side


class Day(Protocol):
    """What is known of one day."""

    @property
    def on(self) -> date: ...
    @property
    def size(self) -> int: ...
    @property
    def entered(self) -> int: ...
    @property
    def left(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's coming and going, with the words for who looks closely."""

    x: float
    width: float
    up: float  # height of those who entered
    down: float
    day: Day


@dataclass(frozen=True, slots=True)
class SizePicture:
    """Drawn in WIDTH × (LINE + 2 BARS), all from left to right."""

    line: str  # the points of the size
    area: str  # the same, closed at the bottom
    bars: list[Bar]
    first: Day
    last: Day
    least: int
    most: int
    entered: int
    left: int


def picture(days: Sequence[Day]) -> SizePicture | None:
    """From the first day on which anybody was in it; None for fewer than two days."""
    days = list(dropwhile(lambda day: not (day.size or day.entered or day.left), days))
    if len(days) < 2:
        return None
    sizes = [day.size for day in days]
    least, most = min(sizes), max(sizes)
    floor = 0 if least < most / 2 else least - (most - least) * 0.25
    room = max(most - floor, 1)
    step = WIDTH / (len(days) - 1)
    points = [f"{n * step:.1f},{LINE - 6 - (size - floor) / room * (LINE - 14):.1f}" for n, size in enumerate(sizes)]
    busiest = max(max(day.entered, day.left) for day in days) or 1
    width = min(step * 0.7, 9.0)
    bars = [
        Bar(
            x=round(min(max(n * step - width / 2, 0), WIDTH - width), 1),
            width=round(width, 1),
            up=round(BARS * day.entered / busiest, 1),
            down=round(BARS * day.left / busiest, 1),
            day=day,
        )
        for n, day in enumerate(days)
        if day.entered or day.left
    ]
    return SizePicture(
        line=" ".join(points),
        area=f"0,{LINE:.1f} {' '.join(points)} {WIDTH:.1f},{LINE:.1f}",
        bars=bars,
        first=days[0],
        last=days[-1],
        least=least,
        most=most,
        entered=sum(day.entered for day in days),
        left=sum(day.left for day in days),
    )
