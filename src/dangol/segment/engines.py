"""The engines that run a compiled rule: Polars for the few customers a batch touched, DuckDB for everybody.

Measured with dangol/bench/segment.py on two cores, 12 segments of 17 different leaves, 20 customers with 200 facts: a
plan that was compiled once and kept takes Polars 6 ms and DuckDB 50 ms, most of which DuckDB spends planning. Compiling
costs 150 ms for the expression, and 100 more for either engine: so a plan reads its tables through a hook, `t` is a
column, and from batch to batch only rows change.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from functools import cached_property, partial
from typing import Any, cast

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl
from ibis.formats.polars import PolarsSchema

from dangol.segment import chains, language
from dangol.segment.compile import Compiled, compile_rules
from dangol.segment.language import Rule, primitives
from dangol.segment.needs import Columns, Needs
from dangol.segment.project import Projector, Tables, customers_schema, schema

warnings.filterwarnings("ignore", "Sortedness of columns cannot be checked")  # by Polars; chains.py sorts them
Schema = tuple[str, dict[str, Any]]  # a table's name, and the types of its columns
_compiling = threading.Lock()  # ibis keeps no promise about threads


@contextmanager
def unfused() -> Iterator[None]:
    """To compile in: a column that many read is said once, and compiling is faster."""
    with _compiling:
        fused = ibis.options.sql.fuse_selects
        ibis.options.sql.fuse_selects = False
        try:
            yield
        finally:
            ibis.options.sql.fuse_selects = fused


class Plan:
    """A set of segments, compiled once, run over any tables that its projector made."""

    def __init__(self, rules: Mapping[str, Rule], zone: tzinfo) -> None:
        self._rules = rules
        with _compiling:
            self.compiled: Compiled = compile_rules(rules, _table, chains.by_asof)
        self.needs = self.compiled.needs
        self.zone = zone
        self.projector = Projector(self.needs, zone)
        self._current: Tables = {}
        self._prepared: dict[str, pl.LazyFrame] = {}  # further expressions that were compiled before, by name
        self._running = threading.Lock()

    @property
    def keys(self) -> list[str]:
        return self.compiled.keys

    def on_polars(self, tables: Tables, expression: ir.Table | None = None) -> pl.DataFrame:
        """The result, in this process."""
        return self._collect(self._lazy if expression is None else self._on_hooks(expression), tables)

    def judged(self, tables: Tables) -> pl.DataFrame:
        """The result, in this process, with the earliest of all flips (`flip`) in the place of each."""
        return self._collect(self._once("judged", lambda: self._judging(self._lazy)), tables)

    def _judging(self, result: pl.LazyFrame) -> pl.LazyFrame:
        numbers = range(len(self.keys))
        flips = [pl.lit(None, pl.Int64), *(pl.col(f"w{number}") for number in numbers)]  # a rule may have no leaf
        flip = pl.min_horizontal(flips).alias("flip")
        judging = result.select("customer_id", *(f"m{number}" for number in numbers), flip)
        judging.collect_schema()  # kept with the plan, so that a batch need not find it out again
        return judging

    def measured(self, tables: Tables) -> pl.DataFrame:
        """Per customer: what the facts add up to, leaf by leaf."""
        return self._collect(self._once("measures", lambda: self._on_hooks(self.compiled.measures)), tables)

    def marked(self, tables: Tables) -> pl.DataFrame:
        """Per fact: which leaves look at it, and for which it counts."""
        marked = self.compiled.marked
        if marked is None:
            return tables["events"]
        return self._collect(self._once("marked", lambda: self._on_hooks(marked)), tables)

    def looked_at(self, tables: Tables) -> list[int]:
        """The customers of whose facts any leaf looks at one; of a plan whose leaves are all about events."""
        return self._collect(self._once("looked", self._looking), tables)["customer_id"].to_list()

    def _looking(self) -> pl.LazyFrame:
        marked = self._on_hooks(cast(ir.Table, self.compiled.marked))
        looks = pl.any_horizontal([f"c{number}" for number in self.compiled.leaves.values()])
        looking = marked.select("customer_id", looks.alias("looks")).filter("looks").select("customer_id")
        looking.collect_schema()
        return looking

    def finished(self, measures: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        """As judged() says it, of measures that were found elsewhere, a row for each customer."""
        lazy = self._once("finished", self._finishing)
        return self._collect(lazy, {"measures": pl.DataFrame(measures, schema=self._measures)})

    @cached_property
    def _measures(self) -> dict[str, Any]:
        return dict(PolarsSchema.from_ibis(self.compiled.measures.schema()))

    def _finishing(self) -> pl.LazyFrame:
        types = self.compiled.measures.schema()
        with _compiling:
            finish = self.compiled.finish(ibis.table(types, name="measures"))
        return self._judging(self._on_hooks(finish, [("measures", self._measures)]))

    def _once(self, name: str, compile_it: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        if name not in self._prepared:
            self._prepared[name] = compile_it()
        return self._prepared[name]

    def _collect(self, lazy: pl.LazyFrame, tables: Tables) -> pl.DataFrame:
        with self._running:
            self._current = tables
            try:
                return lazy.collect(optimizations=pl.QueryOptFlags.none())
            finally:
                self._current = {}

    def on_duckdb(self, tables: Tables) -> pl.DataFrame:
        """The result, on DuckDB."""
        with duckdb.connect(":memory:") as connection:
            for name, frame in tables.items():
                connection.register(name, frame.to_arrow())
            return pl.DataFrame(connection.sql(self.sql).to_arrow_table())

    @cached_property
    def for_sql(self) -> ir.Table:
        """The result for engines that speak SQL: another only where order matters, which Polars has its own way for."""
        if not any(isinstance(one, language.Sequence) for rule in self._rules.values() for one in primitives(rule)):
            return self.compiled.result
        with _compiling:
            return compile_rules(self._rules, _table, chains.by_window).result

    @cached_property
    def sql(self) -> str:
        result = self.for_sql
        with unfused():
            return str(ibis.to_sql(result, dialect="duckdb"))

    def get_ready(self) -> None:
        """Compile for this process, unless that was done."""
        self._once("judged", lambda: self._judging(self._lazy))

    @cached_property
    def _lazy(self) -> pl.LazyFrame:
        return self._on_hooks(self.compiled.result)

    def _on_hooks(self, expression: ir.Table, tables: Iterable[Schema] = ()) -> pl.LazyFrame:
        with _compiling:
            backend = ibis.polars.connect()
            for name, columns in tables or _tables(self.needs):
                backend.create_table(name, pl.defer(partial(self._table, name), schema=columns))
            compiled: pl.LazyFrame = backend.compile(expression)
            return compiled

    def _table(self, name: str) -> pl.DataFrame:
        return self._current[name]


def _tables(needs: Needs) -> list[Schema]:
    found = [("customers", customers_schema(needs))]
    for top in (needs.events, needs.traits):
        found += [(columns.name, schema(columns)) for columns in top.tables()]
    return found


def _table(name: str, columns: Columns | None, needs: Needs) -> ir.Table:
    types = customers_schema(needs) if columns is None else schema(columns)
    return ibis.table(PolarsSchema.to_ibis(types), name=name)
