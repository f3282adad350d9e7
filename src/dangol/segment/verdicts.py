"""From tests of one value to ibis: whether it holds, and the instants after t at which that may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

import ibis
import ibis.expr.types as ir

from dangol.segment import values
from dangol.segment.language import (
    Anniversary,
    AnyItem,
    Calendar,
    Condition,
    Distance,
    Either,
    Equals,
    Exists,
    HeldFor,
    Includes,
    Length,
    Matches,
    Not,
    OneOf,
    Order,
    Path,
    Rolling,
    Scalar,
    Test,
    Text,
    Times,
)
from dangol.segment.needs import (
    BOOLEAN,
    EXISTS,
    INSTANT,
    ITEMS,
    LENGTH,
    NUMBER,
    TEXT,
    Columns,
    Kind,
    anniversary_kind,
    calendar_kind,
    distance_kind,
)
from dangol.segment.operands import number_in
from dangol.segment.project import END

FLIP = "_flip"
NO = ibis.literal(False)
YES = ibis.literal(True)
NO_INSTANT = ibis.null("int64")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test says of a row: a boolean that is never null, and instants (null where there is none)."""

    holds: ir.BooleanValue
    flips: tuple[ir.IntegerValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of values, with the columns that tests of them ask for."""

    table: ir.Table
    columns: Columns

    def value(self, path: Path, kind: Kind) -> ir.Value:
        return self.table[self.columns.columns[path, kind]]


def prepare(columns: Columns, bind: Callable[[Columns], ir.Table]) -> Rows:
    """The table with, for each `any_item` test, what it says of the row's list."""
    table = bind(columns)
    for path, items in columns.items.items():
        below = prepare(items.columns, bind)
        said = {}
        for number, test in enumerate(items.tests.values()):
            judged = every(below, test.where)
            name = item_column(columns, path, number)
            said[name] = judged.holds.any()
            if judged.flips:
                said[name + FLIP] = earliest(judged.flips).min()
        found = below.table.group_by(parent=below.table.parent).aggregate(**said)
        own = "parent_right" if "parent" in table.columns else "parent"  # what the join calls the other side's
        table = table.left_join(found, table.row == found.parent).drop(own)
        fills = {name: table[name].fill_null(False) for name in said if not name.endswith(FLIP)}
        table = table.mutate(**fills)
    return Rows(table, columns)


def item_column(columns: Columns, path: Path, number: int) -> str:
    return f"any{list(columns.items).index(path)}_{number}"


def every(rows: Rows, conditions: Iterable[Condition]) -> Verdict:
    """All conditions at once."""
    found = [verdict(rows, condition.path, condition.test) for condition in conditions]
    if not found:
        return Verdict(rows.table.row.notnull())  # true of every row, and a column as all verdicts are
    return Verdict(together(one.holds for one in found), tuple(flip for one in found for flip in one.flips))


def together(holds: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    found = list(holds)
    return reduce(and_, found) if found else YES


def later(at: ir.IntegerValue, by: int) -> ir.IntegerValue:
    """So many µs later; nothing is added where there is nothing to add."""
    return at + by if by else at


def earliest(instants: Iterable[ir.IntegerValue]) -> ir.IntegerValue:
    """The least of some instants, nulls aside; null where there is none."""
    found = list(instants)
    return ibis.least(*found) if len(found) > 1 else found[0] if found else NO_INSTANT


def verdict(rows: Rows, path: Path, test: Test) -> Verdict:
    """What a test says of the value at a path."""
    if isinstance(test, Not):
        inner = verdict(rows, path, test.test)
        return Verdict(~inner.holds, inner.flips)
    if isinstance(test, Either):
        found = [verdict(rows, path, one) for one in test.tests]
        return Verdict(reduce(or_, (f.holds for f in found)), tuple(flip for f in found for flip in f.flips))
    if isinstance(test, Rolling):
        return rolling(rows.value(path, INSTANT), rows.table.t, test.after, test.until)
    if isinstance(test, HeldFor):
        held = rolling(rows.table.held, rows.table.t, test.after, test.until)
        return Verdict(held.holds & rows.value(path, EXISTS), held.flips)
    if isinstance(test, Anniversary):
        return _anniversary(rows, path, test)
    if isinstance(test, Calendar):
        name = rows.columns.columns[path, calendar_kind(test)]
        return _spanning(rows.table[name], rows.table[name + END], rows.table.t)
    if isinstance(test, AnyItem):
        number = list(rows.columns.items[path].tests).index(repr(test))
        name = item_column(rows.columns, path, number)
        return Verdict(rows.table[name], (rows.table[name + FLIP],) if name + FLIP in rows.table.columns else ())
    return Verdict(_plain(rows, path, test).fill_null(False))


def rolling(v: ir.IntegerValue, t: ir.IntegerValue, after: int, until: int | None) -> Verdict:
    """v + after <= t <= v + until."""
    begin = later(v, after)
    begun = begin <= t
    begins = ibis.ifelse(begun, NO_INSTANT, begin)
    if until is None:
        return Verdict(begun.fill_null(False), (begins,))
    going = t <= v + until
    return Verdict((begun & going).fill_null(False), (begins, ibis.ifelse(going, v + (until + 1), NO_INSTANT)))


def _anniversary(rows: Rows, path: Path, test: Anniversary) -> Verdict:
    name, t = rows.columns.columns[path, anniversary_kind(test)], rows.table.t
    begin, end = rows.table[name], rows.table[name + END]
    begun = begin <= t
    flip = ibis.ifelse(begun, end, begin)
    return Verdict((begun & (t < end)).fill_null(False), (flip,))


def _spanning(begin: ir.IntegerValue, end: ir.IntegerValue, t: ir.IntegerValue) -> Verdict:
    """begin <= t < end."""
    flip = ibis.ifelse(t < begin, begin, ibis.ifelse(t < end, end, NO_INSTANT))
    return Verdict(((begin <= t) & (t < end)).fill_null(False), (flip,))


def _plain(rows: Rows, path: Path, test: Test) -> ir.BooleanValue:
    """A test that time does not change; null where the value is missing or of another kind."""
    if isinstance(test, Equals):
        return _one_of(rows, path, (test.value,))
    if isinstance(test, OneOf):
        return _one_of(rows, path, test.values)
    if isinstance(test, Order):
        return in_order(rows.value(path, NUMBER), test)
    if isinstance(test, Length):
        length = rows.value(path, LENGTH)
        return length.notnull() & of_number(length, test.test)
    if isinstance(test, Text):
        text = rows.value(path, TEXT)
        ways = {"contains": text.contains, "starts_with": text.startswith, "ends_with": text.endswith}
        return ways[test.how](test.operand)
    if isinstance(test, Matches):
        return rows.value(path, Kind("matches", test.pattern))
    if isinstance(test, Distance):
        return of_number(rows.value(path, distance_kind(test)), test.test)
    if isinstance(test, Exists):
        return rows.value(path, EXISTS)
    if isinstance(test, Includes):
        return _includes(rows.value(path, ITEMS), test)
    assert isinstance(test, Times)  # noqa: S101 - the union is closed; the others are judged above
    return between(rows.value(path, INSTANT), test.low, test.high)


def between(value: ir.Value, low: int | None, high: int | None) -> ir.BooleanValue:
    return together(bounds(value, low, high))


def bounds(value: ir.Value, low: int | None, high: int | None) -> list[ir.BooleanValue]:
    """What a value between two others has to be."""
    return ([value >= low] if low is not None else []) + ([value <= high] if high is not None else [])


def in_order(value: ir.NumericValue, test: Order) -> ir.BooleanValue:
    bounds = []
    if test.low is not None:
        bounds.append(value > test.low if test.strict else value >= test.low)
    if test.high is not None:
        bounds.append(value < test.high if test.strict else value <= test.high)
    return together(bounds)


def of_number(value: ir.NumericValue, test: Test) -> ir.BooleanValue:
    """A comparison of a count, a sum, a length; null where there is none."""
    if isinstance(test, Not):
        return ~of_number(value, test.test)
    if isinstance(test, Equals):
        return value == test.value
    if isinstance(test, OneOf):
        return value.isin(list(test.values)) if test.values else NO
    assert isinstance(test, Order)  # noqa: S101 - what QUANTITIES can read
    return in_order(value, test)


def _one_of(rows: Rows, path: Path, scalars: tuple[Scalar, ...]) -> ir.BooleanValue:
    """`is` and `in`: texts as they stand; a number also equals the text that is one."""
    texts = [value for value in scalars if isinstance(value, str)]
    numbers = [value for value in scalars if not isinstance(value, str | bool)]
    booleans = [value for value in scalars if isinstance(value, bool)]
    in_texts = [number for number in map(number_in, texts) if number is not None]
    found = []
    if texts:
        found.append(rows.value(path, TEXT).isin(texts).fill_null(False))
    if in_texts:
        plain = rows.value(path, TEXT).isnull() & rows.value(path, NUMBER).isin(in_texts)
        found.append(plain.fill_null(False))
    if numbers:
        found.append(rows.value(path, NUMBER).isin(numbers).fill_null(False))
    if booleans:
        found.append(rows.value(path, BOOLEAN).isin(booleans).fill_null(False))
    return reduce(or_, found) if found else NO


def _includes(items: ir.ArrayValue, test: Includes) -> ir.BooleanValue:
    found = [reduce(or_, (items.contains(key) for key in values.keys_sought(operand)), NO) for operand in test.values]
    if test.every:
        return items.notnull() & together(found)
    return reduce(or_, found, NO)
