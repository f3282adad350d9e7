"""Engines that a shop may point Dangol at for everything that reads all of history: previews, backfills, audits.

The rules mean the same there as everywhere: an engine gets the typed tables that the projector makes, runs the one
compiled expression over them and gives its result back. The live path never asks one. To add an engine: one file here
with a class as `Warehouse` says, and one line in `_SCHEMES`.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from dangol.base.errors import Misconfigured
from dangol.segment.warehouses.clickhouse import ClickHouse
from dangol.segment.warehouses.engine import Warehouse, run
from dangol.segment.warehouses.postgresql import PostgreSQL
from dangol.segment.warehouses.spark import Spark

_SCHEMES: dict[str, Callable[[SplitResult, int], Warehouse]] = {
    "clickhouse": ClickHouse,
    "postgresql": PostgreSQL,
    "sc": Spark,
}
ALLOWED = (
    "clickhouse://user:password@host:8123/database (with ?secure=true over https), "
    "postgresql://user:password@host/database or sc://host:15002 (Spark Connect)"
)


def chosen() -> Warehouse | None:
    """The engine that this shop's settings name; None for the one that is built in."""
    told = settings.DANGOL
    return warehouse(told.warehouse_url, told.warehouse_seconds) if told.warehouse_url else None


def warehouse(url: str, seconds: int) -> Warehouse:
    """The engine that a setting names; every question to it may take so many seconds. Raises Misconfigured."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in _SCHEMES and parts.hostname is not None and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        known = False
    if not known:
        raise Misconfigured(f"setting warehouse_url names no engine that Dangol knows; allowed: {ALLOWED}")
    return _SCHEMES[parts.scheme](parts, seconds)


__all__ = ["Warehouse", "chosen", "run", "warehouse"]
