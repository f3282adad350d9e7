"""How many facts a second are taken durably, over real HTTP connections, each acknowledged after its fsync."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dangol.base.clock import SystemClock, to_us
from dangol.bench.shop import Served, served
from dangol.collect.log import insert_all, open_log

YEAR_US = 365 * 86_400_000_000
STORED = b'{"type":"track","event":"Seen","userId":"u","timestamp":"2025-01-01T00:00:00Z"}'
AT_ONCE = 100_000  # facts in one transaction


def run(seconds: float = 5.0, connections: int = 128, batch: int = 1, stored: int = 0) -> dict[str, object]:
    """As many as are answered for `seconds`, `batch` facts in a request, then half as many for as long again.

    The client runs on the same machine and shares its cores with the server and its loop. `stored` facts of a year ago
    are in the log before it starts.
    """
    with served(lambda folder: fill(folder, stored)) as shop:
        warm_up = _post(shop, min(seconds, 1.0), connections, batch)
        full = _post(shop, seconds, connections, batch)
        memory = shop.memory_mb()
        half = _post(shop, seconds, connections, batch, full["requests_per_second"] / 2)
        with open_log(shop.folder) as log:
            end, size = log.end(), log.size()
    acknowledged = warm_up["acknowledged"] + full["acknowledged"] + half["acknowledged"]
    return {
        "bench": "ingest",
        "connections": connections,
        "facts_per_request": batch,
        "stored_before": stored,
        **{name: full[name] for name in ("facts_per_second", "p50_ms", "p99_ms", "statuses")},
        "at_half": {name: half[name] for name in ("facts_per_second", "p50_ms", "p99_ms", "statuses")},
        "acknowledged": acknowledged,
        "stored_at_least_acknowledged": end - stored >= acknowledged,
        "log_bytes_per_fact": round(size / max(end, 1)),
        "memory_mb": memory,
    }


def _post(shop: Served, seconds: float, connections: int, batch: int, rate: float = 0) -> dict[str, Any]:
    told = {
        "host": shop.host, "port": shop.port, "write_key": shop.write_key, "seconds": seconds,
        "connections": connections, "batch": batch, "rate": rate,
    }  # fmt: skip
    command = [sys.executable, "-m", "dangol.bench.posting", json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own module
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def fill(folder: Path, facts: int) -> None:
    """Put facts of a year ago into a log that nobody reads yet; the loop has them behind it."""
    at, mark = to_us(SystemClock().now()) - YEAR_US, time.time_ns()
    with open_log(folder) as log:
        for start in range(0, facts, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, facts))
            with log.transaction() as db:
                insert_all(db, [(n + 1, "site", f"{mark:x}-{n:x}", at, 0, STORED) for n in numbers])
    with contextlib.closing(sqlite3.connect(folder / "state.db")) as state, state:
        state.execute("INSERT OR REPLACE INTO collect_cursor (reader, position) VALUES ('loop', ?)", (facts,))
