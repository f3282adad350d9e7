"""From rules to one ibis expression: for every customer and segment, whether it holds at t and when that may change.

Facts are aggregated once per different leaf, however many segments use it. The columns of the result: `customer_id`,
`m0` and `w0` for the first segment, `m1` and `w1` for the second, in the order in which they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from dangol.segment import chains, combining, verdicts
from dangol.segment.chains import Earlier
from dangol.segment.language import (
    SELF,
    SUMMED_BELOW,
    AnyItem,
    Bucket,
    Events,
    Forecast,
    Measure,
    Name,
    Not,
    Order,
    Picked,
    Primitive,
    Reference,
    Rule,
    Sequence,
    Trait,
    Window,
    primitives,
)
from dangol.segment.needs import KEY, NUMBER, Columns, Needs, needs_of, parts
from dangol.segment.shared import Shared
from dangol.segment.steady import only_whether
from dangol.segment.verdicts import NO_INSTANT, Rows, earliest, every, later, of_number, rolling, together

Bind = Callable[[str, Columns | None, Needs], ir.Table]
Looking = Events | Picked | Sequence  # the primitives that look at events

NO_FLIP = -1
EXACT_TO_SIX = 9e9  # from here on doubles lie further apart than six decimals


@dataclass(slots=True)
class Compiled:
    """One expression for a set of segments."""

    keys: list[str]
    needs: Needs
    result: ir.Table
    leaves: dict[str, int]  # primitive (its repr) → number of its columns
    measures: ir.Table  # per customer: n3, the value that the measure of leaf 3 has
    marked: ir.Table | None  # per fact: c3, leaf 3 looks at it; in3, whether it counts for leaf 3, or may be picked
    finish: Callable[[ir.Table], ir.Table]  # what the segments say of measures that were found elsewhere


def compile_rules(rules: Mapping[str, Rule], bind: Bind, earlier: Earlier = chains.by_window) -> Compiled:
    """Compile segments, given in an order in which each stands behind those it refers to.

    `earlier` is how the engine finds the latest event before another: the one thing that Polars and SQL say apart.
    """
    found: dict[str, Primitive] = {}
    for rule in rules.values():
        for one in primitives(rule):
            if not isinstance(one, Reference):
                found.setdefault(repr(one), one)
    needs = needs_of(found.values())
    work = _Compiler(needs, list(found.values()), bind, earlier)
    numbers = {key: number for number, key in enumerate(found)}

    def finish(measures: ir.Table) -> ir.Table:
        return combining.segments(work.leaves(measures), rules, numbers)

    measures, marked = work.measures()
    return Compiled(list(rules), needs, finish(measures), numbers, measures, marked, finish)


@dataclass(slots=True)
class _Compiler:
    needs: Needs
    rules: list[Primitive]
    bind: Bind
    earlier: Earlier
    timed: set[int] = field(default_factory=set)  # leaves whose `where` changes with time
    marks: Shared = field(default_factory=Shared)  # what is said of a fact once for several leaves
    sums: Shared = field(default_factory=Shared)  # likewise of a customer

    def measures(self) -> tuple[ir.Table, ir.Table | None]:
        """Per customer: what the facts that leaf 3 looks at add up to; and the facts, marked."""
        table, marked = self.bind("customers", None, self.needs), None
        events = [(n, rule) for n, rule in enumerate(self.rules) if isinstance(rule, Looking)]
        if events:
            marked = self._mark(events)
            table = _joined(table, self._sum(marked, events))
            for number, one in events:
                if isinstance(one, Sequence):
                    table = _joined(table, self._chain(number, one))
        traits = [(n, rule) for n, rule in enumerate(self.rules) if isinstance(rule, Trait)]
        if traits:
            table = _joined(table, self._sum_traits(traits))
        return self.sums.named(table), None if marked is None else self.marks.named(marked)

    def leaves(self, table: ir.Table) -> ir.Table:
        """Per customer, from measures: l3, whether leaf 3 holds, and f3, when that may change."""
        said: dict[str, Any] = {}
        for number, rule in enumerate(self.rules):
            holds, flip = self._leaf(table, number, rule)
            said |= {f"l{number}": holds, f"f{number}": flip}
        kept = {"customer_id": table.customer_id, "t": table.t, "first_at": table.first_at}
        return table.select(**kept, **said)

    # --- events -----------------------------------------------------------------------------------------------------

    def _mark(self, rules: list[tuple[int, Looking]]) -> ir.Table:
        """Per event: c3, leaf 3 looks at it; in3, it counts; r3, when time may change what its conditions say."""
        rows = verdicts.prepare(self.needs.events, lambda columns: self.bind(columns.name, columns, self.needs))
        said, steps = dict[str, Any](), dict[str, Any]()
        for number, rule in rules:
            if isinstance(rule, Sequence):
                steps |= self._steps(rows, number, rule)
                continue
            said |= self._looks(rows, number, rule)
            if isinstance(rule, Picked):
                said[f"h{number}"], said[f"g{number}"] = _if_picked(rows, rule)
        table = self._with_held(rows.table.mutate(**self.marks.once(said), **steps), rules)
        inside: dict[str, Any] = {}
        for number, rule in rules:
            lies = in_window(table, rule.window) if isinstance(rule, Events) else table["at"] <= table.t
            held = isinstance(rule, Events) and rule.since_held is not None
            lies = lies & (table["at"] >= table[f"q{number}"]).fill_null(False) if held else lies
            inside[f"in{number}"] = self.marks.of(table, f"c{number}") & lies
        return table.mutate(**self.marks.once(inside))

    def _with_held(self, table: ir.Table, rules: list[tuple[int, Looking]]) -> ir.Table:
        """q3: since when the trait, since which leaf 3 counts, has had its value at t; z3: when it gets another."""
        for number, rule in rules:
            if isinstance(rule, Events) and rule.since_held is not None:
                spells = self.bind(self.needs.traits.name, self.needs.traits, self.needs)
                mine = spells.filter(spells.path == self.needs.paths[rule.since_held])
                present, coming = (mine.since <= mine.t) & (mine.t < mine.until), mine.since > mine.t
                said = {f"q{number}": mine.held.max(where=present), f"z{number}": mine.since.min(where=coming)}
                table = _joined(table, mine.group_by("customer_id").aggregate(**said))
        return table

    def _looks(self, rows: Rows, number: int, rule: Events | Picked) -> dict[str, Any]:
        named, judged = named_so(rows.table, rule.name), every(rows, rule.where)
        said: dict[str, Any] = {f"c{number}": named & judged.holds if rule.where else named}
        if judged.flips:
            self.timed.add(number)
            said[f"r{number}"] = ibis.ifelse(named, earliest(judged.flips), NO_INSTANT)
        return said

    def _steps(self, rows: Rows, number: int, rule: Sequence) -> dict[str, Any]:
        """c3_1, whether an event is one of step 1; c3, of any step that is to happen; a3, of any step at all."""
        said: dict[str, Any] = {}
        flips: list[ir.IntegerValue] = []
        for place, step in enumerate(rule.steps):
            named, judged = named_so(rows.table, step.name), every(rows, step.where)
            said[chains.column(number, place)] = named & judged.holds
            flips += [ibis.ifelse(named, flip, NO_INSTANT) for flip in judged.flips]
        wanted = [said[chains.column(number, place)] for place, step in enumerate(rule.steps) if not step.absent]
        said[f"c{number}"], said[f"a{number}"] = reduce(or_, wanted), reduce(or_, said.values())
        if flips:
            self.timed.add(number)
            said[f"r{number}"] = earliest(flips)
        return said

    def _chain(self, number: int, rule: Sequence) -> ir.Table:
        """From a table that knows nothing but the steps: it is read many times over."""
        columns = self.needs.events
        conditions = [one for step in rule.steps for one in step.where]
        if any(isinstance(test, AnyItem) for one in conditions for test in parts(one.test)):
            rows = verdicts.prepare(columns, lambda columns: self.bind(columns.name, columns, self.needs))
        else:
            rows = Rows(self.bind(columns.name, columns, self.needs), columns)
        steps = {
            chains.column(number, place): named_so(rows.table, step.name) & every(rows, step.where).holds
            for place, step in enumerate(rule.steps)
        }
        table = rows.table.select("customer_id", "t", "at", **steps).filter(
            reduce(or_, (ibis._[name] for name in steps))
        )
        begins = table[chains.column(number, 0)] & in_window(table, rule.window)
        return chains.chain(table, number, rule, begins, self.earlier)

    def _sum(self, table: ir.Table, rules: list[tuple[int, Looking]]) -> ir.Table:
        sums: dict[str, Any] = {}
        for number, rule in rules:
            counted, looked = self.marks.of(table, f"in{number}"), self.marks.of(table, f"c{number}")
            if isinstance(rule, Events):
                comes = later(table["at"], rule.window.after)
                coming = together([looked, *_bounds(table, rule.window), comes > table.t])
                sums |= self._measure(table, number, rule, counted)
                sums |= _leaving(table, number, rule, counted)
                another = [table[f"z{number}"].min(where=looked)] if rule.since_held is not None else []
                sums[f"e{number}"] = earliest([comes.min(where=coming), *another])
            elif isinstance(rule, Sequence):
                sums |= chains.coming(table, number, rule)
            else:
                sums |= self._picked(table, number, rule, counted)
                sums[f"e{number}"] = table["at"].min(where=looked & (table["at"] > table.t))
            if number in self.timed:
                sums[f"r{number}"] = self.marks.of(table, f"r{number}").min()
        return table.group_by("customer_id").aggregate(**self.sums.once(sums))

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
        entering = entering & (value.abs() < SUMMED_BELOW)
        return {name: value.sum(where=entering), f"k{number}": table.count(where=entering)}

    def _picked(self, table: ir.Table, number: int, rule: Picked, counted: ir.BooleanValue) -> dict[str, Any]:
        """What the picked event says: rows are numbered by time and position."""
        good, flip, row = self.marks.of(table, f"h{number}"), self.marks.of(table, f"g{number}"), table.row
        if rule.newest:
            said = [good.argmax(row, where=counted), flip.argmax(row, where=counted), row.max(where=counted)]
        else:
            said = [good.argmin(row, where=counted), flip.argmin(row, where=counted), row.min(where=counted)]
        return {f"{letter}{number}": value for letter, value in zip("hgp", said, strict=True)}

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
        return table.group_by("customer_id").aggregate(**self.sums.once(said))

    # --- leaves -----------------------------------------------------------------------------------------------------

    def _leaf(self, table: ir.Table, number: int, rule: Primitive) -> tuple[ir.BooleanValue, ir.IntegerValue]:
        if isinstance(rule, Bucket):
            share = table[self.needs.salts[rule.salt]]
            return (share >= rule.low) & (share < rule.high), NO_INSTANT
        if isinstance(rule, Forecast):
            said = rolling(table[self.needs.forecasts[rule]], table.t, 0, None)
            return said.holds, said.flips[0]
        if isinstance(rule, Trait):
            told, unknown = table[f"x{number}"].fill_null(False), ibis.literal(of_nothing(rule))
            return ibis.ifelse(told, table[f"h{number}"], unknown), table[f"e{number}"]
        flips = [table[f"e{number}"]] + ([table[f"r{number}"]] if number in self.timed else [])
        if isinstance(rule, Picked):
            return table[f"h{number}"].fill_null(False), earliest([*flips, table[f"g{number}"].nullif(NO_FLIP)])
        if isinstance(rule, Sequence):
            holds = table[f"h{number}"].fill_null(False)
            entering = [table[f"b{number}"]] if rule.window.after else []
            return holds, earliest([*flips, *entering, chains.turning(table, number, rule, holds)])
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
    good = together([lies.holds, *_bounds(table, rule.window), judged.holds])
    return good, earliest((*lies.flips, *judged.flips)).fill_null(NO_FLIP)


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


def _bounds(table: ir.Table, window: Window) -> list[ir.BooleanValue]:
    return verdicts.bounds(table["at"], window.low, window.high)


def in_window(table: ir.Table, window: Window) -> ir.BooleanValue:
    """Whether an event lies in a window at t."""
    lies = rolling(table["at"], table.t, window.after, window.until).holds
    return together([lies, *_bounds(table, window)])


def _leaving(table: ir.Table, number: int, rule: Events, counted: ir.BooleanValue) -> dict[str, Any]:
    """When the next event leaves the window; the last one, where only whether there is any matters."""
    if rule.window.until is None:
        return {}
    leaves = table["at"] + (rule.window.until + 1)
    last = only_whether(rule.measure)
    return {f"o{number}": leaves.max(where=counted) if last else leaves.min(where=counted)}


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
    near = value.abs() < EXACT_TO_SIX
    small = ibis.ifelse(near, value, 0.0)
    million = (small * 0.0 + 1e6).cast("float64")  # no constant: by one Polars multiplies by its reciprocal
    return ibis.ifelse(near, (small * 1e6 + 0.5).floor().cast("float64") / million, value)


def _joined(table: ir.Table, sums: ir.Table) -> ir.Table:
    return table.left_join(sums, "customer_id").drop("customer_id_right")
