"""From rows of the customer file to the flat, typed tables that compiled rules read.

`t` stands in every row: a plan does not depend on the instant, and each customer may be judged at another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from itertools import groupby
from typing import Any

import msgspec
import polars as pl
import re2  # type: ignore[import-untyped]

from dangol.base.clock import from_us
from dangol.base.instants import iso
from dangol.base.shares import share
from dangol.profile.steps import History
from dangol.segment import values
from dangol.segment.language import PAGE, SCREEN, Name, Path
from dangol.segment.needs import Columns, Items, Kind, Needs

decode = msgspec.json.Decoder().decode
Tables = dict[str, pl.DataFrame]
Lookup = Callable[[Path], Any]
Reader = Callable[[Any, int], Any]  # a value and t, to what the column holds

TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "exists": pl.Boolean,
    "instant": pl.Int64,
    "length": pl.Int64,
    "items": pl.List(pl.String),
    "key": pl.String,
    "matches": pl.Boolean,
    "anniversary": pl.Int64,
}
FIXED: dict[str, dict[str, type[pl.DataType]]] = {
    "customers": {"customer_id": pl.Int64, "t": pl.Int64, "first_at": pl.Int64},
    "events": {
        "customer_id": pl.Int64, "t": pl.Int64, "row": pl.Int64, "at": pl.Int64, "name": pl.String, "own": pl.Boolean,
    },
    "traits": {
        "customer_id": pl.Int64, "t": pl.Int64, "row": pl.Int64, "path": pl.Int64, "since": pl.Int64,
        "until": pl.Int64, "held": pl.Int64,
    },
    "items": {"parent": pl.Int64, "row": pl.Int64, "t": pl.Int64},
}  # fmt: skip
END = "_end"  # a column of anniversaries is two: where the span begins, and where it ends


def schema(columns: Columns) -> dict[str, Any]:
    """The names and types of one table."""
    found: dict[str, Any] = dict(FIXED[columns.name] if columns.name in FIXED else FIXED["items"])
    for (_, kind), name in columns.columns.items():
        found[name] = TYPES[kind.word]
        if kind.word == "anniversary":
            found[name + END] = pl.Int64
    return found


def customers_schema(needs: Needs) -> dict[str, Any]:
    return {**FIXED["customers"], **dict.fromkeys(needs.salts.values(), pl.Float64)}


@dataclass(slots=True)
class Projector:
    """Turns the facts of some customers, each with an instant, into tables."""

    needs: Needs
    zone: tzinfo

    def tables(self, customers: Mapping[int, tuple[int, int]], rows: Iterable[History]) -> Tables:
        """`customers`: id → (t, time of the first fact); `rows` by customer, time and position."""
        events = Filler(self.needs.events, self.zone)
        traits = Filler(self.needs.traits, self.zone)
        asked: dict[tuple[str, bool], set[Path] | None] = {}  # None: no leaf looks at such facts
        for customer, group in groupby(rows, lambda row: row[0]):
            if customer not in customers:
                continue
            t = customers[customer][0]
            changes: dict[str, list[tuple[int, Any]]] = {}
            for row in group:
                if row[3] == "identify":
                    self._learn(changes, row)
                    continue
                name, own = event_name(row), bool(row[5])
                if (name, own) not in asked:
                    asked[name, own] = self._asked(name, own)
                paths = asked[name, own]
                if paths is not None:
                    events.add((customer, t, events.next_row(), row[1], name, own), t, lookup(row, name), paths)
            if changes:
                self._trait_rows(traits, customer, t, changes)
        return {"customers": self._customers(customers), **events.frames(), **traits.frames()}

    def _asked(self, name: str, own: bool) -> set[Path] | None:
        found = [paths for wanted, paths in self.needs.names.items() if matches(wanted, name, own)]
        return set().union(*found) if found else None

    def _customers(self, customers: Mapping[int, tuple[int, int]]) -> pl.DataFrame:
        columns: dict[str, list[Any]] = {
            "customer_id": list(customers),
            "t": [t for t, _ in customers.values()],
            "first_at": [first for _, first in customers.values()],
        }
        for salt, name in self.needs.salts.items():
            columns[name] = [share(salt, customer) for customer in customers]
        return pl.DataFrame(columns, schema=customers_schema(self.needs))

    def _learn(self, changes: dict[str, list[tuple[int, Any]]], row: History) -> None:
        if not (self.needs.paths and row[7]):
            return
        told = decode(row[7])
        for key in {path.keys[0] for path in self.needs.paths} & set(told):
            history = changes.setdefault(key, [])
            if history and history[-1][0] == row[1]:
                history.pop()  # two at one instant: the later position stands
            history.append((row[1], told[key]))

    def _trait_rows(
        self, traits: Filler, customer: int, t: int, changes: Mapping[str, Sequence[tuple[int, Any]]]
    ) -> None:
        for path, number in self.needs.paths.items():
            for since, until, held, value in spells(changes.get(path.keys[0], ()), path.keys[1:]):
                found = partial(_at, value)
                traits.add((customer, t, traits.next_row(), number, since, until, held), t, found)


def _at(value: Any, path: Path) -> Any:
    return values.at_path(value, path.keys)


def spells(changes: Sequence[tuple[int, Any]], keys: tuple[str, ...]) -> list[tuple[int, int, int, Any]]:
    """Since, until (excluded), since when `is` calls it the same, and the value: one for every different value."""
    found: list[tuple[int, int, int, Any]] = []
    for at, whole in changes:
        value = values.at_path(whole, keys)
        held = at
        if found:
            since, _, began, before = found.pop()
            if values.same(before, value):
                held = began
            if type(before) is type(value) and held == began and before == value:
                found.append((since, values.NEVER, began, before))
                continue
            found.append((since, at, began, before))
        found.append((at, values.NEVER, held, value))
    return found


def event_name(row: History) -> str:
    """The name by which rules know a fact; empty for one that is no event."""
    kind = row[3]
    return row[4] if kind == "track" else PAGE if kind == "page" else SCREEN if kind == "screen" else ""


def matches(wanted: Name, name: str, own: bool) -> bool:
    """Whether a leaf looks at facts of this name; facts of our own answer to their full name only."""
    return bool(name) and (not own and name.startswith(wanted.text) if wanted.prefix else name == wanted.text)


def lookup(row: History, name: str) -> Lookup:
    """Finds values in one fact; JSON is read when the first path asks for it."""
    decoded: dict[str, Any] = {}

    def find(path: Path) -> Any:
        if path.root in {"", "$context"}:
            if path.root not in decoded:
                raw = row[8] if path.root else row[6]
                decoded[path.root] = decode(raw) if raw else None
            return values.at_path(decoded[path.root], path.keys)
        if path.root == "$timestamp":
            return iso(from_us(row[1]))
        return row[3] if path.root == "$type" else row[4] or name

    return find


class Filler:
    """Fills the columns of one table, and of the tables of items below it."""

    def __init__(self, columns: Columns, zone: tzinfo) -> None:
        self.columns = columns
        self.schema = schema(columns)
        self.rows: list[tuple[Any, ...]] = []
        by_path: dict[Path, list[tuple[Reader, bool]]] = {}
        for (path, kind), _ in columns.columns.items():
            by_path.setdefault(path, []).append((reader(kind, zone, path), kind.word == "anniversary"))
        self.plan = list(by_path.items())
        self.order = self._order()
        self.below = [(path, ItemFiller(items, zone)) for path, items in columns.items.items()]

    def _order(self) -> list[str]:
        """The columns' names in the order in which values are appended: path by path."""
        fixed = list(FIXED.get(self.columns.name, FIXED["items"]))
        names = [name for path, _ in self.plan for (p, _k), name in self.columns.columns.items() if p == path]
        ends = {name for (_, kind), name in self.columns.columns.items() if kind.word == "anniversary"}
        return fixed + [n for name in names for n in ((name, name + END) if name in ends else (name,))]

    def next_row(self) -> int:
        return len(self.rows)

    def add(self, fixed: tuple[Any, ...], t: int, find: Lookup, paths: set[Path] | None = None) -> None:
        """Append one row: what every row has, then each value as each column wants it; nulls beside `paths`."""
        row = list(fixed)
        for path, readers in self.plan:
            if paths is not None and path not in paths:
                for _, two in readers:
                    row.extend((None, None) if two else (None,))
                continue
            value = find(path)
            for read, two in readers:
                if two:
                    row.extend(read(value, t) or (None, None))
                else:
                    row.append(read(value, t))
        for path, below in self.below:
            if paths is None or path in paths:
                below.add(len(self.rows), t, find(path))
        self.rows.append(tuple(row))

    def frames(self) -> Tables:
        columns = list(zip(*self.rows, strict=True)) if self.rows else [() for _ in self.order]
        filled = dict(zip(self.order, columns, strict=True))
        series = [pl.Series(name, filled[name], dtype=kind) for name, kind in self.schema.items()]
        found = {self.columns.name: pl.DataFrame(series)}
        for _, below in self.below:
            found |= below.filler.frames()
        return found


