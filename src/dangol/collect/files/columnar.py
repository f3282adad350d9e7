"""Files that know their columns: Parquet, workbooks, JSON lines; every value as the text it would be in a CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dangol.base.errors import Fault, Invalid
from dangol.collect.files.text import WIDEST, Rows, Table

AT_ONCE = 20_000


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
        return [_text(value) for value in column.to_pylist()]
    try:
        texts: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    except pa.ArrowInvalid:  # bytes that are no UTF-8
        return [_text(value) for value in column.to_pylist()]
    return ["" if text is None else text for text in texts]


def workbook(path: Path, name: str) -> Table:
    """The first sheet of an xlsx workbook that holds anything; its first row names the columns."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet, header = next(
            ((sheet.title, row) for sheet in book.worksheets if (row := next(sheet.values, None)) and any(row)),
            ("", ()),
        )
    finally:
        book.close()
    if not header:
        raise Invalid([Fault(f"/{name}", "a workbook without rows", "a sheet whose first row names the columns")])
    columns = tuple(_text(cell) or f"column {n}" for n, cell in enumerate(header, 1))

    def rows() -> Rows:
        again = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for number, row in enumerate(again[sheet].values):
                if number and any(cell is not None for cell in row):
                    cells = [_text(cell) for cell in row[: len(columns)]]
                    yield cells + [""] * (len(columns) - len(cells)), None
        finally:
            again.close()

    return Table(name, f"xlsx, sheet {sheet!r}", columns, rows)


def json_lines(path: Path, name: str, encoding: str) -> Table:
    """One JSON object in each line; the columns are the keys that occur anywhere in it."""
    columns: dict[str, None] = {}
    count = 0
    for line in _lines(path, encoding):
        count += 1
        value = _decoded(line)
        columns |= dict.fromkeys(value) if isinstance(value, dict) else {}
        if len(columns) > WIDEST:
            raise Invalid([Fault(f"/{name}", f"more than {WIDEST} different keys", f"at most {WIDEST}")])
    names = tuple(columns)

    def rows() -> Rows:
        for line in _lines(path, encoding):
            value = _decoded(line)
            if isinstance(value, dict):
                yield [_text(value.get(key)) for key in names], None
            else:
                yield [line[:1000], *[""] * (len(names) - 1)], "no JSON object in this line"

    return Table(name, "JSON lines", names, rows, count=count)


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding) as file:
        yield from (line for line in file if line.strip())


def _decoded(line: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None


def _text(value: Any) -> str:
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
