"""Rules over everybody at one instant: from the copy in columns, or from the rows where there is no good copy.

Where the shop has chosen another engine, the rows go there.

Promise: both say the same; customers whose facts in the copy are out of date are read from the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import duckdb
import polars as pl
import pyarrow as pa

from dangol.profile import predictions
from dangol.profile.columns import reading, rows
from dangol.profile.columns.reading import Reading
from dangol.segment import columnar, evaluation, foretelling, warehouses
from dangol.segment.engines import Plan
from dangol.segment.project import Tables

log = logging.getLogger("dangol.segment")

TRIES = 2  # the copy's files may be replaced while they are read
AT_ONCE = 5_000  # stale customers


def judge(plan: Plan, t: int, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """`customer_id` and these columns of the plan's result (m0, w0 …), of everybody at t µs, in frames.

    Column m… of segments: whether it holds. Customers for whom no m… among the columns holds are left out where no
    flip w… is asked for.
    """
    for _ in range(TRIES if warehouses.chosen() is None else 0):
        found = _from_columns(plan, t, columns)
        if found is not None:
            yield from found
            return
    for part in evaluation.frames(plan, t):
        yield _kept(part, columns)


def _from_columns(plan: Plan, t: int, columns: Sequence[str]) -> list[pl.DataFrame] | None:
    """The same from the copy; None where that is not to be had."""
    try:
        told = columnar.views(plan.needs, plan.zone, t)
    except columnar.Unsaid as error:
        log.info("%s is not said in columns: the rows are read", error)
        return None
    with rows.snapshot():
        copy = reading.read()
        if copy is None:
            return None
        stale = _stale_tables(plan, copy, t)
        forecasts = foretelling.from_whens(plan.needs.forecasts, predictions.each)
    try:
        cold = _cold(plan, copy, told, forecasts, columns)
    except duckdb.Error as error:
        log.warning("the copy of the facts in columns could not be read: %s", error)
        return None
    return [cold, *(_kept(plan.on_duckdb(tables), columns) for tables in stale)]


def _cold(
    plan: Plan, copy: Reading, told: columnar.Views, forecasts: Mapping[str, pa.Table], columns: Sequence[str]
) -> pl.DataFrame:
    with copy.open() as connection:
        for name, table in forecasts.items():
            connection.register(name, table)
        for name, (work, takes, gives) in told.functions.items():
            connection.create_function(name, work, takes, gives, null_handling="special")  # type: ignore[call-overload]
        for name, sql in told.views.items():
            connection.execute(f'CREATE VIEW "{name}" AS {sql}')
        asked = f"SELECT {', '.join(['customer_id', *columns])} FROM ({plan.sql}) WHERE {_condition(columns)}"
        return pl.DataFrame(connection.sql(asked).to_arrow_table())


def _condition(columns: Sequence[str]) -> str:
    return "true" if any(name.startswith("w") for name in columns) or not columns else " OR ".join(columns)


def _stale_tables(plan: Plan, copy: Reading, t: int) -> list[Tables]:
    ids = sorted(copy.stale - copy.left_out)
    return [
        evaluation.tables(plan, dict.fromkeys(ids[start : start + AT_ONCE], t)) for start in range(0, len(ids), AT_ONCE)
    ]


def _kept(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    found = frame.select("customer_id", *columns)
    return found if _condition(columns) == "true" else found.filter(pl.any_horizontal(columns))
