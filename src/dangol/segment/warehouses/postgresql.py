"""PostgreSQL: temporary tables of one transaction, filled by COPY."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlunsplit

import ibis.expr.datatypes as dt
import polars as pl
from ibis.backends.sql.compilers import PostgresCompiler

from dangol.base.errors import Misconfigured
from dangol.segment.warehouses.engine import away

try:
    import psycopg
except ImportError:  # the extra `postgres` is not installed
    psycopg = None  # type: ignore[assignment]

TYPES: dict[Any, str] = {pl.Int64: "bigint", pl.Float64: "double precision", pl.String: "text", pl.Boolean: "boolean"}
BACK: dict[int, type[pl.DataType]] = {16: pl.Boolean, 20: pl.Int64, 23: pl.Int64, 701: pl.Float64, 25: pl.String}
CONNECT_SECONDS = 10
ROWS_AT_ONCE = 50_000


class Compiler(PostgresCompiler):  # type: ignore[misc]
    """As ibis says it, but for casts that PostgreSQL does not know."""

    __slots__ = ()

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        number = self.cast(arg, dt.int32) if op.arg.dtype.is_boolean() and to.is_integer() else arg
        return super().visit_Cast(op, arg=number, to=to)


class PostgreSQL:
    """A PostgreSQL server, as a shop's setting names it."""

    def __init__(self, url: SplitResult, seconds: int) -> None:
        if psycopg is None:
            raise Misconfigured("setting warehouse_url names PostgreSQL: pip install 'dangol[postgres]'")
        self.compiler = Compiler()
        self.place = f"{url.hostname}:{url.port or 5432}"
        self._url, self._seconds = urlunsplit(url), seconds

    @contextmanager
    def connect(self) -> Iterator[Transaction]:
        try:
            with psycopg.connect(self._url, connect_timeout=CONNECT_SECONDS) as connection:
                connection.execute("SELECT set_config('statement_timeout', %s, true)", (f"{self._seconds}s",))
                yield Transaction(connection)
                connection.rollback()
        except psycopg.Error as error:
            raise away("PostgreSQL", self.place, error) from error


class Transaction:
    """One transaction, rolled back at its end: nothing of it is ever kept."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def create(self, name: str, types: Mapping[str, pl.DataType]) -> None:
        columns = ", ".join(f'"{column}" {_type(kind)}' for column, kind in types.items())
        self._execute(f'CREATE TEMPORARY TABLE "{name}" ({columns}) ON COMMIT DROP')

    def insert(self, name: str, frame: pl.DataFrame) -> None:
        lists = [column for column, kind in frame.schema.items() if isinstance(kind, pl.List)]
        told = frame.with_columns(_array(column) for column in lists)
        rows = io.BytesIO()
        told.write_csv(rows, include_header=False, quote_style="non_numeric", null_value="")
        with self._connection.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT csv)') as copy:
            copy.write(rows.getvalue())

    def query(self, sql: str) -> Iterator[pl.DataFrame]:
        with self._connection.cursor(name="dangol", binary=True) as cursor:
            cursor.execute(sql)
            schema = {column.name: BACK[column.type_code] for column in cursor.description or ()}
            while True:
                rows = cursor.fetchmany(ROWS_AT_ONCE)
                yield pl.DataFrame(rows, schema=schema, orient="row")
                if len(rows) < ROWS_AT_ONCE:
                    return

    def drop(self, name: str) -> None:
        """Rolling back drops it, also after an error that the transaction did not survive."""

    def _execute(self, sql: str) -> None:
        self._connection.execute(sql)


def _type(kind: Any) -> str:
    if isinstance(kind, pl.List):
        return f"{_type(kind.inner)}[]"
    return TYPES[type(kind)]


def _array(column: str) -> pl.Expr:
    """A list in PostgreSQL's words: {"one","two"}."""
    one = pl.element().cast(pl.String).str.replace_all(r'(["\\])', r"\${1}")
    quoted = pl.col(column).list.eval(pl.concat_str(pl.lit('"'), one, pl.lit('"')))
    return pl.concat_str(pl.lit("{"), quoted.list.join(","), pl.lit("}")).alias(column)
