"""The engines that run a compiled rule: Polars for the few customers a batch touched, DuckDB for everybody.

Measured with dangol/bench/segment.py on two cores, 12 segments of 17 different leaves, 20 customers with 200 facts: a
plan that was compiled once and kept takes Polars 6 ms and DuckDB 50 ms, most of which DuckDB spends planning. Compiling
costs 150 ms for the expression, and 100 more for either engine: so a plan reads its tables through a hook, `t` is a
column, and from batch to batch only rows change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import cached_property, partial
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl
from ibis.formats.polars import PolarsSchema

from dangol.segment.compile import Compiled, compile_rules
from dangol.segment.language import Rule
from dangol.segment.needs import Columns, Needs
from dangol.segment.project import Projector, Tables, customers_schema, schema

PLANS_KEPT = 16
_compiling = threading.Lock()  # ibis keeps no promise about threads


class Plan:
    """A set of segments, compiled once, run over any tables that its projector made."""

    def __init__(self, rules: Mapping[str, Rule], zone: tzinfo) -> None:
        with _compiling:
            self.compiled: Compiled = compile_rules(rules, _table)
        self.needs = self.compiled.needs
        self.projector = Projector(self.needs, zone)
        self._current: Tables = {}
        self._running = threading.Lock()

    @property
    def keys(self) -> list[str]:
        return self.compiled.keys

    def on_polars(self, tables: Tables, expression: ir.Table | None = None) -> pl.DataFrame:
        """The result, in this process."""
        lazy = self._lazy if expression is None else self._on_hooks(expression)
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
    def sql(self) -> str:
        with _compiling:
            fused = ibis.options.sql.fuse_selects
            ibis.options.sql.fuse_selects = False  # a column that many read is said once, and compiling is faster
            try:
                return str(ibis.to_sql(self.compiled.result, dialect="duckdb"))
            finally:
                ibis.options.sql.fuse_selects = fused

    @cached_property
    def _lazy(self) -> pl.LazyFrame:
        return self._on_hooks(self.compiled.result)

    def _on_hooks(self, expression: ir.Table) -> pl.LazyFrame:
        with _compiling:
            backend = ibis.polars.connect()
            for name, columns in _tables(self.needs):
                backend.create_table(name, pl.defer(partial(self._table, name), schema=columns))
            compiled: pl.LazyFrame = backend.compile(expression)
            return compiled

    def _table(self, name: str) -> pl.DataFrame:
        return self._current[name]


def _tables(needs: Needs) -> list[tuple[str, dict[str, Any]]]:
    found = [("customers", customers_schema(needs))]
    for top in (needs.events, needs.traits):
        found += [(columns.name, schema(columns)) for columns in top.tables()]
    return found


def _table(name: str, columns: Columns | None, needs: Needs) -> ir.Table:
    types = customers_schema(needs) if columns is None else schema(columns)
    return ibis.table(PolarsSchema.to_ibis(types), name=name)


class Plans:
    """The plans in use, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Plan] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, signature: str, rules: Callable[[], Mapping[str, Rule]], zone: tzinfo) -> Plan:
        """The plan of these rules, made where it is not kept; `signature` says all that is in them."""
        key = (signature, str(zone))
        with self._lock:
            plan = self._kept.get(key) or Plan(rules(), zone)
            self._kept[key] = plan
            self._kept.move_to_end(key)
            while len(self._kept) > PLANS_KEPT:
                self._kept.popitem(last=False)
        return plan
