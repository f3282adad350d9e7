"""Rows of facts on their way from the state into columns, all from one instant of the state."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from django.db import connection

from dangol.base.parts import parts
from dangol.collect.facts import EVENT_NAMES

SCHEMA = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("at", pa.int64()),  # µs
        ("position", pa.int64()),
        ("type", pa.string()),
        ("event", pa.string()),  # the name by which rules know it; empty for what is no event
        ("name", pa.string()),
        ("own", pa.bool_()),
        ("properties", pa.string()),  # JSON object or empty
        ("traits", pa.string()),
        ("context", pa.string()),
    ]
)
EVENT = (
    "CASE type WHEN 'track' THEN name "
    + " ".join(f"WHEN '{kind}' THEN '{name}'" for kind, name in EVENT_NAMES.items())
    + " ELSE '' END"
)
SELECT = f"SELECT customer_id, at, position, type, {EVENT}, name, own, properties, traits, context FROM profile_fact"
AT_ONCE = 20_000
_inside = threading.local()


@contextmanager
def snapshot() -> Iterator[None]:
    """One instant of the state for all that is read inside; on SQLite nobody waits for it."""
    if connection.in_atomic_block or getattr(_inside, "now", False):
        yield
        return
    begin = "BEGIN" if connection.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    with connection.cursor() as cursor:
        cursor.execute(begin)
    _inside.now = True
    try:
        yield
    finally:
        _inside.now = False
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def after(low: int, high: int) -> pa.Table:
    """Facts behind a position of the log, up to another; not of those whose file is gone."""
    there = "customer_id IN (SELECT customer_id FROM profile_profile)"
    return _table(f"{SELECT} WHERE position > %s AND position <= %s AND {there}", [low, high])


def of(customer_ids: Collection[int]) -> pa.Table:
    """All facts of these customers, but for those whose file is gone: what stays of them is nobody's."""
    found = [
        _table(
            f"{SELECT} WHERE customer_id IN ({', '.join(['%s'] * len(part))})"
            " AND customer_id IN (SELECT customer_id FROM profile_profile)",
            part,
        )
        for part in parts(sorted(customer_ids))
    ]
    return pa.concat_tables(found) if found else SCHEMA.empty_table()


def within(first: int, last: int, high: int) -> pa.Table:
    """Facts of the customers from one id to another, both in, up to a position."""
    sql = (
        f"{SELECT} WHERE customer_id BETWEEN %s AND %s AND position <= %s"
        " AND customer_id IN (SELECT customer_id FROM profile_profile WHERE customer_id BETWEEN %s AND %s)"
    )
    return _table(sql, [first, last, high, first, last])


def _table(sql: str, values: Sequence[Any]) -> pa.Table:
    batches = []
    with connection.chunked_cursor() as cursor:  # on PostgreSQL the server keeps what was not asked for yet
        cursor.execute(sql, list(values))
        while found := cursor.fetchmany(AT_ONCE):
            columns = list(zip(*found, strict=True))
            columns[6] = tuple(map(bool, columns[6]))
            arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
            batches.append(pa.record_batch(arrays, schema=SCHEMA))
    return pa.Table.from_batches(batches, SCHEMA)


def counts(high: int) -> Iterator[tuple[int, int]]:
    """Everybody who has facts up to a position, and how many, by id."""
    sql = (
        "SELECT customer_id, count(*) FROM profile_fact WHERE position <= %s GROUP BY customer_id ORDER BY customer_id"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [high])
        while found := cursor.fetchmany(AT_ONCE):
            yield from found