@dataclass(slots=True)
class ItemFiller:
    """Fills the table of one list's items."""

    items: Items
    zone: tzinfo
    filler: Filler = field(init=False)

    def __post_init__(self) -> None:
        self.filler = Filler(self.items.columns, self.zone)

    def add(self, parent: int, t: int, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    self.filler.add((parent, self.filler.next_row(), t), t, partial(_at, item))


def reader(kind: Kind, zone: tzinfo, path: Path) -> Reader:
    """How a column reads a value."""
    own_zone = UTC if path.root == "$timestamp" else zone

    def instant(value: Any) -> int | None:
        return values.instant_of(value, own_zone)

    if kind.word == "anniversary":
        before, behind = map(int, kind.detail.split("/"))
        return lambda value, t: values.anniversary(instant(value), t, before, behind, zone)
    if kind.word == "matches":
        search = re2.compile(kind.detail).search
        return lambda value, _: isinstance(value, str) and value != "" and search(value) is not None
    simple: dict[str, Callable[[Any], Any]] = {
        "text": values.text_of,
        "number": values.number_of,
        "boolean": values.boolean_of,
        "exists": values.exists,
        "instant": instant,
        "length": values.length_of,
        "items": values.item_keys,
        "key": values.key_of,
    }
    read = simple[kind.word]
    return lambda value, _: read(value)
