"""Everybody's facts at one instant of the state: the files of the copy, and what is not in them yet from the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from dangol.base import duck
from dangol.collect import steps as collect
from dangol.profile import restrictions
from dangol.profile.columns import manifest, rows
from dangol.profile.models import Stale

TAIL_AT_MOST = 500_000  # facts that the copy may be behind, to be of use
STALE_AT_MOST = 50_000  # customers who may have to be read from the rows


@dataclass(frozen=True, slots=True)
class Reading:
    """A good copy, and the facts behind it. `stale`: customers for whom only the rows are right."""

    files: list[Path]
    firsts: list[Path]
    tail: pa.Table
    stale: frozenset[int]
    left_out: frozenset[int] = field(default_factory=frozenset)  # who is kept and not used

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """DuckDB with the views `facts` (columns rows.SCHEMA) and `people` (customer_id, first_at: of their first fact,
        µs), both without customers who are stale or left out among `people`. Raises duckdb.Error for a broken copy.
        """
        with duck.connected(manifest.folder() / "spill") as connection:
            connection.register("tail_", self.tail)
            without = sorted(self.stale | self.left_out)
            connection.register("without_", pa.table({"customer_id": pa.array(without, pa.int64())}))
            columns = ", ".join(f'"{name}"' for name in rows.SCHEMA.names)
            connection.execute(f"CREATE VIEW facts AS SELECT {columns} FROM tail_{_union(columns, self.files)}")
            told = _union("customer_id, first_at", self.firsts)
            connection.execute(
                "CREATE TABLE people AS SELECT customer_id, min(first_at) AS first_at FROM ("
                f'SELECT customer_id, "at" AS first_at FROM tail_{told}'
                ") WHERE customer_id NOT IN (FROM without_) GROUP BY customer_id"
            )
            yield connection


def _union(columns: str, files: list[Path]) -> str:
    if not files:
        return ""
    return f" UNION ALL SELECT {columns} FROM read_parquet([{duck.quoted(files)}])"


def read() -> Reading | None:
    """The state as it is now, inside rows.snapshot(); None without a good copy that is not too far behind."""
    copy, position = manifest.current(), collect.position()
    if copy is None or not copy.watermark <= position <= copy.watermark + TAIL_AT_MOST:
        return None
    here, found = manifest.folder(), manifest.read(copy.parts)
    stale = set(Stale.objects.values_list("customer_id", flat=True).distinct())
    if len(stale) > STALE_AT_MOST or not all(manifest.whole(here, part) for part in found):
        return None
    return Reading(
        files=[here / part.file for part in found],
        firsts=[here / part.firsts for part in found],
        tail=rows.after(copy.watermark, position),
        stale=frozenset(stale),
        left_out=frozenset(restrictions.restricted()),
    )
