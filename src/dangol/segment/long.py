"""Customers with very many facts: leaves go on from what the facts of the past add up to (blocks.py).

The plan is that of all customers. It is given the facts that have to be read; to the measures that it makes of them is
added what the other blocks come to; and from the whole it says what holds and when that may change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dangol.profile import steps as profile
from dangol.segment import blocks, closing, summaries
from dangol.segment.blocks import BLOCK, NOTHING, Kept
from dangol.segment.closing import Facts
from dangol.segment.engines import Plan
from dangol.segment.groups import Group
from dangol.segment.language import Events, Picked, Trait
from dangol.segment.needs import KEY
from dangol.segment.project import Tables, columns_read
from dangol.segment.standing import Said

Spans = Callable[
    [int, Sequence[tuple[int, int]], Collection[str] | None, Collection[str]], Iterable[profile.History]
]  # as profile.spans
LONG = 4 * BLOCK  # facts of one group, from which a customer's history is long


@dataclass(slots=True)
class Read:
    """What was read of one customer."""

    t: int
    kept: Kept
    opened: blocks.Booleans  # the blocks of which
    changed: blocks.Booleans  # and those of which facts are new
    rows: list[profile.History]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the plan says of customers, the tables it read, and what is to be kept now: of whom that has changed."""

    frame: pl.DataFrame
    tables: Tables
    kept: dict[int, Kept]
    until: dict[int, int]  # by customer: up to when facts stand in blocks


def ask(
    group: Group, customers: Mapping[int, tuple[int, int]], known: Mapping[int, Said], new: Mapping[int, int]
) -> Asked:
    """`customers`: id → (t, time of the first fact); `new`: the earliest time of facts that are new to the group."""
    had = summaries.read(group.key, [c for c in customers if c in known and known[c].kept is not None])
    return answer(group, customers, {c: _valid(had.get(c), known.get(c)) for c in customers}, new)


def answer(
    group: Group,
    customers: Mapping[int, tuple[int, int]],
    kept: Mapping[int, Kept],
    new: Mapping[int, int],
    spans: Spans = profile.spans,
) -> Asked:
    """The same with what is kept of each; facts are read by `spans`."""
    work = _Long(group, spans)
    read = {c: work.read(c, t, kept[c], new.get(c)) for c, (t, _) in sorted(customers.items())}
    tables = group.plan.projector.tables(customers, (row for one in read.values() for row in one.rows))
    frame = work.finish(tables, read)
    closed = work.close(tables, read)
    return Asked(frame, tables, closed, {c: closed.get(c, one.kept).until for c, one in read.items()})


def _valid(kept: Kept | None, known: Said | None) -> Kept:
    """What is kept, where what stands names it."""
    return kept if kept is not None and known is not None and known.kept == kept.until else NOTHING


class _Long:
    """One group's leaves, over the customers of one question."""

    def __init__(self, group: Group, spans: Spans) -> None:
        self.plan: Plan = group.plan
        self.spans = spans
        self.needs = group.needs
        self.names, self.columns = group.needs.fact_names(), columns_read(group.needs)
        numbers = self.plan.compiled.leaves
        rules = [(numbers[name], rule) for name, rule in group.rules.items()]
        self.rules = [(n, rule) for n, rule in rules if isinstance(rule, Events | Picked | Trait)]
        self.summed = [(n, rule) for n, rule in self.rules if closing.summed(rule)]
        self._marked: pl.DataFrame | None = None

    def read(self, customer: int, t: int, kept: Kept, new: int | None) -> Read:
        """The facts that are needed: what is new may tell another story of traits, which are then read whole."""
        if new is not None and new <= kept.until and self.needs.paths:
            kept = NOTHING
        changed = kept.ends >= (blocks.NEVER if new is None else new)
        opened = blocks.to_read(kept, blocks.edges((rule.window for _, rule in self.summed), t)) | changed
        rows = list(self.spans(customer, blocks.spans(kept, opened), self.names, self.columns))
        return Read(t, kept, opened, changed, rows)

    def finish(self, tables: Tables, read: Mapping[int, Read]) -> pl.DataFrame:
        """What the leaves say: measures of the facts that were read, and of the blocks that were not."""
        rows = self.plan.measured(tables).to_dicts()
        for row in rows:
            one = read[row["customer_id"]]
            if not one.opened.all():
                for number, rule in self.summed:
                    keys = self._keys(tables, number, rule, row["customer_id"])
                    blocks.add(row, number, rule, one.kept.sums[number], ~one.opened, one.t, keys)
        return self.plan.finished(rows)

    def _keys(self, tables: Tables, number: int, rule: Events, customer: int) -> set[str] | None:
        """The different values, of a leaf about these, that stand in the facts that were read and count."""
        if rule.measure.kind != "distinct" or rule.measure.of is None:
            return None
        column = self.needs.events.columns[rule.measure.of, KEY]
        mine = self.marked(tables).filter(pl.col("customer_id") == customer, pl.col(f"in{number}"))
        return set(mine[column].drop_nulls())

    def marked(self, tables: Tables) -> pl.DataFrame:
        if self._marked is None:
            self._marked = self.plan.marked(tables)
        return self._marked

    def close(self, tables: Tables, read: Mapping[int, Read]) -> dict[int, Kept]:
        """What is to be kept of those of whom something is new, or of whom much stands open."""
        found: dict[int, Kept] = {}
        for customer, one in read.items():
            ats = np.array([row[1] for row in one.rows], np.int64)
            further = closing.ends_of(ats[ats > one.kept.until], one.t)
            if further or one.kept is NOTHING or one.changed.any():
                mine = pl.col("customer_id") == customer
                facts = Facts(self.marked(tables).filter(mine), tables[self.needs.traits.name].filter(mine))
                found[customer] = closing.closed(one.kept, facts, one.changed, further, self.rules, self.needs)
        return found
