"""Blocks of the past are closed: from the facts that were read, what they come to for each leaf.

What was read is enough for that: all facts of the blocks that are closed or made anew, and of the others those that
decide which facts leaves pick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
import polars as pl

from dangol.segment.blocks import BLOCK, EVER, NEVER, Booleans, Instants, Kept, Sums
from dangol.segment.language import SUMMED_BELOW, Events, Picked, Trait, Window
from dangol.segment.needs import KEY, NUMBER, Needs
from dangol.segment.steady import newest_decides

Rules = Sequence[tuple[int, Events | Picked | Trait]]


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one customer that were read."""

    marked: pl.DataFrame  # those that leaves look at: c3, whether leaf 3 does
    spells: pl.DataFrame  # what traits were: path, since, held


def ends_of(ats: Instants, t: int) -> list[int]:
    """The last instants of blocks, of facts behind the last block; those of the last BLOCK facts stay open."""
    ends: list[int] = []
    start, stop = 0, int(np.searchsorted(ats, t, "right"))
    while stop - start >= 2 * BLOCK:
        ends.append(int(ats[start + BLOCK - 1]))
        start = int(np.searchsorted(ats, ends[-1], "right"))
    return ends


def closed(kept: Kept, facts: Facts, changed: Booleans, further: Sequence[int], rules: Rules, needs: Needs) -> Kept:
    """The blocks, those that have `changed` made anew from the facts, and those that end at `further` instants."""
    ends = np.concatenate([kept.ends, np.array(further, np.int64)])
    anew = np.concatenate([changed, np.ones(len(ends) - len(changed), np.bool_)])
    sums: dict[int, Sums] = {}
    for number, rule in rules:
        if summed(rule):
            made = _sums(facts.marked, number, rule, ends, anew, needs)
            sums[number] = kept.sums[number].put(anew, made) if number in kept.sums else made
    until = int(ends[-1]) if len(ends) else EVER
    picks = {at for number, rule in rules for at in _picks(facts, number, rule, until, needs)}
    return Kept(ends, sums, np.array(sorted(picks), np.int64))


def summed(rule: Events | Picked | Trait) -> TypeGuard[Events]:
    """Whether blocks have sums for a leaf; others pick facts."""
    return isinstance(rule, Events) and not newest_decides(rule)


def in_bounds(ats: Instants, window: Window) -> Booleans:
    """Whether instants lie within the fixed ends of a window."""
    return (ats >= (EVER if window.low is None else window.low)) & (
        ats <= (NEVER if window.high is None else window.high)
    )


def _sums(marked: pl.DataFrame, number: int, rule: Events, ends: Instants, anew: Booleans, needs: Needs) -> Sums:
    found = Sums.nothing(len(ends))
    if not len(ends):
        return found
    facts = marked.filter(pl.col(f"c{number}"), pl.col("at") <= int(ends[-1]))
    ats = facts["at"].to_numpy()
    block = np.searchsorted(ends, ats)
    mine = anew[block] & in_bounds(ats, rule.window)
    ats, block = ats[mine], block[mine]
    found.counted += np.bincount(block, minlength=len(ends))
    np.minimum.at(found.first, block, ats)
    np.maximum.at(found.last, block, ats)
    if rule.measure.of is not None:
        distinct = rule.measure.kind == "distinct"
        values = facts[needs.events.columns[rule.measure.of, KEY if distinct else NUMBER]].filter(pl.Series(mine))
        if rule.measure.kind in {"sum", "average"}:
            values = values.to_frame("v").select(pl.when(pl.col("v").abs() < SUMMED_BELOW).then("v")).to_series()
        there = values.is_not_null().to_numpy()
        _enter(found, rule.measure.kind, block[there], values.drop_nulls())
    return found


def _enter(found: Sums, kind: str, block: Instants, values: pl.Series) -> None:
    found.entering += np.bincount(block, minlength=len(found.entering))
    if kind == "distinct":
        keys: list[set[str]] = [set() for _ in found.keys]
        for place, key in zip(block.tolist(), values.to_list(), strict=True):
            keys[place].add(key)
        found.keys = [sorted(one) for one in keys]
    elif kind == "min":
        found.value += np.inf
        np.minimum.at(found.value, block, values.to_numpy())
    elif kind == "max":
        found.value -= np.inf
        np.maximum.at(found.value, block, values.to_numpy())
    else:
        found.value += np.bincount(block, values.to_numpy(), minlength=len(found.value))


def _picks(facts: Facts, number: int, rule: Events | Picked | Trait, until: int, needs: Needs) -> Iterator[int]:
    """The instants, up to `until`, of the facts that a leaf has to know of the past, whatever comes."""
    if isinstance(rule, Trait):
        yield from _of_trait(facts.spells.filter(pl.col("path") == needs.paths[rule.path]), until)
        return
    if summed(rule):
        return
    if isinstance(rule, Events) and rule.since_held is not None:
        yield from _of_trait(facts.spells.filter(pl.col("path") == needs.paths[rule.since_held]), until)
    ats = facts.marked.filter(pl.col(f"c{number}"), pl.col("at") <= until)["at"]
    picked = ats.min() if isinstance(rule, Picked) and not rule.newest else ats.max()
    if isinstance(picked, int):
        yield picked


def _of_trait(spells: pl.DataFrame, until: int) -> Iterator[int]:
    """When a trait took the values it has had since `is` calls them the same, and the value before them."""
    known = spells.filter(pl.col("since") <= until).sort("since").select("since", "held").rows()
    for since, held in reversed(known):
        yield since
        if held != known[-1][1]:
            return
