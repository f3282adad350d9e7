"""What the facts of one customer add up to, block by block of its past: enough for leaves to go on without the facts.

A block is a span of time with some hundred facts of any name. For each leaf that measures events it has what its facts
come to if all of them lie in the leaf's window, and the first and the last of them. At an instant a block lies wholly
within the window, wholly without, or across an end of it; only of the last kind the facts are read again, and with them
the blocks of a few facts that a leaf picks: the newest or oldest event, the present value of a trait. Whichever blocks
are read, they are read for all leaves of the group, and count by their facts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dangol.segment.language import Events, Window
from dangol.segment.steady import only_whether

BLOCK = 256  # facts
EVER, NEVER = -(2**62), 2**62  # before and behind every instant

Instants = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Figures = NDArray[np.float64]
Measures = dict[str, Any]  # a customer's row of the table of measures


@dataclass(slots=True)
class Sums:
    """What the facts that one leaf counts come to: a figure for each block."""

    counted: Instants  # how many
    first: Instants  # the earliest of them; NEVER where there is none
    last: Instants  # EVER where there is none
    entering: Instants  # how many have a value that enters the measure
    value: Figures  # the sum, the least or the greatest of these
    keys: list[list[str]]  # of a leaf about different values: which there are

    @classmethod
    def nothing(cls, blocks: int) -> Sums:
        none = np.zeros(blocks, np.int64)
        return cls(none, none + NEVER, none + EVER, none.copy(), np.zeros(blocks), [[] for _ in range(blocks)])

    def put(self, blocks: Booleans, other: Sums) -> Sums:
        """As many blocks as `other` has: its figures in these blocks, in the others our own."""
        arrays = [_put(getattr(self, name), blocks, getattr(other, name)) for name in ARRAYS]
        counted, first, last, entering, value = arrays
        keys = [theirs if put else self.keys[n] for n, (put, theirs) in enumerate(zip(blocks, other.keys, strict=True))]
        return Sums(counted, first, last, entering, value, keys)


ARRAYS = ("counted", "first", "last", "entering", "value")


def _put(ours: NDArray[Any], blocks: Booleans, theirs: NDArray[Any]) -> NDArray[Any]:
    found = theirs.copy()
    kept = ~blocks[: len(ours)]
    found[: len(ours)][kept] = ours[kept]
    return found


@dataclass(slots=True)
class Kept:
    """All blocks of one customer and group of leaves."""

    ends: Instants  # the last instant of each block; a block begins behind the one before
    sums: dict[int, Sums]  # by number of the leaf
    picks: Instants  # of facts whose blocks are always read

    @property
    def until(self) -> int:
        """Facts up to this instant stand in blocks."""
        return int(self.ends[-1]) if len(self.ends) else EVER

    @property
    def begins(self) -> Instants:
        return np.concatenate([np.array([EVER], np.int64), self.ends])[:-1]


NOTHING = Kept(np.zeros(0, np.int64), {}, np.zeros(0, np.int64))


def edges(windows: Iterable[Window], t: int) -> set[int]:
    """Instants that part what counts at t from what does not: the first that counts, or the first that does not."""
    found = set[int]()
    for window in windows:
        found |= {t - window.until} if window.until is not None else set()
        found |= {t - window.after + 1} if window.after else set()
    return found


def to_read(kept: Kept, between: Iterable[int]) -> Booleans:
    """The blocks whose facts have to be read, where windows end at `between`."""
    begins, ends = kept.begins, kept.ends
    read = np.zeros(len(ends), np.bool_)
    for edge in between:
        read |= (begins + 1 < edge) & (edge <= ends)
    read[np.searchsorted(ends, kept.picks)] = True
    return read


def spans(kept: Kept, read: Booleans) -> list[tuple[int, int]]:
    """The blocks to read and all behind the last, as spans of time; the first instant of a span is not in it."""
    found: list[tuple[int, int]] = []
    parts = [(int(a), int(b)) for a, b in zip(kept.begins[read], kept.ends[read], strict=True)]
    for first, last in [*parts, (kept.until, NEVER)]:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def add(
    measures: Measures, number: int, rule: Events, sums: Sums, apart: Booleans, t: int, keys: set[str] | None = None
) -> None:
    """Add to a customer's measures of one leaf what the blocks `apart`, whose facts were not read, come to.

    `keys`: of a leaf about different values, those in the facts that were read.
    """
    window = rule.window
    has = apart & (sums.counted > 0)
    inside = has if window.until is None else has & (sums.first >= t - window.until)
    if window.after:
        coming = has & (sums.first > t - window.after)
        inside = inside & (sums.last <= t - window.after)
        _least(measures, f"e{number}", [int(sums.first[coming].min()) + window.after] if coming.any() else [])
    if not inside.any():
        return
    if f"o{number}" in measures and window.until is not None:
        beyond = window.until + 1
        if only_whether(rule.measure):
            _greatest(measures, f"o{number}", [int(sums.last[inside].max()) + beyond])
        else:
            _least(measures, f"o{number}", [int(sums.first[inside].min()) + beyond])
    if keys is not None:
        measures[f"n{number}"] = len(keys.union(*(sums.keys[block] for block in np.flatnonzero(inside))))
    else:
        _measure(measures, number, rule, sums, inside)


def _measure(measures: Measures, number: int, rule: Events, sums: Sums, inside: Booleans) -> None:
    name, kind = f"n{number}", rule.measure.kind
    if kind == "count":
        measures[name] = (measures[name] or 0) + int(sums.counted[inside].sum())
        return
    entering = inside & (sums.entering > 0)
    if not entering.any():
        return
    figures = [float(value) for value in sums.value[entering]]
    if kind == "min":
        _least(measures, name, figures)
    elif kind == "max":
        _greatest(measures, name, figures)
    else:
        measures[name] = sum([measures[name] or 0.0, *figures])
        measures[f"k{number}"] = (measures[f"k{number}"] or 0) + int(sums.entering[entering].sum())


def _least(measures: Measures, name: str, values: Sequence[Any]) -> None:
    measures[name] = min([one for one in (measures[name], *values) if one is not None], default=None)


def _greatest(measures: Measures, name: str, values: Sequence[Any]) -> None:
    measures[name] = max([one for one in (measures[name], *values) if one is not None], default=None)
