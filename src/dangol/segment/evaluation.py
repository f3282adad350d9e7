"""Rules over stored facts: a few customers on Polars, everybody on DuckDB or the engine a shop chose."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dangol.profile import steps as profile
from dangol.segment import warehouses
from dangol.segment.engines import Plan
from dangol.segment.project import Tables

ROWS_AT_ONCE = 50_000
LATEST = 253_402_300_799_999_999  # the end of the year 9999: no instant lies behind it


@dataclass(frozen=True, slots=True)
class Judged:
    """What a plan says of one customer: the segments it is in, and the next instant that may change them."""

    keys: set[str]
    flip: int | None


def tables(plan: Plan, at: Mapping[int, int]) -> Tables:
    """The tables of these customers, each at its own instant; customers of whom nothing is known are left out."""
    first = profile.first_seen(list(at))
    customers = {customer: (t, first[customer]) for customer, t in sorted(at.items()) if customer in first}
    names = plan.needs.fact_names()
    rows = profile.histories(list(customers), names) if customers and names != set() else []
    return plan.projector.tables(customers, rows)


def judge(plan: Plan, at: Mapping[int, int]) -> dict[int, Judged]:
    """These customers, each at its own instant."""
    return dict(_read(plan, plan.on_polars(tables(plan, at)))) if at else {}


def frames(plan: Plan, t: int) -> Iterator[pl.DataFrame]:
    """The plan's result for everybody at one instant from the rows, in parts; on the shop's engine if it chose one."""
    engine = warehouses.chosen()
    if engine is not None:
        yield from warehouses.run(engine, plan.for_sql, projected(plan, t))
        return
    for part in projected(plan, t):
        yield plan.on_duckdb(part)


def projected(plan: Plan, t: int) -> Iterator[Tables]:
    """The tables of everybody, some thousand customers at a time."""
    first = profile.first_seen(None)
    names = plan.needs.fact_names()
    rows = profile.histories(None, names) if names != set() else iter(())
    for ids, part in _parts(sorted(first), rows):
        yield plan.projector.tables({customer: (t, first[customer]) for customer in ids}, part)


def _parts(
    ids: Sequence[int], rows: Iterable[profile.History]
) -> Iterator[tuple[Sequence[int], list[profile.History]]]:
    """All customers with their rows, cut between customers."""
    start, part = 0, list[profile.History]()
    for row in rows:
        if len(part) >= ROWS_AT_ONCE and row[0] != part[-1][0]:
            end = bisect_right(ids, part[-1][0])
            yield ids[start:end], part
            start, part = end, []
        part.append(row)
    if start < len(ids):  # of a shop without customers there is no part, and no engine is started for it
        yield ids[start:], part


def _read(plan: Plan, frame: pl.DataFrame) -> Iterator[tuple[int, Judged]]:
    keys = plan.keys
    members = [frame[f"m{number}"].to_list() for number in range(len(keys))]
    flips = [f"w{number}" for number in range(len(keys))]
    least = frame.select(pl.min_horizontal(flips)).to_series().to_list() if flips else [None] * frame.height
    for row, customer in enumerate(frame["customer_id"].to_list()):
        held = {key for key, column in zip(keys, members, strict=True) if column[row]}
        flip = least[row]
        yield customer, Judged(held, flip if flip is not None and flip <= LATEST else None)
