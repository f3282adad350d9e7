"""Rows on their way: a DuckDB file beside the import, so that any file is sorted and joined in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dangol.collect.files.guess import Sample
from dangol.collect.files.text import Rows, Table

AT_ONCE = 20_000
SAMPLED = 1_000
MEMORY = "128MB"

Progress = Callable[[str, int, int | None], None]


class Stage:
    """Tables t0, t1 … of text columns c0, c1 …, each row with its number, its digest and what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        config: dict[str, Any] = {"memory_limit": MEMORY, "threads": "2", "temp_directory": str(folder / "spill")}
        self._db = duckdb.connect(str(folder / "stage.duckdb"), config=config)
        self._db.execute("CREATE TABLE rejects (t INTEGER, row BIGINT, reason VARCHAR)")
        self._writer = self._db.cursor()  # rejects are written while rows are being read
        self._waiting: list[tuple[int, int, str]] = []
        self._tables: list[tuple[Table, int]] = []

    def close(self) -> None:
        self._writer.close()
        self._db.close()

    def load(self, table: Table, progress: Progress) -> tuple[int, Sample]:
        """Read a file in; its number and its first rows."""
        index, head = len(self._tables), list[list[str]]()
        columns = ", ".join(f"c{n} VARCHAR" for n in range(len(table.columns)))
        self._db.execute(f"CREATE TABLE t{index} (row BIGINT, fault VARCHAR, h UBIGINT, {columns})")
        count, rows = 0, table.rows()
        for piece in _pieces(rows):
            if len(head) < SAMPLED:
                head += [list(cells) for cells, fault in piece[: SAMPLED - len(head)] if fault is None]
            self._insert(index, len(table.columns), piece, count)
            count += len(piece)
            progress(f"reading {table.name}", count, table.count)
        self._db.execute(
            f"INSERT INTO rejects SELECT {index}, row, fault FROM t{index} WHERE fault IS NOT NULL"  # noqa: S608
        )
        self._tables.append((table, count))
        return index, Sample(table.name, table.columns, head, table.headed)

    def _insert(self, index: int, width: int, piece: Sequence[tuple[Sequence[str], str | None]], after: int) -> None:
        cells = list(zip(*(row for row, _ in piece), strict=True))
        arrays = {f"c{n}": pa.array(cells[n], pa.string()) for n in range(width)}
        batch = pa.table(
            {
                "row": pa.array(range(after + 1, after + 1 + len(piece)), pa.int64()),
                "fault": pa.array([fault for _, fault in piece], pa.string()),
                **arrays,
            }
        )
        names = ", ".join(arrays)
        self._db.register("batch", batch)
        self._db.execute(f"INSERT INTO t{index} SELECT row, fault, hash({names}), {names} FROM batch")  # noqa: S608
        self._db.unregister("batch")

    def count(self, index: int) -> int:
        return self._tables[index][1]

    def execute(self, sql: str) -> None:
        self._db.execute(sql)

    def value(self, sql: str) -> Any:
        return next(self.stream(sql))[0]

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a query, without holding them all."""
        reading = self._db.cursor()  # a result that is still being read occupies its connection
        try:
            for batch in reading.sql(sql).to_arrow_reader(AT_ONCE):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        finally:
            reading.close()

    def rows(self, index: int) -> Iterator[tuple[Any, ...]]:
        """(row, *cells) of a file, in its order, without rows that could not be read."""
        columns = ", ".join(f"c{n}" for n in range(len(self._tables[index][0].columns)))
        yield from self.stream(f"SELECT row, {columns} FROM t{index} WHERE fault IS NULL ORDER BY row")  # noqa: S608

    def slashed(self, index: int, column: int) -> tuple[int, int, str]:
        """Of a column's values such as 3/4/2024: the largest first and second number, and one of them."""
        pattern = "^\\s*(\\d{1,2})[-/.](\\d{1,2})[-/.]\\d{2,4}"
        row = self._db.execute(
            f"SELECT max(regexp_extract(c{column}, ?, 1)::INT), max(regexp_extract(c{column}, ?, 2)::INT),"  # noqa: S608
            f" any_value(c{column}) FROM t{index} WHERE regexp_matches(c{column}, ?)",
            [pattern, pattern, pattern],
        ).fetchall()[0]
        return (row[0], row[1], row[2]) if row[2] else (0, 0, "")

    def reject(self, index: int, row: int, reason: str) -> None:
        """Keep a row from becoming a fact, with the reason."""
        self._waiting.append((index, row, reason))
        if len(self._waiting) >= AT_ONCE:
            self._write_rejects()

    def _write_rejects(self) -> None:
        if not self._waiting:
            return
        t, row, reason = zip(*self._waiting, strict=True)
        self._writer.register("refused", pa.table({"t": t, "row": row, "reason": reason}))
        self._writer.execute("INSERT INTO rejects SELECT t, row, reason FROM refused")
        self._writer.unregister("refused")
        self._waiting = []

    def rejected(self, index: int) -> int:
        """How many rows of a file were rejected."""
        self._write_rejects()
        return int(self.value(f"SELECT count(DISTINCT row) FROM rejects WHERE t = {int(index)}"))  # noqa: S608

    def rejected_rows(self, index: int) -> Iterator[tuple[Any, ...]]:
        """(reason, *cells) of the rejected rows of a file, in its order."""
        columns = ", ".join(f"c{n}" for n in range(len(self._tables[index][0].columns)))
        yield from self.stream(
            f"SELECT reason, {columns} FROM t{index}"  # noqa: S608 - numbers only
            f" JOIN (SELECT row, string_agg(DISTINCT reason, '; ') AS reason FROM rejects WHERE t = {index}"
            " GROUP BY row)"
            " USING (row) ORDER BY row"
        )

    def reasons(self) -> dict[str, int]:
        """Why rows were rejected, the most frequent first."""
        self._write_rejects()
        rows = self.stream("SELECT reason, count(*) AS n FROM rejects GROUP BY reason ORDER BY n DESC, reason LIMIT 20")
        return dict(rows)


def _pieces(rows: Rows) -> Iterator[list[tuple[Sequence[str], str | None]]]:
    while piece := list(islice(rows, AT_ONCE)):
        yield piece
