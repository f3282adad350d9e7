"""Who moved where on the RFM grid between two days: from all their orders, so that any two days can be compared. Pure.

No history of labels is kept: orders are, and a label follows from them (segment/grid.py has the grid).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dangol.harvest.history import Ints, Orders
from dangol.segment.grid import CELLS, FEWEST, OLDEST_DAYS

DAY_US = 86_400_000_000
NOBODY = "none"  # before the first order
NAMES = (*CELLS, NOBODY)


@dataclass(frozen=True, slots=True)
class Move:
    """How many customers were in one cell and are in another, or the same."""

    before: str
    after: str
    customers: int


def labels(orders: Orders, customers: Ints, at: int) -> Ints:
    """Each customer's cell at an instant (µs), as a place in NAMES. `customers` are sorted and hold all buyers."""
    early = orders.at <= at
    place = np.searchsorted(customers, orders.customers[early])
    often = np.bincount(place, minlength=len(customers))
    newest = np.full(len(customers), np.iinfo(np.int64).min)
    np.maximum.at(newest, place, orders.at[early])
    age = at - newest
    r = 1 + sum((age <= days * DAY_US).astype(np.int64) for days in OLDEST_DAYS.values())
    f = sum((often >= least).astype(np.int64) for least in FEWEST.values())
    found = np.full(len(customers), NAMES.index(NOBODY))
    for number, cell in enumerate(CELLS.values()):
        inside = (r >= cell.r[0]) & (r <= cell.r[1]) & (f >= cell.f[0]) & (f <= cell.f[1])
        found[inside & (often > 0)] = number
    return found


def moves(orders: Orders, before: int, after: int) -> list[Move]:
    """Everybody who had bought by the later instant, by where they were and are; the most first."""
    _, was, is_ = _both(orders, before, after)
    counts = Counter(zip(was.tolist(), is_.tolist(), strict=True))
    found = [Move(NAMES[one], NAMES[other], count) for (one, other), count in counts.items()]
    return sorted(found, key=lambda move: (-move.customers, NAMES.index(move.before), NAMES.index(move.after)))


def movers(orders: Orders, before: int, after: int, one: str, other: str) -> list[int]:
    """Who was in one cell and is in the other; an empty name stands for any."""
    customers, was, is_ = _both(orders, before, after)
    chosen = np.ones(len(customers), np.bool_)
    for name, place in ((one, was), (other, is_)):
        if name:
            chosen &= place == NAMES.index(name)
    return list(map(int, customers[chosen]))


def _both(orders: Orders, before: int, after: int) -> tuple[Ints, Ints, Ints]:
    seen = orders.where(orders.at <= after)
    customers = np.unique(seen.customers)
    return customers, labels(seen, customers, before), labels(seen, customers, after)


# --- the picture ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A cell on one side of the picture."""

    name: str
    customers: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Those who went from a cell on the left to one on the right; the middle of its ends, and how thick it is."""

    move: Move
    left: float
    right: float
    width: float


@dataclass(frozen=True, slots=True)
class Flow:
    """A Sankey picture in its own units: as high as `height`."""

    left: list[Block]
    right: list[Block]
    ribbons: list[Ribbon]
    height: float


GAP, HEIGHT, THINNEST = 10.0, 420.0, 1.0


def flow(found: Sequence[Move]) -> Flow | None:
    """Where blocks and ribbons lie; None where nobody has bought."""
    everybody = sum(move.customers for move in found)
    if not everybody:
        return None
    sides = [[(name, sum(m.customers for m in found if side(m) == name)) for name in NAMES] for side in (_was, _is)]
    kept = [[(name, count) for name, count in side if count] for side in sides]
    scale = (HEIGHT - GAP * (max(map(len, kept)) - 1)) / everybody
    left, right = (_stacked(side, scale) for side in kept)
    order = sorted(found, key=lambda move: (NAMES.index(move.before), NAMES.index(move.after)))
    starts = _offsets(order, left, scale, _was)
    ends = _offsets(sorted(order, key=lambda m: (NAMES.index(m.after), NAMES.index(m.before))), right, scale, _is)
    ribbons = [Ribbon(m, starts[m], ends[m], max(m.customers * scale, THINNEST)) for m in order]
    return Flow(left, right, ribbons, HEIGHT)


def _was(move: Move) -> str:
    return move.before


def _is(move: Move) -> str:
    return move.after


def _stacked(side: Sequence[tuple[str, int]], scale: float) -> list[Block]:
    blocks, y = [], 0.0
    for name, count in side:
        blocks.append(Block(name, count, round(y, 1), round(max(count * scale, THINNEST), 1)))
        y += count * scale + GAP
    return blocks


def _offsets(
    order: Sequence[Move], blocks: Sequence[Block], scale: float, side: Callable[[Move], str]
) -> dict[Move, float]:
    """The middle of each ribbon's end on one side."""
    used = {block.name: block.y for block in blocks}
    found = {}
    for move in order:
        name, thick = side(move), move.customers * scale
        found[move] = round(used[name] + thick / 2, 1)
        used[name] += thick
    return found
