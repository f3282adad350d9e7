"""One meaning, every engine: ClickHouse, PostgreSQL and Spark say what Polars says, member by member, flip by flip.

That Polars and DuckDB say what the reference evaluator says is for `test_engines` and `test_cases` to show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.segment.engines import Plan
from dangol.segment.project import Tables
from dangol.segment.warehouses import Warehouse, run
from tests.segment import strategies
from tests.segment.engine import difference, plan_of, rows_of
from tests.segment.reference import Told
from tests.segment.test_cases import CASES, asked_of, by_zone, facts_of, instant

CASES_AT_ONCE = 30
ZONES = [ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")]
HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def compare(engine: Warehouse, plan: Plan, parts: Sequence[Tables]) -> None:
    """The engine, told all parts as one, against Polars, told each part alone."""
    right = pl.concat(plan.on_polars(part) for part in parts).sort("customer_id")
    found = pl.concat(run(engine, plan.for_sql, parts)).sort("customer_id").select(right.columns)
    assert found.equals(right), difference(found, right, plan.keys)


def tables(plan: Plan, asked: Mapping[int, tuple[Sequence[Told], int]]) -> Tables:
    """Customers' facts, each with the instant it is asked about."""
    customers = {customer: (t, min(f.at for f in facts)) for customer, (facts, t) in asked.items()}
    rows = [row for customer, (facts, _) in asked.items() for row in rows_of(customer, facts)]
    return plan.projector.tables(customers, rows)


GROUPS = [(zone, names[n : n + CASES_AT_ONCE]) for zone, names in by_zone().items() for n in range(0, len(names), 30)]


@pytest.mark.parametrize(("zone", "names"), GROUPS, ids=lambda value: value if isinstance(value, str) else value[0])
def test_every_case(engine: Warehouse, zone: str, names: list[str]) -> None:
    plan = plan_of({name: CASES[name]["rule"] for name in names}, ZoneInfo(zone))
    told = [(facts_of(CASES[name]), instant(t)) for name in names for t, _ in asked_of(CASES[name])]
    half = len(told) // 2
    parts = [tables(plan, dict(enumerate(told[:half]))), tables(plan, dict(enumerate(told[half:], half)))]
    compare(engine, plan, parts)


ODD = [
    "'",
    '"',
    "\\",
    "\\n",
    "\n",
    "a,b",
    "{}",
    "%",
    "_",
    "a%b",
    "a_b",
    "é",
    "e\u0301",
    "🙂",
    "?",
    ":x",
    "$1",
    "{x}",
    "--",
    " ",
]
WORDS = ("is", "is_not", "contains", "starts_with", "not_ends_with", "includes")


@pytest.mark.parametrize("word", WORDS)
def test_odd_texts(engine: Warehouse, word: str) -> None:
    """Every odd text against every odd text, alone and with another before and behind it."""
    plan = plan_of(
        {f"s{n}": {"event": "A", "where": [{"property": "p", word: odd}]} for n, odd in enumerate(ODD)}, ZONES[0]
    )
    texts = [*ODD, *(f"x{odd}y" for odd in ODD), *(f"{odd}{odd}" for odd in ODD)]
    told = [[text, "x"] if word == "includes" else text for text in texts]
    asked = {n: ([Told(1000, 0, "track", "A", False, {"p": value}, {}, {})], 1000) for n, value in enumerate(told)}
    compare(engine, plan, [tables(plan, asked)])


WHAT = {
    "wheres": st.lists(strategies.rules, min_size=8, max_size=8),
    "told": st.lists(strategies.histories(), min_size=2, max_size=4),
    "asked": st.lists(strategies.instants, min_size=3, max_size=6),
    "zone": st.sampled_from(ZONES),
}


@settings(max_examples=6, deadline=None, suppress_health_check=HEALTH)
@given(**WHAT)
def test_random_rules(
    engine: Warehouse, wheres: list[Any], told: list[tuple[Told, ...]], asked: list[int], zone: ZoneInfo
) -> None:
    segments: dict[str, Any] = {f"s{n}": where for n, where in enumerate(wheres)}
    segments["referring"] = {"any": [{"segment": "s0"}, {"all": [{"segment": "s1", "is": False}, wheres[2]]}]}
    plan = plan_of(segments, zone)
    parts = []
    for number, facts in enumerate(told, 1):
        near = [t for f in facts[:2] for t in (f.at, f.at + strategies.DAY, f.at + strategies.DAY + 1)]
        parts.append(tables(plan, {n: (facts, t) for n, t in enumerate([*asked, *near], 100 * number)}))
    compare(engine, plan, parts)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=HEALTH)
@given(**WHAT)
def test_random_rules_for_long(
    engine: Warehouse, wheres: list[Any], told: list[tuple[Told, ...]], asked: list[int], zone: ZoneInfo
) -> None:
    test_random_rules.hypothesis.inner_test(engine, wheres, told, asked, zone)  # type: ignore[attr-defined]
