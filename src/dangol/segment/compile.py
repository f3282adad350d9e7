"""From rules to one ibis expression: for every customer and segment, whether it holds at t and when that may change.

Facts are aggregated once per different leaf, however many segments use it. The columns of the result: `customer_id`,
`m0` and `w0` for the first segment, `m1` and `w1` for the second, in the order in which they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from dangol.segment import verdicts
from dangol.segment.language import (
    SELF,
    All,
    AnyOf,
    Bucket,
    Equals,
    Events,
    Exactly,
    Leaf,
    Measure,
    Name,
    NoneOf,
    Not,
    Order,
    Picked,
    Primitive,
    Reference,
    Rule,
    Trait,
    Window,
    primitives,
)
from dangol.segment.needs import KEY, NUMBER, Columns, Needs, needs_of
from dangol.segment.verdicts import NO, NO_INSTANT, Rows, Verdict, earliest, every, of_number, rolling, together

Bind = Callable[[str, Columns | None, Needs], ir.Table]

NO_FLIP = -1
EXACT_TO_SIX = 9e9  # from here on doubles lie further apart than six decimals
ONLY_WHETHER = (Order(1, None), Order(0, None, strict=True), Equals(0.0), Order(None, 0), Order(None, 1, strict=True))


@dataclass(slots=True)
class Compiled:
    """One expression for a set of segments."""

    keys: list[str]
    needs: Needs
    result: ir.Table
    leaves: dict[str, int]  # primitive (its repr) → number of its columns
    measures: ir.Table  # per customer: n3, the value that the measure of leaf 3 has
    marked: ir.Table | None  # per fact: in3, whether it counts for leaf 3, or may be picked by it


def compile_rules(rules: Mapping[str, Rule], bind: Bind) -> Compiled:
    """Compile segments, given in an order in which each stands behind those it refers to."""
    found: dict[str, Primitive] = {}
    for rule in rules.values():
        for one in primitives(rule):
            if not isinstance(one, Reference):
                found.setdefault(repr(one), one)
    needs = needs_of(found.values())
    work = _Compiler(needs, list(found.values()), bind)
    table, measures, marked = work.leaves()
    result = _segments(table, rules, {key: number for number, key in enumerate(found)})
    return Compiled(list(rules), needs, result, {key: n for n, key in enumerate(found)}, measures, marked)


@dataclass(slots=True)
class _Compiler:
    needs: Needs
    rules: list[Primitive]
    bind: Bind
    timed: set[int] = field(default_factory=set)  # leaves whose `where` changes with time

    def leaves(self) -> tuple[ir.Table, ir.Table, ir.Table | None]:
        """Per customer: l3, whether leaf 3 holds, and f3, when that may change."""
        table, marked = self.bind("customers", None, self.needs), None
        events = [(n, rule) for n, rule in enumerate(self.rules) if isinstance(rule, Events | Picked)]
        if events:
            marked = self._mark(events)
            table = _joined(table, self._sum(marked, events))
        traits = [(n, rule) for n, rule in enumerate(self.rules) if isinstance(rule, Trait)]
        if traits:
            table = _joined(table, self._sum_traits(traits))
        said: dict[str, Any] = {}
        for number, rule in enumerate(self.rules):
            holds, flip = self._leaf(table, number, rule)
            said |= {f"l{number}": holds, f"f{number}": flip}
        kept = {"customer_id": table.customer_id, "t": table.t, "first_at": table.first_at}
        return table.select(**kept, **said), table, marked

    # --- events -----------------------------------------------------------------------------------------------------

    def _mark(self, rules: Sequence[tuple[int, Events | Picked]]) -> ir.Table:
        """Per event: c3, leaf 3 looks at it; in3, it counts; r3, when time may change what its conditions say."""
        rows = verdicts.prepare(self.needs.events, lambda columns: self.bind(columns.name, columns, self.needs))
        table, said = rows.table, {}
        for number, rule in rules:
            named, judged = named_so(table, rule.name), every(rows, rule.where)
            said[f"c{number}"] = named & judged.holds
            if judged.flips:
                self.timed.add(number)
                said[f"r{number}"] = ibis.ifelse(named, earliest(judged.flips), NO_INSTANT)
            if isinstance(rule, Picked):
                said[f"h{number}"], said[f"g{number}"] = _if_picked(rows, rule)
        table = table.mutate(**said)
        inside = {}
        for number, rule in rules:
            lies = in_window(table, rule.window) if isinstance(rule, Events) else table["at"] <= table.t
            inside[f"in{number}"] = table[f"c{number}"] & lies
        return table.mutate(**inside)

    def _sum(self, table: ir.Table, rules: Sequence[tuple[int, Events | Picked]]) -> ir.Table:
        sums: dict[str, Any] = {}
        for number, rule in rules:
            counted, looked = table[f"in{number}"], table[f"c{number}"]
            if isinstance(rule, Events):
                comes = table["at"] + rule.window.after
                coming = looked & _in_bounds(table, rule.window) & (comes > table.t)
                sums |= self._measure(table, number, rule, counted)
                sums |= _leaving(table, number, rule, counted)
                sums[f"e{number}"] = comes.min(where=coming)
            else:
                sums |= _picked(table, number, rule, counted)
                sums[f"e{number}"] = table["at"].min(where=looked & (table["at"] > table.t))
            if number in self.timed:
                sums[f"r{number}"] = table[f"r{number}"].min()
        return table.group_by("customer_id").aggregate(**sums)

    def _measure(self, table: ir.Table, number: int, rule: Events, counted: ir.BooleanValue) -> dict[str, Any]:
        measure, name = rule.measure, f"n{number}"
        if measure.kind == "count" or measure.of is None:
            return {name: table.count(where=counted)}
        value = table[self.needs.events.columns[measure.of, KEY if measure.kind == "distinct" else NUMBER]]
        entering = counted & value.notnull()
        if measure.kind == "distinct":
            return {name: value.nunique(where=entering)}
        if measure.kind in {"min", "max"}:
            return {name: value.min(where=entering) if measure.kind == "min" else value.max(where=entering)}
        return {name: value.sum(where=entering), f"k{number}": table.count(where=entering)}

    # --- traits -----------------------------------------------------------------------------------------------------

    def _sum_traits(self, rules: list[tuple[int, Trait]]) -> ir.Table:
        rows = verdicts.prepare(self.needs.traits, lambda columns: self.bind(columns.name, columns, self.needs))
        table, said = rows.table, {}
        present = (table.since <= table.t) & (table.t < table.until)
        coming = ibis.ifelse(table.since > table.t, table.since, NO_INSTANT)
        for number, rule in rules:
            mine = table.path == self.needs.paths[rule.path]
            judged = verdicts.verdict(rows, SELF, rule.test)
            flip = ibis.ifelse(present, earliest(judged.flips), coming)
            said[f"h{number}"] = (mine & present & judged.holds).any()
            said[f"x{number}"] = (mine & present).any()
            said[f"e{number}"] = flip.min(where=mine)
        return table.group_by("customer_id").aggregate(**said)

    # --- leaves -----------------------------------------------------------------------------------------------------

    def _leaf(self, table: ir.Table, number: int, rule: Primitive) -> tuple[ir.BooleanValue, ir.IntegerValue]:
        if isinstance(rule, Bucket):
            share = table[self.needs.salts[rule.salt]]
            return (share >= rule.low) & (share < rule.high), NO_INSTANT
        if isinstance(rule, Trait):
            told, unknown = table[f"x{number}"].fill_null(False), ibis.literal(of_nothing(rule))
            return ibis.ifelse(told, table[f"h{number}"], unknown), table[f"e{number}"]
        flips = [table[f"e{number}"]] + ([table[f"r{number}"]] if number in self.timed else [])
        if isinstance(rule, Picked):
            return table[f"h{number}"].fill_null(False), earliest([*flips, table[f"g{number}"].nullif(NO_FLIP)])
        assert isinstance(rule, Events)  # noqa: S101 - references are no leaves of the table
        holds = _measured(table, number, rule.measure)
        if rule.window.until is not None:
            flips.append(_relevant(table, number, rule.measure, holds))
        if rule.minimum_age:
            old = table.first_at + rule.minimum_age
            holds = holds & (old <= table.t)
            flips.append(ibis.ifelse(old > table.t, old, NO_INSTANT))
        return holds, earliest(flips)


def _if_picked(rows: Rows, rule: Picked) -> tuple[ir.BooleanValue, ir.IntegerValue]:
    """What an event would say if it were picked, and when that may change; never null, for argmax skips nulls."""
    table = rows.table
    lies = rolling(table["at"], table.t, rule.window.after, rule.window.until)
    judged = every(rows, rule.having)
    good = lies.holds & _in_bounds(table, rule.window) & judged.holds
    return good, earliest((*lies.flips, *judged.flips)).fill_null(NO_FLIP)


def _picked(table: ir.Table, number: int, rule: Picked, counted: ir.BooleanValue) -> dict[str, Any]:
    """What the picked event says: rows are numbered by time and position."""
    good, flip, row = table[f"h{number}"], table[f"g{number}"], table.row
    if rule.newest:
        said = {"h": good.argmax(row, where=counted), "g": flip.argmax(row, where=counted), "p": row.max(where=counted)}
    else:
        said = {"h": good.argmin(row, where=counted), "g": flip.argmin(row, where=counted), "p": row.min(where=counted)}
    return {f"{letter}{number}": value for letter, value in said.items()}


def of_nothing(rule: Trait) -> bool:
    """What a trait's test says of a customer of whom no trait was ever told: a negative form is true."""
    return _of_missing(rule.test)


