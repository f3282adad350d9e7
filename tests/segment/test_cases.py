"""The tables of cases: each holds on Polars, on DuckDB and in the reference evaluator."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dangol.base.clock import to_us
from dangol.base.documents import read_text
from dangol.base.instants import parse_instant
from tests.segment.engine import OPT_OUT, plan_of, rows_of
from tests.segment.reference import Asked, Told, holds

FOLDER = Path(__file__).parent / "cases"
CASES: dict[str, dict[str, Any]] = {
    f"{path.stem}: {case['case']}": case
    for path in sorted(FOLDER.glob("*.yaml"))
    for document in read_text(path.read_text("utf-8"))
    for case in document
}


def instant(text: str) -> int:
    found = parse_instant(text)
    assert found is not None, text
    return to_us(found)


def zone_of(case: dict[str, Any]) -> str:
    return str(case.get("zone", "Asia/Seoul"))


def facts_of(case: dict[str, Any]) -> list[Told]:
    """Positions are the order in which the case tells its facts: the order of arrival."""
    return [_told(position, fact) for position, fact in enumerate(case["facts"], 1)]


def _told(position: int, fact: dict[str, Any]) -> Told:
    kind = next(word for word in ("event", "page", "screen", "identify") if word in fact)
    return Told(
        at=instant(fact["at"]),
        position=position,
        type="track" if kind == "event" else kind,
        name="" if kind == "identify" else fact[kind],
        own=fact.get("own", False),
        properties=fact.get("properties", {}),
        traits=fact["identify"] if kind == "identify" else {},
        context=fact.get("context", {}),
    )


def asked_of(case: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(t, True) for t in case.get("yes", [])] + [(t, False) for t in case.get("no", [])]


@cache
def answers(engine: str) -> dict[tuple[str, str], bool]:
    """(case, instant) → what the engine says; the cases of one zone are one plan."""
    found: dict[tuple[str, str], bool] = {}
    for zone, names in by_zone().items():
        plan = plan_of({name: CASES[name]["rule"] for name in names}, ZoneInfo(zone))
        numbers = {name: number for number, name in enumerate(plan.keys)}
        customers, rows, who = {}, [], {}
        for name in names:
            facts = facts_of(CASES[name])
            for text, _ in asked_of(CASES[name]):
                customer = CASES[name].get("customer", len(customers) + 1_000)
                customers[customer] = (instant(text), min(fact.at for fact in facts))
                rows += rows_of(customer, facts)
                who[customer] = (name, text)
        tables = plan.projector.tables(dict(sorted(customers.items())), sorted(rows))
        frame = plan.on_polars(tables) if engine == "polars" else plan.on_duckdb(tables)
        for row in frame.iter_rows(named=True):
            name, text = who[row["customer_id"]]
            found[name, text] = row[f"m{numbers[name]}"]
    return found


def by_zone() -> dict[str, list[str]]:
    zones: dict[str, list[str]] = defaultdict(list)
    for name, case in CASES.items():
        zones[zone_of(case)].append(name)
    return zones


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    case = CASES[name]
    facts, zone = tuple(facts_of(case)), ZoneInfo(zone_of(case))
    assert asked_of(case), "a case says when it holds or when it does not"
    for text, right in asked_of(case):
        asked = Asked(facts, instant(text), case.get("customer", 1), zone, {}, OPT_OUT)
        said = {
            "reference": holds(case["rule"], asked),
            "polars": answers("polars")[name, text],
            "duckdb": answers("duckdb")[name, text],
        }
        assert said == dict.fromkeys(said, right), text
