"""Files that know their columns: Parquet and workbooks; every value as the text it would be in a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dangol.base.errors import Fault, Invalid
from dangol.collect.files.text import Rows, Table

AT_ONCE = 20_000
TITLES = 10  # rows at the top of a sheet among which its header is looked for


def parquet(path: Path, name: str) -> Table:
    """A Parquet file; columns inside structs and lists are read as JSON."""
    try:
        schema, count = pq.read_schema(path), pq.read_metadata(path).num_rows
    except pa.ArrowInvalid as error:
        raise Invalid([Fault(f"/{name}", f"a broken Parquet file: {error}", "a whole Parquet file")]) from error

    def rows() -> Rows:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(AT_ONCE):
                columns = [_texts(batch.column(n)) for n in range(batch.num_columns)]
                for row in zip(*columns, strict=True):
                    yield row, None

    return Table(name, "Parquet", tuple(schema.names), rows, count=count)


def _texts(column: pa.Array) -> list[str]:
    if pa.types.is_nested(column.type):
        return [text_of(value) for value in column.to_pylist()]
    try:
        texts: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    except pa.ArrowInvalid:  # bytes that are no UTF-8
        return [text_of(value) for value in column.to_pylist()]
    return ["" if text is None else text for text in texts]


def workbook(path: Path, name: str) -> Table:
    """The first sheet of an xlsx workbook that holds anything; its first row of several cells names the columns.

    Rows above it, such as the notice that Smart Store prints, belong to nothing.
    """
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet, above, header = next(
            ((sheet.title, *found) for sheet in book.worksheets if (found := _header(sheet.values)) is not None),
            ("", 0, ()),
        )
    finally:
        book.close()
    if not header:
        raise Invalid([Fault(f"/{name}", "a workbook without rows", "a sheet whose first row names the columns")])
    columns = tuple(text_of(cell) or f"column {n}" for n, cell in enumerate(header, 1))

    def rows() -> Rows:
        again = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for number, row in enumerate(again[sheet].values):
                if number > above and any(cell is not None for cell in row):
                    cells = [text_of(cell) for cell in row[: len(columns)]]
                    yield cells + [""] * (len(columns) - len(cells)), None
        finally:
            again.close()

    return Table(name, f"xlsx, sheet {sheet!r}", columns, rows)


def _header(rows: Iterable[Sequence[Any]]) -> tuple[int, Sequence[Any]] | None:
    """Where the row stands that names the columns, and the row; None in an empty sheet."""
    first = [(n, row) for n, row in enumerate(islice(rows, TITLES)) if any(cell is not None for cell in row)]
    return next((one for one in first if sum(cell is not None for cell in one[1]) > 1), first[0] if first else None)


def text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return msgspec.json.encode(value).decode() if isinstance(value, dict | Sequence) else str(value)
