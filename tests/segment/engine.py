"""What tests need to run rules without a database: facts as rows, both engines at many instants at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import msgspec
import polars as pl

from dangol.segment import rules
from dangol.segment.engines import Plan
from dangol.segment.parse import read_rule
from tests.segment.reference import Told

OPT_OUT = frozenset({"news"})  # topics to which people are subscribed unless they said no


def text(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def rows_of(customer: int, facts: Sequence[Told]) -> list[tuple[Any, ...]]:
    """Rows as the customer file hands them out, by time and position."""
    return [
        (customer, f.at, f.position, f.type, f.name, f.own, text(f.properties), text(f.traits), text(f.context))
        for f in sorted(facts, key=lambda f: (f.at, f.position))
    ]


def plan_of(wheres: Mapping[str, Any], zone: tzinfo) -> Plan:
    return Plan(rules.ordered({key: read_rule(where, zone, OPT_OUT) for key, where in wheres.items()}), zone)


def judge(
    plan: Plan, asked: Sequence[tuple[Sequence[Told], int]], engine: str = "both"
) -> list[dict[str, tuple[bool, int | None]]]:
    """For each (facts, instant), customer 1 and so on: by segment, whether it holds and its next flip."""
    customers = {n: (t, min(f.at for f in facts)) for n, (facts, t) in enumerate(asked, 1)}
    rows = [row for n, (facts, _) in enumerate(asked, 1) for row in rows_of(n, facts)]
    tables = plan.projector.tables(customers, rows)
    found = plan.on_duckdb(tables) if engine == "duckdb" else plan.on_polars(tables)
    if engine == "both":
        other = plan.on_duckdb(tables).sort("customer_id").select(found.columns)
        same = found.sort("customer_id")
        assert same.equals(other), difference(same, other, plan.keys)
    by_customer = {row["customer_id"]: row for row in found.iter_rows(named=True)}
    return [
        {key: (by_customer[n][f"m{k}"], by_customer[n][f"w{k}"]) for k, key in enumerate(plan.keys)} for n in customers
    ]


def difference(one: pl.DataFrame, other: pl.DataFrame, keys: Sequence[str]) -> str:
    columns = [name for name in one.columns if not one[name].equals(other[name])]
    return f"Polars and DuckDB differ in {columns} of {list(keys)}:\n{one.select(columns)}\n{other.select(columns)}"
