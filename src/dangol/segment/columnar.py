"""The tables that compiled rules read, as DuckDB makes them from facts in columns: the projector's twin in SQL.

Promise: every value is the one that project.py gives. A plan that asks for something this module does not know is
refused with Unsaid, and the projector makes its tables. Texts of rules reach SQL as quoted literals only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo

import msgspec

from dangol.base.duck import quoted
from dangol.segment import said
from dangol.segment.language import Name, Path
from dangol.segment.needs import Columns, Kind, Needs
from dangol.segment.project import END, FIXED, customers_schema, schema
from dangol.segment.values import NEVER

SOURCE = ("customer_id", "at", "position", "type", "event", "name", "own", "properties", "traits", "context")
ROOTS = {"": "properties", "$context": "context"}
# JSON's number, as operands.NUMBER has it, between the quotes of a text
NUMBER_TEXT = r'"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"'
TIME_TEXT = r'"[1-9]\d{3}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z"'
LARGEST, SMALLEST = 253_402_300_799_999_999, -62_135_596_800_000_000  # µs: the years 1 to 9999
LONG = 300  # characters; a number as long as that may be none to a rule


class Unsaid(Exception):
    """A plan asks for a table or a value that this module cannot make."""


@dataclass(slots=True)
class Views:
    """What to tell DuckDB before a plan's own SQL: views by name in order, and functions they call."""

    views: dict[str, str] = field(default_factory=dict)
    functions: dict[str, said.Function] = field(default_factory=dict)


def views(needs: Needs, zone: tzinfo, t: int, source: str = "facts", people: str = "people") -> Views:
    """The plan's tables over `source` (columns SOURCE) and `people` (customer_id, first_at), all at one instant.

    For each forecast of the needs there is a table under its name (see foretelling.from_whens).

    Raises Unsaid.
    """
    return _Writer(needs, zone, t, source, people).write()


