"""Sequences as ibis: which events can be the end of a chain, and when that may change.

No event is compared with every other. From step to step an event keeps the latest event of the step before that it can
follow, and the instant at which the chain that leads to it began. That is enough: what an event can follow are those
from some instant (its `within`, or the latest forbidden event) up to a millisecond before it, so it can follow some
event exactly when it can follow the latest. And a later event never has a chain that began earlier than the chain of
one before it, by induction from the first step on; so the latest event's chain is also the one that stays longest in a
rolling window, which is what the next flip asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from dangol.segment import language
from dangol.segment.language import MILLISECOND, Step
from dangol.segment.verdicts import NO_INSTANT

Earlier = Callable[[ir.Table, ir.IntegerValue, ir.Table], ir.Table]
# (table, instant of each of its rows, table of `customer_id`, `before`, `begun`) → the first with, in two columns more,
# the latest `before` of the same customer that is not later than the row's instant, and the `begun` beside it.


def by_asof(table: ir.Table, key: ir.IntegerValue, others: ir.Table) -> ir.Table:
    """By a join that knows order, on both sides of which Polars wants it."""
    left, right = table.mutate(key=key).order_by("key"), others.order_by("before")
    found = left.asof_join(right, on=left.key >= right.before, predicates="customer_id")
    return found.drop("key", "customer_id_right")


def by_window(table: ir.Table, key: ir.IntegerValue, others: ir.Table) -> ir.Table:
    """By a running maximum, which every SQL engine has: `begun` never falls while `before` grows."""
    names = [name for name in table.columns if name != "customer_id"]
    nothing: dict[str, Any] = {name: ibis.null(table[name].type()) for name in names}
    empty = ibis.null("int64")
    ours = table.mutate(key=key, side=ibis.literal(1), before=empty, begun=empty)
    theirs = others.mutate(key=others.before, side=ibis.literal(0), **nothing).select(*ours.columns)
    both = ours.union(theirs)
    so_far = ibis.window(group_by="customer_id", order_by=["key", "side"], preceding=None, following=0)
    found = both.mutate(before=both.before.max().over(so_far), begun=both.begun.max().over(so_far))
    return found.filter(found.side == 1).drop("key", "side")


def chain(table: ir.Table, number: int, rule: language.Sequence, first: ir.BooleanValue, earlier: Earlier) -> ir.Table:
    """Per customer: h, whether the sequence holds; o, when the last chain's first event leaves; y, when a wait ends.

    `table` has, per event, whether it is one of step 2 (c7_2 for leaf 7); `first` says which begin a chain now.
    """
    work = _Chain(table, number, earlier)
    reached = table.filter(first).select("customer_id", "t", "at", start=table["at"])
    forbidden: list[tuple[int, Step]] = []
    for place, step in enumerate(rule.steps[1:], 1):
        if step.absent:
            forbidden.append((place, step))
        else:
            reached, forbidden = work.next(reached, place, step, forbidden), []
    return _told(work.last(reached, forbidden), number, rule)


class _Chain:
    def __init__(self, table: ir.Table, number: int, earlier: Earlier) -> None:
        self.table, self.number, self.earlier = table, number, earlier

    def next(self, reached: ir.Table, place: int, step: Step, forbidden: Sequence[tuple[int, Step]]) -> ir.Table:
        """The events of a step that can follow one of those reached."""
        reached = self._undisturbed(reached, forbidden)
        before = reached.select("customer_id", before=reached["at"], begun=reached.start)
        found = self._known([place]).select("customer_id", "t", "at")
        found = self.earlier(found, found["at"] - MILLISECOND, before)
        near = found.before.notnull()
        if step.within is not None:
            near = near & (found["at"] - found.before <= step.within)
        found = found.filter(near).select("customer_id", "t", "at", start="begun", behind="before")
        between = [place for place, one in forbidden if one.within is None]
        if between:
            found = self.earlier(found, found["at"] - MILLISECOND, self._others(between))
            found = found.filter(found.before.isnull() | (found.before < found.behind + MILLISECOND))
        return found.select("customer_id", "t", "at", "start")

    def last(self, reached: ir.Table, forbidden: Sequence[tuple[int, Step]]) -> ir.Table:
        """The chains that reached the last event, undisturbed so far, with the instant from which they count."""
        reached = self._undisturbed(reached, forbidden)
        ever = [place for place, one in forbidden if one.within is None]
        if ever:
            found = self.earlier(reached, reached.t, self._others(ever))
            reached = found.filter(found.before.isnull() | (found.before < found["at"] + MILLISECOND))
        wait = max((one.within + MILLISECOND for _, one in forbidden if one.within is not None), default=0)
        return reached.select("customer_id", "t", "start", due=reached["at"] + wait)

    def _undisturbed(self, reached: ir.Table, forbidden: Sequence[tuple[int, Step]]) -> ir.Table:
        """Those behind which nothing happened that is forbidden for a time of its own."""
        for place, step in forbidden:
            if step.within is not None:
                found = self.earlier(reached, reached["at"] + step.within, self._others([place]))
                calm = found.before.isnull() | (found.before < found["at"] + MILLISECOND)
                reached = found.filter(calm).select("customer_id", "t", "at", "start")
        return reached

    def _known(self, places: Sequence[int]) -> ir.Table:
        """The events of some steps whose time has come."""
        named = reduce(or_, (self.table[column(self.number, place)] for place in places))
        return self.table.filter(and_(named, self.table["at"] <= self.table.t))

    def _others(self, places: Sequence[int]) -> ir.Table:
        known = self._known(places)
        return known.select("customer_id", before=known["at"], begun=known["at"])


def column(number: int, place: int) -> str:
    """Whether an event is one of a step of a leaf."""
    return f"c{number}_{place}"


def _told(ends: ir.Table, number: int, rule: language.Sequence) -> ir.Table:
    due = ends.due <= ends.t
    told: dict[str, Any] = {f"h{number}": due.any(), f"y{number}": ends.due.min(where=~due)}
    if rule.window.until is not None:
        told[f"o{number}"] = (ends.start + (rule.window.until + 1)).max(where=due)
    return ends.group_by("customer_id").aggregate(**told)


def turning(table: ir.Table, number: int, rule: language.Sequence, holds: ir.BooleanValue) -> ir.IntegerValue:
    """When time alone may change a sequence: while it holds, when its last chain leaves; else when a wait ends."""
    leaves = table[f"o{number}"] if rule.window.until is not None else NO_INSTANT
    return ibis.ifelse(holds, leaves, table[f"y{number}"])


def coming(table: ir.Table, number: int, rule: language.Sequence) -> dict[str, Any]:
    """When the next event of any step comes, and when the next one comes into the window of the first."""
    said = {f"e{number}": table["at"].min(where=table[f"a{number}"] & (table["at"] > table.t))}
    if rule.window.after:
        begins = table["at"] + rule.window.after
        said[f"b{number}"] = begins.min(where=table[column(number, 0)] & (begins > table.t))
    return said
