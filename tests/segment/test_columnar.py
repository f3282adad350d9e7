"""One meaning: the tables that DuckDB makes from columns say what the projector's say, to the last odd value."""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.base import duck
from dangol.profile import predictions
from dangol.segment import columnar, foretelling
from dangol.segment.engines import Plan
from tests.segment import strategies
from tests.segment.engine import plan_of, rows_of
from tests.segment.reference import Told

ZONES = [ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York"), ZoneInfo("UTC")]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
EVENT = {"track": None, "page": "Page Viewed", "screen": "Screen Viewed"}


def source(histories: dict[int, tuple[Told, ...]]) -> pl.DataFrame:
    """Facts as the copy has them."""
    rows = [row for customer, facts in histories.items() for row in rows_of(customer, facts)]
    found = [
        (c, at, position, kind, name if kind == "track" else EVENT.get(kind) or "", name, own, *texts)
        for c, at, position, kind, name, own, *texts in rows
    ]
    types = [pl.Int64, pl.Int64, pl.Int64, pl.String, pl.String, pl.String, pl.Boolean, pl.String, pl.String, pl.String]
    return pl.DataFrame(found, schema=dict(zip(columnar.SOURCE, types, strict=True)), orient="row")


def in_columns(plan: Plan, histories: dict[int, tuple[Told, ...]], t: int, zone: tzinfo, spill: Path) -> pl.DataFrame:
    told = columnar.views(plan.needs, zone, t)
    people = pl.DataFrame(
        {"customer_id": list(histories), "first_at": [min(f.at for f in facts) for facts in histories.values()]}
    )
    with duck.connected(spill) as connection:
        connection.register("facts", source(histories).to_arrow())
        connection.register("people", people.to_arrow())
        for name, table in foretelling.from_whens(plan.needs.forecasts, _each).items():
            connection.register(name, table)
        for name, (work, takes, gives) in told.functions.items():
            connection.create_function(name, work, takes, gives, null_handling="special")
        for name, sql in told.views.items():
            connection.execute(f'CREATE VIEW "{name}" AS {sql}')
        return pl.DataFrame(connection.sql(plan.sql).to_arrow_table()).sort("customer_id")


def by_projector(plan: Plan, histories: dict[int, tuple[Told, ...]], t: int) -> pl.DataFrame:
    customers = {n: (t, min(f.at for f in facts)) for n, facts in histories.items()}
    rows = [row for customer, facts in histories.items() for row in rows_of(customer, facts)]
    return plan.on_duckdb(plan.projector.tables(customers, rows)).sort("customer_id")


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(
    wheres=st.lists(strategies.rules, min_size=4, max_size=4),
    facts=st.lists(strategies.histories(), min_size=2, max_size=6),
    instants=st.lists(strategies.instants, min_size=1, max_size=3),
    zone=st.sampled_from(ZONES),
)
def test_columns_and_projector_agree(
    wheres: list[Any], facts: list[tuple[Told, ...]], instants: list[int], zone: ZoneInfo, tmp_path_factory: Any
) -> None:
    spill = tmp_path_factory.getbasetemp()
    plan = plan_of({f"s{n}": where for n, where in enumerate(wheres)}, zone)
    histories = dict(enumerate(_apart(facts), 1))
    for t in instants:
        one = in_columns(plan, histories, t, zone, spill)
        other = by_projector(plan, histories, t)
        assert one.equals(other.select(one.columns)), (wheres, t, one, other)


def _apart(histories: list[tuple[Told, ...]]) -> list[tuple[Told, ...]]:
    """The same with positions of the log, where no two facts have one."""
    return [
        tuple(Told(f.at, f.position + 100 * n, f.type, f.name, f.own, f.properties, f.traits, f.context) for f in facts)
        for n, facts in enumerate(histories)
    ]


START = strategies.START
FORECASTS = {
    1: {"churn": (START, tuple(n / 20 for n in range(21))), "value_365d": (START + 5, (0.0,) * 11 + (90.0,) * 10)},
    2: {"churn": (START + 10, (0.75,) * 21)},
    3: {},
}


def _each(figures: Collection[str]) -> list[foretelling.Told]:
    told = [(c, figure, *one) for c, by_figure in FORECASTS.items() for figure, one in by_figure.items()]
    return [one for one in told if one[1] in figures]


def test_forecasts_are_read_as_the_projector_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "of", lambda ids: {customer: FORECASTS[customer] for customer in ids})
    histories = {customer: (Told(START - 1, customer, "track", "A"),) for customer in FORECASTS}
    rules = {
        "may-go": {"predicted": "churn", "over": 0.5},
        "goes": {"all": [{"predicted": "churn", "at_least": 0.7, "confidence": 0.9}, {"event": "A"}]},
        "worth": {"predicted": "value_365d", "at_most": 50, "confidence": 0.5},
        "stays": {"none": [{"predicted": "churn", "over": 0.5}, {"predicted": "orders_90d", "at_least": 1}]},
    }
    plan, members = plan_of(rules, ZONES[0]), []
    for t in (START, START + 5, START + 10):
        one = in_columns(plan, histories, t, ZONES[0], tmp_path)
        other = by_projector(plan, histories, t)
        assert one.equals(other.select(one.columns)), (t, one, other)
        members.append([one[f"m{plan.keys.index(key)}"].to_list() for key in rules])
    assert members[-1] == [[True, True, False], [False, True, False], [True, False, False], [False, False, True]]
    assert members[0][0] == [True, False, False], "that of the second is made later"