@dataclass(slots=True)
class _Writer:
    needs: Needs
    zone: tzinfo
    t: int
    source: str
    people: str
    made: Views = field(default_factory=Views)

    def write(self) -> Views:
        self.made.functions = said.functions(self.zone)
        self._customers()
        self._events()
        self._traits()
        return self.made

    # --- customers ----------------------------------------------------------------------------------------------------

    def _customers(self) -> None:
        columns = {"customer_id": "customer_id", "t": f"{self.t}::BIGINT", "first_at": "first_at"}
        for salt, name in self.needs.salts.items():
            digest = f"sha256({quoted([salt + ':'])} || customer_id::VARCHAR)"
            columns[name] = f"('0x' || {digest}[1:16])::UBIGINT::DOUBLE / 18446744073709551616.0::DOUBLE * 100"
        joined = self.people
        for name in self.needs.forecasts.values():
            columns[name] = f"{name}.made_at"
            joined += f" LEFT JOIN {name} USING (customer_id)"
        _all_said("customers", columns, customers_schema(self.needs))
        self.made.views["customers"] = f"SELECT {_named(columns)} FROM {joined}"

    # --- events -------------------------------------------------------------------------------------------------------

    def _events(self) -> None:
        columns = self.needs.events
        fixed = {
            "customer_id": "customer_id", "t": f"{self.t}::BIGINT", "at": '"at"', "name": "event", "own": "own",
            "row": '("at"::HUGEINT << 64) + position',  # grows with time and position: what picking needs
        }  # fmt: skip
        _all_said("events", fixed, FIXED["events"])
        if not self.needs.names:
            return  # no leaf reads the table
        raws = {path: self._raw_of_fact(path) for path in _paths(columns)}
        inner = {**fixed, **{f"r{n}": raw for n, raw in enumerate(raws.values())}}
        facts = f"SELECT {_named(inner)} FROM {self.source} WHERE {self._wanted(self.needs.names)}"
        self._table(columns, list(fixed), {path: f"r{n}" for n, path in enumerate(raws)}, facts)

    def _raw_of_fact(self, path: Path) -> str:
        """JSON of a value of a fact; looked for only in facts of which some leaf asks it."""
        if path.root in ROOTS:
            found = self._raw(f"nullif({ROOTS[path.root]}, '')", path.keys)
        elif path.root == "$timestamp":
            found = 'said_time("at")'
        elif path.root in {"$type", "$name"}:
            column = "type" if path.root == "$type" else "coalesce(nullif(name, ''), event)"
            found = f"to_json({column})::VARCHAR"
        else:
            raise Unsaid(f"{path.root} of a fact")
        names = {name: paths for name, paths in self.needs.names.items() if path in paths}
        return found if len(names) == len(self.needs.names) else f"CASE WHEN {self._wanted(names)} THEN {found} END"

    def _raw(self, document: str, keys: tuple[str, ...]) -> str:
        """JSON text of the value that keys lead to in a document."""
        if not keys:
            return document
        if all(_is_plain(key) for key in keys):
            path = "$" + "".join(f'."{key}"' for key in keys)
            return f"json_extract({document}, {quoted([path])})::VARCHAR"
        return f"said_path({document}, {quoted([msgspec.json.encode(keys).decode()])})"

    def _wanted(self, names: Iterable[Name]) -> str:
        full = [name.text for name in names if not name.prefix]
        clauses = [f"(event <> '' AND event IN ({quoted(full)}))"] if full else []
        for name in names:
            if name.prefix:
                begins = f" AND starts_with(event, {quoted([name.text])})" if name.text else ""
                clauses.append(f"(NOT own AND event <> ''{begins})")
        return f"({' OR '.join(clauses)})" if clauses else "false"

    # --- traits -------------------------------------------------------------------------------------------------------

    def _traits(self) -> None:
        columns, fixed = self.needs.traits, ["customer_id", "t", "row", "path", "since", "until", "held"]
        _all_said("traits", fixed, FIXED["traits"])
        if not self.needs.paths:
            return  # no leaf reads the table
        spells = [self._spells_of(path, number) for path, number in self.needs.paths.items()]
        self._table(
            columns,
            fixed,
            {path: self._raw("value", path.keys) for path in _paths(columns)},
            " UNION ALL ".join(spells),
        )

    def _spells_of(self, path: Path, number: int) -> str:
        """One row for every different value a trait had: since, until, since when `is` calls it the same."""
        told = self._raw("traits", path.keys[:1])
        return f"""
SELECT customer_id, {self.t}::BIGINT AS t, position::HUGEINT * 1000 + {number} AS "row", {number}::BIGINT AS path,
  since, coalesce(lead(since) OVER w, {NEVER}) AS until, held, value
FROM (SELECT *, max(CASE WHEN alike = 0 THEN since END) OVER (PARTITION BY customer_id ORDER BY since) AS held
  FROM (SELECT customer_id, "at" AS since, position, value,
      CASE WHEN lag("at") OVER v IS NULL THEN 0
        WHEN value IS NOT DISTINCT FROM lag(value) OVER v AND coalesce(length(value), 0) < {LONG} THEN 2
        ELSE said_same(lag(value) OVER v, value) END AS alike
    FROM (SELECT customer_id, "at", position, {self._raw("told", path.keys[1:])} AS value
      FROM (SELECT customer_id, "at", position, {told} AS told FROM {self.source}
        WHERE type = 'identify' AND traits <> '')
      WHERE told IS NOT NULL
      QUALIFY lead("at") OVER (PARTITION BY customer_id ORDER BY "at", position) IS DISTINCT FROM "at")
    WINDOW v AS (PARTITION BY customer_id ORDER BY "at")))
WHERE alike < 2
WINDOW w AS (PARTITION BY customer_id ORDER BY since)"""

    # --- tables of typed values ---------------------------------------------------------------------------------------

    def _table(self, columns: Columns, fixed: list[str], raws: dict[Path, str], rows: str) -> None:
        """A view of rows with typed columns, and one of the objects in every list that rules look into."""
        below = {path: f"list{n}" for n, path in enumerate(columns.items)}
        kept = {name: f'"{name}"' for name in fixed}
        lists = {name: raws[path] for path, name in below.items()}
        typed: dict[str, str] = {}
        for (path, kind), name in columns.columns.items():
            typed |= self._typed(name, kind, raws[path], path)
        _all_said(columns.name, [*kept, *typed], schema(columns))
        self.made.views[columns.name] = f"SELECT {_named({**kept, **typed, **lists})} FROM ({rows})"
        for path, items in columns.items.items():
            self._items(items.columns, columns.name, below[path])

    def _items(self, columns: Columns, above: str, column: str) -> None:
        fixed = ["parent", "row", "t"]
        lists = (
            f"SELECT \"row\" AS parent, json_extract({column}, '$[*]') AS items FROM {above} WHERE ascii({column}) = 91"
        )
        places = f"SELECT *, unnest(range(1, len(items) + 1)) AS place FROM ({lists})"
        rows = (  # named by their place: a view is read more than once, and must name an item the same each time
            f"SELECT parent, parent || ':' || place AS \"row\", {self.t}::BIGINT AS t, items[place]::VARCHAR AS item"
            f" FROM ({places}) WHERE ascii(items[place]) = 123"
        )
        self._table(columns, fixed, {path: self._raw("item", path.keys) for path in _paths(columns)}, rows)

    def _typed(self, name: str, kind: Kind, raw: str, path: Path) -> dict[str, str]:
        own_zone = path.root == "$timestamp"
        if kind.word == "anniversary":
            instant = self._instant(raw, utc=own_zone)
            spans = [said.anniversary(kind.detail, self.t, self.zone, end) for end in (0, 1)]
            return {name: self._call(spans[0], instant), name + END: self._call(spans[1], instant)}
        if kind.word == "calendar":
            instant = self._instant(raw, utc=own_zone)
            ends = [said.calendar(kind.detail, self.zone, end) for end in (0, 1)]
            return {name: self._call(ends[0], instant), name + END: self._call(ends[1], instant)}
        if kind.word == "matches":
            return {name: self._call(said.search(kind.detail), _text(raw))}
        if kind.word == "distance":
            return {name: self._call(said.distance(kind.detail), f"CASE WHEN ascii({raw}) = 123 THEN {raw} END")}
        if kind.word == "instant":
            return {name: self._instant(raw, utc=own_zone)}
        if kind.word not in _SAID:
            raise Unsaid(f"the {kind.word} of the value at {'.'.join(path.keys) or path.root or 'hand'}")
        return {name: _SAID[kind.word](raw)}

    def _call(self, function: said.Function, argument: str) -> str:
        """A call of a function that only this plan has."""
        name = f"said{len(self.made.functions)}"
        self.made.functions[name] = function
        return f"{name}({argument})"

    def _instant(self, raw: str, *, utc: bool) -> str:
        number = f"TRY_CAST({raw} AS DOUBLE)"
        seconds = f"(CASE WHEN abs({number}) >= 100000000000 THEN {number} / 1000 ELSE {number} END) * 1000000"
        word = "said_instant_utc" if utc else "said_instant"
        return (
            f"CASE WHEN ascii({raw}) IN ({_DIGITS}) THEN CASE WHEN {seconds} BETWEEN {SMALLEST} AND {LARGEST}"
            f" THEN round_even({seconds}, 0)::BIGINT END"
            f" WHEN ascii({raw}) <> 34 THEN NULL"
            f" WHEN regexp_full_match({raw}, {quoted([TIME_TEXT])})"
            f" THEN epoch_us(TRY_CAST({_bare(raw)} AS TIMESTAMP))"
            f" WHEN length({raw}) BETWEEN 10 AND 60 THEN {word}({raw}) END"
        )


