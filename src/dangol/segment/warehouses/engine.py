"""What an engine must be able to do, and the one way in which rules are run on it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import ibis.expr.types as ir
import polars as pl
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler

from dangol.base.errors import Unavailable
from dangol.segment.engines import unfused
from dangol.segment.project import Tables

BYTES_AT_ONCE = 32 * 1024 * 1024  # of one message to an engine; Spark Connect takes at most 128 MB


class Connection(Protocol):
    """One conversation with an engine. Its tables are its own: they are gone when it ends, however it ends."""

    def create(self, name: str, types: Mapping[str, pl.DataType]) -> None:
        """An empty temporary table; every column may be null."""

    def insert(self, name: str, frame: pl.DataFrame) -> None:
        """Rows at the end of a table."""

    def query(self, sql: str) -> Iterator[pl.DataFrame]:
        """The rows of a question, in parts."""

    def drop(self, name: str) -> None:
        """A table that was created here, gone."""


class Warehouse(Protocol):
    """An engine: how it says an expression, and how to talk with it."""

    compiler: SQLGlotCompiler

    def connect(self) -> AbstractContextManager[Connection]:
        """Raises Unavailable, then and later, with what was tried; never with a password."""


def run(warehouse: Warehouse, result: ir.Table, parts: Iterable[Tables]) -> Iterator[pl.DataFrame]:
    """The rows of a compiled expression over all parts at once, each part having all of its customers' rows."""
    names: dict[str, str] = {}
    with warehouse.connect() as connection:
        try:
            for part in numbered(parts):
                for name, frame in part.items():
                    if name not in names:
                        names[name] = f"dangol_{secrets.token_hex(6)}_{name}"
                        connection.create(names[name], frame.schema)
                    for piece in _pieces(frame):
                        connection.insert(names[name], piece)
            yield from connection.query(compiled(warehouse.compiler, result, names))
        finally:
            for name in names.values():
                connection.drop(name)


def numbered(parts: Iterable[Tables]) -> Iterator[Tables]:
    """The parts with their rows numbered on from part to part, as the rows of one table are."""
    counted: dict[str, int] = {}
    for part in parts:
        yield {name: _moved(name, frame, counted) for name, frame in part.items()}
        for name, frame in part.items():
            counted[name] = counted.get(name, 0) + frame.height


def _moved(name: str, frame: pl.DataFrame, counted: Mapping[str, int]) -> pl.DataFrame:
    above = name.rpartition("_items")[0]  # the table of lists whose items these are
    moves = {"row": counted.get(name, 0), "parent": counted.get(above, 0)}
    return frame.with_columns(pl.col(column) + by for column, by in moves.items() if column in frame.columns)


def _pieces(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    if frame.height:
        pieces = int(frame.estimated_size()) // BYTES_AT_ONCE + 1
        yield from frame.iter_slices(-(-frame.height // pieces))


def compiled(compiler: SQLGlotCompiler, result: ir.Table, names: Mapping[str, str]) -> str:
    """The expression in an engine's words, over tables that go by other names there."""
    with unfused():
        tree: Any = compiler.to_sqlglot(result)
    for table in tree.find_all(sge.Table):
        if table.name in names:
            table.set("this", sge.to_identifier(names[table.name], quoted=True))
    return str(tree.sql(dialect=compiler.dialect))


def away(kind: str, place: str, reason: object) -> Unavailable:
    """The refusal to say when an engine does not answer as it should."""
    said = " ".join(str(reason).split())[:300]
    return Unavailable(
        f"{kind} at {place} did not do what it was asked: {said}. Nothing was changed; segments go on being kept up "
        "to date here, only previews, first computations and audits wait for it (setting warehouse_url)."
    )
