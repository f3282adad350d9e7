"""The leaf `rfm`: eleven named cells of a fixed grid of how lately and how often somebody ordered.

The vendors' grids differ; this one is absolute, so that a name means the same in a small shop and a large one and a
customer moves at an instant that can be told beforehand. R is the age of the newest order, F the number of orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dangol.segment.language import DAY, All, AnyOf, Events, Measure, Name, Order, Picked, Rule, Window
from dangol.segment.operands import Reading, below
from dangol.segment.shapes import Shape, only

ORDER = Name("Order Completed")
OLDEST_DAYS = {5: 30, 4: 90, 3: 180, 2: 365}  # R → the newest order is at most so many days old; R 1: older than all
FEWEST = {1: 1, 2: 2, 3: 3, 4: 5, 5: 8}  # F → at least so many orders


@dataclass(frozen=True, slots=True)
class Cell:
    """A rectangle of the grid: from and to, both ends in it."""

    r: tuple[int, int]
    f: tuple[int, int]


CELLS = {
    "champions": Cell((4, 5), (4, 5)),
    "loyal": Cell((3, 3), (4, 5)),
    "potential-loyalist": Cell((4, 5), (2, 3)),
    "new": Cell((5, 5), (1, 1)),
    "promising": Cell((4, 4), (1, 1)),
    "needs-attention": Cell((3, 3), (2, 3)),
    "about-to-sleep": Cell((3, 3), (1, 1)),
    "at-risk": Cell((1, 2), (3, 4)),
    "cant-lose": Cell((1, 2), (5, 5)),
    "hibernating": Cell((2, 2), (1, 2)),
    "lost": Cell((1, 1), (1, 2)),
}


def rfm(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """In any of the named cells. Who never ordered is in none."""
    known = only(reading, pointer, shape, "rfm", "in")
    if shape["rfm"] != "cell":
        reading.refuse(below(pointer, "rfm"), shape["rfm"], "cell")
        return None
    names = _names(reading, below(pointer, "in"), shape.get("in"))
    if not known or names is None:
        return None
    return AnyOf(tuple(_inside(CELLS[name]) for name in names))


def _names(reading: Reading, pointer: str, value: Any) -> list[str] | None:
    if not isinstance(value, list):
        reading.refuse(pointer, value, f"a list of {', '.join(CELLS)}")
        return None
    unknown = [(place, name) for place, name in enumerate(value) if not (isinstance(name, str) and name in CELLS)]
    for place, name in unknown:
        reading.refuse(below(pointer, place), name, ", ".join(CELLS))
    return None if unknown else list(dict.fromkeys(value))


def _inside(cell: Cell) -> Rule:
    low, high = cell.r
    after = OLDEST_DAYS[high + 1] * DAY + 1 if high < 5 else 0
    until = OLDEST_DAYS[low] * DAY if low > 1 else None
    first, last = cell.f
    most = FEWEST[last + 1] - 1 if last < 5 else None
    often = Measure("count", None, Order(FEWEST[first], most))
    return All((Picked(True, ORDER, window=Window(after, until)), Events(ORDER, measure=often)))