_DIGITS = ", ".join(str(ord(digit)) for digit in "-0123456789")


def _bare(raw: str) -> str:
    return f"substring({raw}, 2, length({raw}) - 2)"


def _text(raw: str) -> str:
    return (
        f"CASE WHEN ascii({raw}) <> 34 THEN NULL WHEN contains({raw}, '\\') THEN said_text({raw})"
        f" ELSE nullif({_bare(raw)}, '') END"
    )


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _number(raw: str) -> str:
    return (
        f"CASE WHEN ascii({raw}) IN ({_DIGITS}) THEN {_finite(f'TRY_CAST({raw} AS DOUBLE)')}"
        f" WHEN ascii({raw}) <> 34 THEN NULL WHEN contains({raw}, '\\') THEN said_number({raw})"
        f" WHEN regexp_full_match({raw}, {quoted([NUMBER_TEXT])})"
        f" THEN {_finite(f'TRY_CAST({_bare(raw)} AS DOUBLE)')} END"
    )


def _key(raw: str) -> str:
    return (
        f"CASE WHEN ascii({raw}) = 34 AND NOT contains({raw}, '\\') THEN 's:' || nullif({_bare(raw)}, '')"
        f" WHEN regexp_full_match({raw}, '0|-?[1-9][0-9]{{0,14}}') THEN 's:' || {raw}"
        f" WHEN {raw} IS NOT NULL THEN said_key({raw}) END"
    )


def _items_of(raw: str) -> str:
    return f"CASE WHEN ascii({raw}) = 91 THEN said_items({raw}) END"


_SAID = {
    "text": _text,
    "number": _number,
    "boolean": lambda raw: f"CASE {raw} WHEN 'true' THEN true WHEN 'false' THEN false END",
    "exists": lambda raw: f"coalesce({raw} NOT IN ('null', '\"\"'), false)",
    "length": lambda raw: f"CASE WHEN ascii({raw}) = 91 THEN json_array_length({raw})::BIGINT END",
    "items": _items_of,
    "key": _key,
}


def _all_said(table: str, made: Iterable[str], wanted: Iterable[str]) -> None:
    """Raises Unsaid, with the columns of a table that only one of the two knows."""
    if odd := set(made) ^ set(wanted):
        raise Unsaid(f"{', '.join(sorted(odd))} in the table of {table}")


def _paths(columns: Columns) -> list[Path]:
    return list(dict.fromkeys([*(path for path, _ in columns.columns), *columns.items]))


def _named(columns: dict[str, str]) -> str:
    return ", ".join(f'{value} AS "{name}"' for name, value in columns.items())


def _is_plain(key: str) -> bool:
    """Whether a key means in DuckDB's JSON path, between quotes, just itself."""
    return bool(key) and key.isprintable() and not set(key) & set('"\\*')