def _of_missing(test: Any) -> bool:
    if isinstance(test, Not):
        return not _of_missing(test.test)
    return False


def named_so(table: ir.Table, name: Name) -> ir.BooleanValue:
    """Whether an event answers to a name; our own only to their full name."""
    if not name.prefix:
        return table["name"] == name.text
    return ~table.own & table["name"].startswith(name.text) if name.text else ~table.own


def _in_bounds(table: ir.Table, window: Window) -> ir.BooleanValue:
    return verdicts.between(table["at"], window.low, window.high)


def in_window(table: ir.Table, window: Window) -> ir.BooleanValue:
    """Whether an event lies in a window at t."""
    lies = rolling(table["at"], table.t, window.after, window.until).holds
    return lies & _in_bounds(table, window)


def _leaving(table: ir.Table, number: int, rule: Events, counted: ir.BooleanValue) -> dict[str, Any]:
    """When the next event leaves the window; the last one, where only whether there is any matters."""
    if rule.window.until is None:
        return {}
    leaves = table["at"] + (rule.window.until + 1)
    last = rule.measure.kind == "count" and _only_whether(rule.measure)
    return {f"o{number}": leaves.max(where=counted) if last else leaves.min(where=counted)}


def _only_whether(measure: Measure) -> bool:
    test = measure.test
    while isinstance(test, Not):
        test = test.test
    return test in ONLY_WHETHER


