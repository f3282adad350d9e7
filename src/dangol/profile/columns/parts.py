"""The files of the copy: Parquet, never changed, each with a digest; sorted so that a rule reads the facts it names.

A base holds all facts up to a position of some range of customers, a delta the facts of everybody between two
positions. Beside each lies a small file of the customers in it and the time of their first fact there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dangol.base import duck
from dangol.profile.columns.manifest import Part, firsts_of, size
from dangol.profile.columns.rows import SCHEMA

GROUP = 61_440  # rows that a reader can leave out at once
COLUMNS = ", ".join(f'"{name}"' for name in SCHEMA.names)


def write(
    folder: Path,
    sources: Sequence[Part],
    fresh: pa.Table,
    bounds: tuple[int, int, int, int],
    without: Collection[int] = (),
) -> Part:
    """A new file with the rows of others and fresh ones, within `bounds` (low, high, first, last customer).

    `without`: customers whose rows in the sources are left out. One thread does it: others have work to do.
    """
    low, high, first, last = bounds
    file = f"{secrets.token_hex(8)}.parquet"
    path = folder / file
    try:
        with duck.connected(folder / "spill", threads=1) as connection:
            connection.register("fresh", fresh)
            connection.register("without_", pa.table({"customer_id": pa.array(sorted(without), pa.int64())}))
            within = f"position > {low} AND position <= {high} AND customer_id BETWEEN {first} AND {last}"
            union = [f"SELECT {COLUMNS} FROM fresh WHERE {within}"]
            if sources:
                union.append(
                    f"SELECT {COLUMNS} FROM read_parquet({_names(folder, [part.file for part in sources])})"
                    f" WHERE {within}" + (" AND customer_id NOT IN (FROM without_)" if without else "")
                )
            order = 'type, event, customer_id, "at", position'
            _copy(connection, f"{' UNION ALL '.join(union)} ORDER BY {order}", path)
            mine = f"read_parquet({_names(folder, [file])})"
            told = f'SELECT customer_id, min("at") AS first_at, count(*) AS facts FROM {mine}'
            _copy(connection, f"{told} GROUP BY customer_id ORDER BY customer_id", folder / firsts_of(file))
            rows = connection.sql(f"SELECT count(*) FROM {mine}").fetchall()[0][0]
    except BaseException:
        delete(folder, file)
        raise
    return Part(file, low, high, first, last, rows, size(folder, file), digest(folder, file))


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}"
    connection.execute(f"COPY ({select}) TO {duck.quoted([path])} ({options})")
    path.chmod(0o600)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _names(folder: Path, files: Sequence[str]) -> str:
    return f"[{duck.quoted(folder / file for file in files)}]"


def digest(folder: Path, file: str) -> str:
    """Of both files. Raises OSError where one is missing."""
    found = hashlib.blake2b(digest_size=16)
    for name in (file, firsts_of(file)):
        with (folder / name).open("rb") as opened:
            while piece := opened.read(1 << 20):
                found.update(piece)
    return found.hexdigest()


def delete(folder: Path, file: str) -> None:
    for name in (file, firsts_of(file)):
        (folder / name).unlink(missing_ok=True)


def within(part: Part, fresh: pa.Table) -> bool:
    """Whether some of these rows belong into a part."""
    positions, customers_ = fresh["position"], fresh["customer_id"]
    mine = pc.and_(pc.greater(positions, part.low), pc.less_equal(positions, part.high))
    theirs = pc.and_(pc.greater_equal(customers_, part.first), pc.less_equal(customers_, part.last))
    return bool(pc.any(pc.and_(mine, theirs)).as_py())


def customers(folder: Path, part: Part) -> set[int]:
    """Everybody who has a fact in a part."""
    with duck.connected(folder / "spill", threads=1) as connection:
        sql = f"SELECT customer_id FROM read_parquet({_names(folder, [part.firsts])})"
        return {row[0] for row in connection.sql(sql).fetchall()}


def counts(folder: Path, found: Sequence[Part]) -> list[tuple[int, int]]:
    """Everybody who has a fact in some parts, and how many, by id."""
    with duck.connected(folder / "spill", threads=1) as connection:
        names = _names(folder, [part.firsts for part in found])
        sql = f"SELECT customer_id, sum(facts)::BIGINT FROM read_parquet({names}) GROUP BY 1 ORDER BY 1"
        return [(row[0], row[1]) for row in connection.sql(sql).fetchall()]
