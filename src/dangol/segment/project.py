"""From rows of the customer file to the flat, typed tables that compiled rules read.

`t` stands in every row: a plan does not depend on the instant, and each customer may be judged at another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import msgspec
import polars as pl

from dangol.base.clock import from_us, to_us
from dangol.base.instants import iso
from dangol.base.shares import share
from dangol.collect.facts import EVENT_NAMES, Fact
from dangol.profile import predictions
from dangol.profile.steps import History
from dangol.segment import values
from dangol.segment.foretelling import from_when
from dangol.segment.language import Name, Path
from dangol.segment.needs import SPANNING, Columns, Kind, Needs
from dangol.segment.typed import Reader, picker, reader

Tables = dict[str, pl.DataFrame]
Find = Callable[[Path], Sequence[Any]]  # the values at a path, one for each row

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
    "calendar": pl.Int64,
    "distance": pl.Float64,
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
END = "_end"  # of the second of two columns: where the span ends


def schema(columns: Columns) -> dict[str, Any]:
    """The names and types of one table."""
    found: dict[str, Any] = dict(FIXED[columns.name] if columns.name in FIXED else FIXED["items"])
    for (_, kind), name in columns.columns.items():
        found[name] = TYPES[kind.word]
        if kind.word in SPANNING:
            found[name + END] = pl.Int64
    return found


def customers_schema(needs: Needs) -> dict[str, Any]:
    shares = dict.fromkeys(needs.salts.values(), pl.Float64)
    return {**FIXED["customers"], **shares, **dict.fromkeys(needs.forecasts.values(), pl.Int64)}


def columns_read(needs: Needs) -> set[str]:
    """The columns of JSON in which something is looked for."""
    roots = {path.root for paths in needs.names.values() for path in paths}
    found = {name for root, name in (("", "properties"), ("$context", "context")) if root in roots}
    return found | ({"traits"} if needs.paths else set())


class Projector:
    """Turns the facts of some customers, each with an instant, into tables."""

    def __init__(self, needs: Needs, zone: tzinfo) -> None:
        self.needs = needs
        self.events = Filler(needs.events, zone)
        self.traits = Filler(needs.traits, zone)
        self._asked: dict[tuple[str, bool], Asked | None] = {}
        self._learnt = picker({path.keys[0] for path in needs.paths}, msgspec.UNSET)
        tables = [*needs.events.tables(), *needs.traits.tables()]
        self._empty = {columns.name: pl.DataFrame(schema=schema(columns)) for columns in tables}

    def tables(self, customers: Mapping[int, tuple[int, int]], rows: Iterable[History]) -> Tables:
        """`customers`: id → (t, time of the first fact); `rows` by customer, time and position."""
        events: dict[tuple[str, str, bool], tuple[list[int], list[History]]] = {}
        learnt: list[History] = []
        for number, row in enumerate(rows):
            kind = row[3]
            if row[0] not in customers:
                continue
            if kind == "identify":
                learnt.append(row)
            else:
                numbers, some = events.setdefault((kind, row[4] if kind == "track" else "", row[5]), ([], []))
                numbers.append(number)
                some.append(row)
        frames = Frames()
        plain = Plain()
        for (kind, name, own), (numbers, some) in events.items():
            known = EVENT_NAMES.get(kind, name)
            asked = self.asked(known, bool(own)) if known else None
            if asked is not None and asked.paths:
                self._tell(frames, asked, known, bool(own), numbers, some, customers)
            elif asked is not None:
                plain.add(known, bool(own), numbers, some)
        if plain.rows:
            frames.add(self.needs.events, plain.frame(customers))
        if learnt and self.needs.paths:
            self._learn(frames, learnt, customers)
        told = {name: frames.joined(name, empty) for name, empty in self._empty.items()}
        return {"customers": self._customers(customers), **told}

    def asked(self, name: str, own: bool) -> Asked | None:
        """What leaves look for in events of this name; None where none looks at them."""
        if (name, own) not in self._asked:
            found = [paths for wanted, paths in self.needs.names.items() if matches(wanted, name, own)]
            self._asked[name, own] = Asked(set().union(*found)) if found else None
        return self._asked[name, own]

    def _tell(
        self,
        frames: Frames,
        asked: Asked,
        name: str,
        own: bool,
        numbers: Sequence[int],
        rows: Sequence[History],
        customers: Mapping[int, tuple[int, int]],
    ) -> None:
        """Rows of events, all of one name; `numbers` say their order among those of all names."""
        plain = Plain()
        plain.add(name, own, numbers, rows)
        frame = plain.frame(customers)
        self.events.fill(frames, frame, numbers, frame["t"].to_list(), asked.finder(rows, name), asked.paths)

    def _learn(self, frames: Frames, rows: Sequence[History], customers: Mapping[int, tuple[int, int]]) -> None:
        """Rows of what traits were, one for every different value."""
        told = self._learnt([row[7] for row in rows])
        changes: dict[tuple[int, str], list[tuple[int, Any]]] = {}
        for key, values_of_key in told.items():
            for row, value in zip(rows, values_of_key, strict=True):
                if value is not msgspec.UNSET:
                    history = changes.setdefault((row[0], key), [])
                    if history and history[-1][0] == row[1]:
                        history.pop()  # two at one instant: the later position stands
                    history.append((row[1], value))
        by_key: dict[str, list[tuple[Path, int]]] = {}
        for path, number in self.needs.paths.items():
            by_key.setdefault(path.keys[0], []).append((path, number))
        spans = [
            (customer, customers[customer][0], number, *spell)
            for (customer, key), history in changes.items()
            for path, number in by_key[key]
            for spell in spells(history, path.keys[1:])
        ]
        if spans:
            self._trait_rows(frames, spans)

    def _trait_rows(self, frames: Frames, spans: Sequence[tuple[Any, ...]]) -> None:
        ids, ts, paths, since, until, held, found = zip(*spans, strict=True)
        numbers = frames.numbers(self.needs.traits, len(spans))
        fixed = {"customer_id": ids, "t": ts, "row": numbers, "path": paths, "since": since, "until": until}
        frame = pl.DataFrame({**fixed, "held": held}, schema=FIXED["traits"])
        read = {kind: [path in some for path in paths] for kind, some in self.needs.kinds.items()}
        self.traits.fill(frames, frame, numbers, ts, lambda p: [values.at_path(v, p.keys) for v in found], read=read)

    def _customers(self, customers: Mapping[int, tuple[int, int]]) -> pl.DataFrame:
        columns: dict[str, list[Any]] = {
            "customer_id": list(customers),
            "t": [t for t, _ in customers.values()],
            "first_at": [first for _, first in customers.values()],
        }
        for salt, name in self.needs.salts.items():
            columns[name] = [share(salt, customer) for customer in customers]
        told = predictions.of(list(customers)) if self.needs.forecasts else {}
        for forecast, name in self.needs.forecasts.items():
            columns[name] = [from_when(forecast, told.get(customer, {})) for customer in customers]
        return pl.DataFrame(columns, schema=customers_schema(self.needs))


class Asked:
    """What leaves look for in events of one name."""

    def __init__(self, paths: set[Path]) -> None:
        self.paths = paths
        self._picks = {
            root: picker({path.keys[0] for path in paths if path.root == root})
            for root in ("", "$context")
            if any(path.root == root for path in paths)
        }

    def finder(self, rows: Sequence[History], name: str) -> Find:
        """Finds the values at a path in all these rows; JSON is read once."""
        picked = {root: pick([row[8] if root else row[6] for row in rows]) for root, pick in self._picks.items()}

        def find(path: Path) -> Sequence[Any]:
            if path.root in picked:
                found = picked[path.root][path.keys[0]]
                return found if len(path.keys) == 1 else [values.at_path(value, path.keys[1:]) for value in found]
            if path.root == "$timestamp":
                return [iso(from_us(row[1])) for row in rows]
            return [row[3] if path.root == "$type" else row[4] or name for row in rows]

        return find


class Plain:
    """Events of any names, with what every event has."""

    def __init__(self) -> None:
        self.rows: list[History] = []
        self._numbers: list[int] = []
        self._names: list[str] = []
        self._own: list[bool] = []

    def add(self, name: str, own: bool, numbers: Sequence[int], rows: Sequence[History]) -> None:
        """Some of one name; `numbers` say their order among those of all names."""
        self.rows += rows
        self._numbers += numbers
        self._names += [name] * len(rows)
        self._own += [own] * len(rows)

    def frame(self, customers: Mapping[int, tuple[int, int]]) -> pl.DataFrame:
        ids = [row[0] for row in self.rows]
        fixed = {
            "customer_id": ids, "t": [customers[customer][0] for customer in ids], "row": self._numbers,
            "at": [row[1] for row in self.rows], "name": self._names, "own": self._own,
        }  # fmt: skip
        return pl.DataFrame(fixed, schema=FIXED["events"])


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


def row_of(customer: int, fact: Fact) -> History:
    """A fact as the row it is kept in."""
    told = (fact.properties, fact.traits, fact.context)
    properties, traits, context = (msgspec.json.encode(one).decode() if one else "" for one in told)
    at = to_us(fact.at)
    return customer, at, fact.position, fact.type, fact.name, fact.own, properties, traits, context


def event_name(row: History) -> str:
    """The name by which rules know a fact; empty for one that is no event."""
    return row[4] if row[3] == "track" else EVENT_NAMES.get(row[3], "")


def matches(wanted: Name, name: str, own: bool) -> bool:
    """Whether a leaf looks at facts of this name; facts of our own answer to their full name only."""
    return bool(name) and (not own and name.startswith(wanted.text) if wanted.prefix else name == wanted.text)


class Frames:
    """Parts of tables as they come to be."""

    def __init__(self) -> None:
        self._parts: dict[str, list[pl.DataFrame]] = {}
        self._rows: dict[str, int] = {}

    def numbers(self, columns: Columns, count: int) -> range:
        """Numbers for the next rows of a table."""
        start = self._rows.get(columns.name, 0)
        self._rows[columns.name] = start + count
        return range(start, start + count)

    def add(self, columns: Columns, frame: pl.DataFrame) -> None:
        self._parts.setdefault(columns.name, []).append(frame)

    def joined(self, name: str, empty: pl.DataFrame) -> pl.DataFrame:
        """A table whole, of the columns that `empty` has: those that a part does not have are null there."""
        parts = self._parts.get(name, ())
        if not parts:
            return empty
        if len(parts) == 1 and parts[0].columns == empty.columns:
            return parts[0]
        return pl.concat([empty, *parts], how="diagonal")


class Filler:
    """Makes the columns of one table, and of the tables of items below it."""

    def __init__(self, columns: Columns, zone: tzinfo) -> None:
        self.columns = columns
        self.readers: dict[Path, list[tuple[str, Kind, Reader]]] = {}
        for (path, kind), name in columns.columns.items():
            self.readers.setdefault(path, []).append((name, kind, reader(kind, zone, path)))
        self.below = {path: Filler(items.columns, zone) for path, items in columns.items.items()}

    def fill(
        self,
        frames: Frames,
        frame: pl.DataFrame,
        numbers: Sequence[int],
        ts: Sequence[int],
        find: Find,
        paths: set[Path] | None = None,
        read: Mapping[Kind, Sequence[bool]] | None = None,
    ) -> None:
        """Add rows: `frame` has what every row has, the others come from `find`, at `paths` (None: at all).

        `read` says of which rows a kind of column is looked at; the others have nothing there.
        """
        series: list[pl.Series] = []
        for path, readers in self.readers.items():
            if paths is None or path in paths:
                found = find(path)
                for name, kind, reads in readers:
                    mine = _only(found, read[kind]) if read and kind in read else found
                    series += _series(name, kind, reads(mine, ts))
        frames.add(self.columns, frame.hstack(series) if series else frame)
        for path, below in self.below.items():
            if paths is None or path in paths:
                below._items(frames, numbers, ts, find(path))

    def _items(self, frames: Frames, parents: Sequence[int], ts: Sequence[int], lists: Sequence[Any]) -> None:
        """Rows of the objects in lists."""
        found = [
            (parent, t, item)
            for parent, t, items in zip(parents, ts, lists, strict=True)
            if isinstance(items, list)
            for item in items
            if isinstance(item, dict)
        ]
        if found:
            parent, t, objects = zip(*found, strict=True)
            numbers = frames.numbers(self.columns, len(found))
            frame = pl.DataFrame({"parent": parent, "row": numbers, "t": t}, schema=FIXED["items"])
            self.fill(frames, frame, numbers, t, lambda path: [values.at_path(one, path.keys) for one in objects])


def _only(found: Sequence[Any], wanted: Sequence[bool]) -> Sequence[Any]:
    return found if all(wanted) else [value if mine else None for value, mine in zip(found, wanted, strict=True)]


def _series(name: str, kind: Kind, found: list[Any]) -> list[pl.Series]:
    if kind.word not in SPANNING:
        return [pl.Series(name, found, dtype=TYPES[kind.word])]
    begins, ends = ([pair and pair[side] for pair in found] for side in (0, 1))
    return [pl.Series(name, begins, dtype=pl.Int64), pl.Series(name + END, ends, dtype=pl.Int64)]
