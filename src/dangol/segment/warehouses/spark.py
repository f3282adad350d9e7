"""Spark, or what else speaks Spark Connect: Arrow in and out, temporary views of one session."""

from __future__ import annotations

import socket
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlunsplit

import polars as pl
from ibis.backends.sql.compilers import PySparkCompiler
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from sqlglot import exp

from dangol.base.errors import Misconfigured
from dangol.segment.warehouses.engine import away

TYPES: dict[Any, str] = {pl.Int64: "BIGINT", pl.Float64: "DOUBLE", pl.String: "STRING", pl.Boolean: "BOOLEAN"}
CONNECT_SECONDS = 10
Problems = tuple[type[Exception], ...]


class Compiler(PySparkCompiler):  # type: ignore[misc]
    """As ibis says it; two of its methods ask for options that exist only where all of pyspark is installed."""

    __slots__ = ()

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:
        if dtype.is_floating():  # 0.1 alone is a decimal to Spark, and 1e300 none that Sail can hold
            return self.cast(exp.Literal.string(repr(float(value))), dtype)
        return SQLGlotCompiler.visit_NonNullLiteral(self, op, value=value, dtype=dtype)

    def visit_Field(self, op: Any, *, rel: Any, name: str) -> Any:
        return SQLGlotCompiler.visit_Field(self, op, rel=rel, name=name)


class Spark:
    """A Spark Connect server, as a shop's setting names it."""

    def __init__(self, url: SplitResult, seconds: int) -> None:
        self.compiler = Compiler()
        self._host, self._port = str(url.hostname), url.port or 15002
        self.place = f"{self._host}:{self._port}"
        self._url, self._seconds = urlunsplit(url), seconds

    @contextmanager
    def connect(self) -> Iterator[Session]:
        sessions, problems = _client()
        try:
            socket.create_connection((self._host, self._port), CONNECT_SECONDS).close()  # the client tries for minutes
            spark = sessions.builder.remote(self._url).create()
            alarm = threading.Timer(self._seconds, spark.interruptAll)
            alarm.start()
            try:
                yield Session(spark)
            finally:
                alarm.cancel()
                spark.stop()
        except problems as error:
            raise away("Spark", self.place, error) from error


def _client() -> tuple[Any, Problems]:
    """The client's sessions and what it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has opinions on pandas, which nothing here uses
            import grpc  # noqa: PLC0415 - slow to import, and only shops with Spark have it
            from pyspark.errors import PySparkException  # noqa: PLC0415
            from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise Misconfigured("setting warehouse_url names Spark: pip install 'dangol[spark]'") from error
    return SparkSession, (OSError, PySparkException, grpc.RpcError)


class Session:
    """One session. A table is a view over the messages that brought its rows; each message is a view of its own."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark
        self._messages: dict[str, list[str]] = {}  # table → the views that are its rows
        self._whole: list[str] = []  # tables that are views themselves

    def create(self, name: str, types: Mapping[str, pl.DataType]) -> None:
        columns = ", ".join(f"CAST(NULL AS {_type(kind)}) AS `{column}`" for column, kind in types.items())
        self._view(name, self._spark.sql(f"SELECT {columns} WHERE 1 = 0"))

    def insert(self, name: str, frame: pl.DataFrame) -> None:
        self._view(name, self._spark.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())))

    def _view(self, name: str, rows: Any) -> None:
        known = self._messages.setdefault(name, [])
        view = f"{name}_{len(known)}"
        rows.createTempView(view)
        known.append(view)

    def query(self, sql: str) -> Iterator[pl.DataFrame]:
        for name, views in self._messages.items():
            parts = " UNION ALL ".join(f"SELECT * FROM `{view}`" for view in views)  # noqa: S608 - named by us
            self._spark.sql(parts).createTempView(name)
            self._whole.append(name)
        found = pl.from_arrow(self._spark.sql(sql).toArrow())
        assert isinstance(found, pl.DataFrame)  # noqa: S101 - a table is no series
        yield found

    def drop(self, name: str) -> None:
        for view in ([name] if name in self._whole else []) + self._messages.pop(name, []):
            self._spark.catalog.dropTempView(view)


def _type(kind: Any) -> str:
    if isinstance(kind, pl.List):
        return f"ARRAY<{_type(kind.inner)}>"
    return TYPES[type(kind)]