def _relevant(table: ir.Table, number: int, measure: Measure, holds: ir.BooleanValue) -> ir.IntegerValue:
    """A count that is below what it should at least be cannot come to it by events leaving."""
    least = measure.kind == "count" and isinstance(measure.test, Order) and measure.test.high is None
    leaves = table[f"o{number}"]
    return ibis.ifelse(holds, leaves, NO_INSTANT) if least else leaves


def _measured(table: ir.Table, number: int, measure: Measure) -> ir.BooleanValue:
    value = table[f"n{number}"]
    if measure.kind in {"count", "distinct"}:
        return of_number(value.fill_null(0), measure.test)
    if measure.kind == "sum":
        return of_number(rounded(value.fill_null(0.0)), measure.test)
    if measure.kind == "average":
        counted = table[f"k{number}"].fill_null(0)
        mean = rounded(value / ibis.ifelse(counted > 0, counted, 1).cast("float64"))
        return (counted > 0) & of_number(mean, measure.test).fill_null(False)
    return value.notnull() & of_number(value, measure.test).fill_null(False)


def rounded(value: ir.FloatingValue) -> ir.FloatingValue:
    """To six decimals, by the same double operations on every engine."""
    small = ibis.ifelse(value.abs() < EXACT_TO_SIX, value, 0.0)
    return ibis.ifelse(value.abs() < EXACT_TO_SIX, (small * 1e6 + 0.5).floor().cast("float64") / 1e6, value)


def _joined(table: ir.Table, sums: ir.Table) -> ir.Table:
    return table.left_join(sums, "customer_id").drop("customer_id_right")


# --- segments -------------------------------------------------------------------------------------------------------


def _segments(table: ir.Table, rules: Mapping[str, Rule], leaves: Mapping[str, int]) -> ir.Table:
    """Add m0, w0 … level by level, so that a segment reads the columns of those it refers to."""
    numbers = {key: number for number, key in enumerate(rules)}
    for level in _levels(rules):
        said: dict[str, Any] = {}
        for key in level:
            found = _node(table, rules[key], leaves, numbers)
            alive = table.first_at <= table.t
            said[f"m{numbers[key]}"] = alive & found.holds
            said[f"w{numbers[key]}"] = ibis.ifelse(alive, earliest(found.flips), table.first_at)
        table = table.mutate(**said)
    return table.select("customer_id", *(f"{letter}{number}" for number in range(len(rules)) for letter in "mw"))


def _levels(rules: Mapping[str, Rule]) -> list[list[str]]:
    """Segments by how long a chain of references stands behind them."""
    heights: dict[str, int] = {}
    for key, rule in rules.items():
        below = [heights[one.key] for one in primitives(rule) if isinstance(one, Reference)]
        heights[key] = 1 + max(below, default=-1)
    return [[key for key in rules if heights[key] == height] for height in range(max(heights.values(), default=-1) + 1)]


def _node(table: ir.Table, rule: Rule, leaves: Mapping[str, int], segments: Mapping[str, int]) -> Verdict:
    if isinstance(rule, Leaf):
        return _node(table, rule.rule, leaves, segments)
    if isinstance(rule, Reference):
        number = segments[rule.key]
        return Verdict(table[f"m{number}"], (table[f"w{number}"],))
    if not isinstance(rule, All | AnyOf | NoneOf | Exactly):
        number = leaves[repr(rule)]
        return Verdict(table[f"l{number}"], (table[f"f{number}"],))
    found = [_node(table, child, leaves, segments) for child in rule.rules]
    flips = tuple(flip for one in found for flip in one.flips)
    holds = [one.holds for one in found]
    if isinstance(rule, All):
        return Verdict(together(holds), flips)
    if isinstance(rule, Exactly):
        count = sum((one.cast("int64") for one in holds), ibis.literal(0))
        return Verdict(count == rule.k, flips)
    anyone = ~together(~one for one in holds) if holds else NO
    return Verdict(anyone if isinstance(rule, AnyOf) else ~anyone, flips)
