"""ClickHouse, over its HTTP interface: the temporary tables of a session, Arrow in and out."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, unquote, urlencode

import httpcore
import ibis.expr.operations as ops
import polars as pl
from ibis.backends.sql.compilers import ClickHouseCompiler

from dangol.segment.warehouses.engine import away

NO_LIST = ""  # stands in a list where there is none: arrays are never null here, and no key of an item is empty
LAST = 2**63 - 1
TYPES: dict[Any, str] = {pl.Int64: "Int64", pl.Float64: "Float64", pl.String: "String", pl.Boolean: "Bool"}
CONNECT_SECONDS = 10
SETTINGS = {
    "join_use_nulls": 1,  # who has no match has null, not 0
    "aggregate_functions_null_for_empty": 1,
    "max_query_size": 100_000_000,
    "max_ast_elements": 10_000_000,
    "max_expanded_ast_elements": 10_000_000,
    "max_ast_depth": 100_000,
    "max_parser_depth": 100_000,
    "output_format_arrow_string_as_string": 1,
    "wait_end_of_query": 1,  # a failure comes as a failure, never behind half a result
}


class Compiler(ClickHouseCompiler):  # type: ignore[misc]
    """As ibis says it, but exact, and without ClickHouse's own ideas of null."""

    __slots__ = ()
    SIMPLE_OPS: ClassVar[dict[Any, str]] = {ops.CountDistinct: "uniqExact"}  # `uniq` is an estimate

    def visit_Least(self, op: Any, *, arg: Any) -> Any:
        """Nulls aside; before release 24.12 one null made it null."""
        return self.f.nullIf(self.f.least(*(self.f.ifNull(one, LAST) for one in arg)), LAST)

    def visit_NotNull(self, op: Any, *, arg: Any) -> Any:
        return self.f["not"](self.f.has(arg, NO_LIST)) if op.arg.dtype.is_array() else self.f.isNotNull(arg)


class ClickHouse:
    """A ClickHouse server, as a shop's setting names it."""

    def __init__(self, url: SplitResult, seconds: int) -> None:
        secure = parse_qs(url.query).get("secure", ["false"])[0] in {"1", "true"}
        port = url.port or (8443 if secure else 8123)
        self.compiler = Compiler()
        self.place = f"{url.hostname}:{port}"
        self._address = f"{'https' if secure else 'http'}://{self.place}/?"
        self._database = unquote(url.path.strip("/"))
        self._headers: dict[bytes | str, bytes | str] = {
            "X-ClickHouse-User": unquote(url.username or "default"),
            "X-ClickHouse-Key": unquote(url.password or ""),
        }
        self._seconds = seconds

    @contextmanager
    def connect(self) -> Iterator[Session]:
        with httpcore.ConnectionPool(max_connections=1) as pool:
            yield Session(self, pool)

    def ask(self, pool: httpcore.ConnectionPool, session: str, sql: str, rows: bytes | None = None) -> bytes:
        """The answer to one request; with rows, they are what the statement inserts. Raises Unavailable."""
        told: dict[str, Any] = {**SETTINGS, "session_id": session, "session_timeout": self._seconds + 60}
        told |= {"max_execution_time": self._seconds} | ({"database": self._database} if self._database else {})
        body = sql.encode() if rows is None else rows
        told |= {} if rows is None else {"query": sql}
        waits = {"connect": CONNECT_SECONDS, "read": self._seconds + 5, "write": self._seconds, "pool": CONNECT_SECONDS}
        try:
            answer = pool.request(
                "POST", self._address + urlencode(told), headers=self._headers, content=body,
                extensions={"timeout": waits},
            )  # fmt: skip
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise away("ClickHouse", self.place, f"{type(error).__name__} {error}") from error
        if answer.status != 200:
            raise away("ClickHouse", self.place, f"HTTP {answer.status} {answer.content.decode(errors='replace')}")
        return bytes(answer.content)


class Session:
    """Requests that see one another's temporary tables; the server drops what is left of them after a while."""

    def __init__(self, server: ClickHouse, pool: httpcore.ConnectionPool) -> None:
        self._server, self._pool, self._id = server, pool, f"dangol-{secrets.token_hex(12)}"

    def _ask(self, sql: str, rows: bytes | None = None) -> bytes:
        return self._server.ask(self._pool, self._id, sql, rows)

    def create(self, name: str, types: Mapping[str, pl.DataType]) -> None:
        columns = ", ".join(f"`{column}` {_type(kind)}" for column, kind in types.items())
        self._ask(f"CREATE TEMPORARY TABLE `{name}` ({columns}) ENGINE = Memory")

    def insert(self, name: str, frame: pl.DataFrame) -> None:
        lists = [column for column, kind in frame.schema.items() if isinstance(kind, pl.List)]
        told = frame.with_columns(pl.col(lists).fill_null([NO_LIST])) if lists else frame
        rows = io.BytesIO()
        told.write_ipc_stream(rows, compat_level=pl.CompatLevel.oldest())
        self._ask(f"INSERT INTO `{name}` FORMAT ArrowStream", rows.getvalue())

    def query(self, sql: str) -> Iterator[pl.DataFrame]:
        found = pl.read_ipc_stream(io.BytesIO(self._ask(f"{sql}\nFORMAT ArrowStream")))
        yield found.with_columns(pl.col(pl.UInt8).cast(pl.Boolean))  # what a comparison comes to is a number there

    def drop(self, name: str) -> None:
        self._ask(f"DROP TEMPORARY TABLE IF EXISTS `{name}`")


def _type(kind: pl.DataType) -> str:
    if isinstance(kind, pl.List):
        return f"Array({TYPES[type(kind.inner)]})"
    return f"Nullable({TYPES[type(kind)]})"
