"""What a set of rules asks of the facts: which names, which values, in which typed columns.

One table of events, one of trait changes, and for every list that `any_item` looks into one of its items; each has a
column for every kind of value that some test asks for, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dangol.segment.language import (
    SELF,
    Anniversary,
    AnyItem,
    Bucket,
    Calendar,
    Condition,
    Distance,
    Either,
    Equals,
    Events,
    Exists,
    Forecast,
    HeldFor,
    Includes,
    Length,
    Matches,
    Name,
    Not,
    OneOf,
    Order,
    Path,
    Picked,
    Primitive,
    Rolling,
    Scalar,
    Sequence,
    Step,
    Test,
    Text,
    Times,
    Trait,
)
from dangol.segment.operands import number_in


class Kind(NamedTuple):
    """One typed view of a value; `detail` for the two that no engine says alike: RE2 and the calendar."""

    word: str  # text, number, boolean, exists, instant, length, items, key, matches, anniversary
    detail: str = ""


SPANNING = {"anniversary", "calendar"}  # kinds whose columns are two: where a span of time begins, and where it ends
TEXT, NUMBER, BOOLEAN, EXISTS = Kind("text"), Kind("number"), Kind("boolean"), Kind("exists")
INSTANT, LENGTH, ITEMS, KEY = Kind("instant"), Kind("length"), Kind("items"), Kind("key")


def anniversary_kind(test: Anniversary) -> Kind:
    return Kind("anniversary", f"{test.before}/{test.behind}")


def calendar_kind(test: Calendar) -> Kind:
    return Kind("calendar", f"{test.unit}/{test.back}")


def distance_kind(test: Distance) -> Kind:
    return Kind("distance", f"{test.lat!r}/{test.lon!r}")


@dataclass(slots=True)
class Columns:
    """The typed columns of one table, and the tables of items below it."""

    name: str
    columns: dict[tuple[Path, Kind], str] = field(default_factory=dict)  # → the column's name
    items: dict[Path, Items] = field(default_factory=dict)

    def want(self, path: Path, kind: Kind) -> None:
        self.columns.setdefault((path, kind), f"v{len(self.columns)}")

    def ask(self, condition: Condition) -> None:
        """Provide for a condition."""
        for test in parts(condition.test):
            for kind in kinds(test):
                self.want(condition.path, kind)
            if isinstance(test, AnyItem):
                self._ask_items(condition.path, test)

    def _ask_items(self, path: Path, test: AnyItem) -> None:
        below = self.items.setdefault(path, Items(Columns(f"{self.name}_items{len(self.items)}")))
        below.tests.setdefault(repr(test), test)
        for condition in test.where:
            below.columns.ask(condition)

    def tables(self) -> Iterator[Columns]:
        """This table and all below it."""
        yield self
        for below in self.items.values():
            yield from below.columns.tables()


@dataclass(slots=True)
class Items:
    """The objects of one list, and the `any_item` tests that look at them."""

    columns: Columns
    tests: dict[str, AnyItem] = field(default_factory=dict)


@dataclass(slots=True)
class Needs:
    """All that a set of rules asks for."""

    events: Columns = field(default_factory=lambda: Columns("events"))
    traits: Columns = field(default_factory=lambda: Columns("traits"))
    names: dict[Name, set[Path]] = field(default_factory=dict)  # events → where values are looked for in them
    paths: dict[Path, int] = field(default_factory=dict)  # trait → its number in the table of changes
    kinds: dict[Kind, set[int]] = field(default_factory=dict)  # column of that table → the traits that are read so
    salts: dict[str, str] = field(default_factory=dict)  # salt → column of the customers' table
    forecasts: dict[Forecast, str] = field(default_factory=dict)  # likewise: from when it says so

    def fact_names(self) -> set[str] | None:
        """The names of facts to read; None for all."""
        if any(name.prefix for name in self.names):
            return None
        return {name.text for name in self.names} | ({"identify"} if self.paths else set())

    def our_own(self) -> bool:
        """Whether facts of our own are among them: these answer to their full name only."""
        return bool(self.paths) or not all(name.prefix for name in self.names)


def needs_of(rules: Iterable[Primitive]) -> Needs:
    """What these primitives ask for."""
    needs = Needs()
    for rule in rules:
        if isinstance(rule, Trait):
            number = needs.paths.setdefault(rule.path, len(needs.paths))
            needs.traits.ask(Condition(SELF, rule.test))
            for kind in {kind for test in parts(rule.test) for kind in kinds(test)}:
                needs.kinds.setdefault(kind, set()).add(number)
        elif isinstance(rule, Bucket):
            needs.salts.setdefault(rule.salt, f"share{len(needs.salts)}")
        elif isinstance(rule, Forecast):
            needs.forecasts.setdefault(rule, f"told{len(needs.forecasts)}")
        elif isinstance(rule, Events | Picked):
            _ask_events(needs, rule)
        elif isinstance(rule, Sequence):
            for step in rule.steps:
                _ask_events(needs, step)
    return needs


def _ask_events(needs: Needs, rule: Events | Picked | Step) -> None:
    paths = needs.names.setdefault(rule.name, set())
    judged = rule.having if isinstance(rule, Picked) else ()
    for condition in (*rule.where, *judged):
        needs.events.ask(condition)
        paths.add(condition.path)
    if isinstance(rule, Events) and rule.since_held is not None:
        needs.paths.setdefault(rule.since_held, len(needs.paths))
    if isinstance(rule, Events) and rule.measure.of is not None:
        needs.events.want(rule.measure.of, KEY if rule.measure.kind == "distinct" else NUMBER)
        paths.add(rule.measure.of)


def parts(test: Test) -> Iterator[Test]:
    """The plain tests that a test is made of."""
    if isinstance(test, Not):
        yield from parts(test.test)
    elif isinstance(test, Either):
        for one in test.tests:
            yield from parts(one)
    else:
        yield test


def kinds(test: Test) -> set[Kind]:
    """The columns that a plain test reads."""
    if isinstance(test, Equals):
        return _scalar_kinds((test.value,))
    if isinstance(test, OneOf):
        return _scalar_kinds(test.values)
    if isinstance(test, Matches):
        return {Kind("matches", test.pattern)}
    if isinstance(test, Anniversary):
        return {anniversary_kind(test)}
    if isinstance(test, Calendar):
        return {calendar_kind(test)}
    if isinstance(test, Distance):
        return {distance_kind(test)}
    return {kind for types, kind in _KINDS if isinstance(test, types)}


_KINDS = (
    (Order, NUMBER),
    (Text, TEXT),
    (Exists, EXISTS),
    (HeldFor, EXISTS),
    (Includes, ITEMS),
    (Length, LENGTH),
    (Times, INSTANT),
    (Rolling, INSTANT),
)


def _scalar_kinds(values: tuple[Scalar, ...]) -> set[Kind]:
    found: set[Kind] = set()
    for value in values:
        if isinstance(value, bool):
            found.add(BOOLEAN)
        elif isinstance(value, str):
            found |= {TEXT, NUMBER} if number_in(value) is not None else {TEXT}
        else:
            found.add(NUMBER)
    return found
