"""How late customers leave a segment when time alone takes them out of it, with no new fact, in a large shop.

A shop with stored customers and active segments is served (stored.py). Some of them have one fact each whose window
ends at a known instant, one after the other at a steady rate; who is still in the segment is read all the time.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from dangol.base.clock import SystemClock, to_us
from dangol.base.instants import iso
from dangol.bench import loop
from dangol.bench.shop import Served, served
from dangol.bench.stored import PROBE
from dangol.bench.visits import who
from dangol.collect.log import Entry, open_log

AHEAD = 15  # seconds until the first leaves: until then the loop has taken all facts
PATIENCE = 60.0  # seconds after the last should have left
SET_WINDOW = "UPDATE segment_segment SET rule = ? WHERE key = ?"
IN = f"""SELECT customer_id FROM segment_member JOIN segment_segment ON segment_segment.id = segment_id
    WHERE segment_segment.key = '{PROBE}'"""  # noqa: S608 - a constant
LEAVING = f"""SELECT customer_id, at FROM profile_fact WHERE name = '{PROBE}' AND customer_id IN ({IN})"""  # noqa: S608


def run(stored: int = 1_000_000, segments: int = 100, flips: int = 2_000, rate: int = 100) -> dict[str, Any]:
    """`flips` customers leave a segment, `rate` a second; how late each of them did."""
    window = AHEAD * 2 + flips // rate
    with served(lambda folder: _fill(folder, stored, segments, window)) as shop:
        _append(shop, flips, rate, window, stored // flips)
        loop.wait(shop)
        lags = _watch(shop, window)
    return {
        "bench": "flips",
        "customers_stored": stored,
        "active_segments": segments,
        "flips": len(lags),
        "flips_per_second": rate,
        "flip_to_membership_p50_ms": round(lags[len(lags) // 2] * 1000, 1),
        "flip_to_membership_p99_ms": round(lags[int(len(lags) * 0.99)] * 1000, 1),
        "flip_to_membership_max_ms": round(lags[-1] * 1000, 1),
    }


def _fill(folder: Path, stored: int, segments: int, window: int) -> None:
    loop.fill(folder, loop.Size(stored=stored, segments=segments))
    with contextlib.closing(sqlite3.connect(folder / "state.db")) as state, state:
        state.execute(SET_WINDOW, (json.dumps({"event": PROBE, "within": f"{window}s"}), PROBE))


def _append(shop: Served, flips: int, rate: int, window: int, stride: int) -> None:
    now = SystemClock().now()
    first = now - timedelta(seconds=window - AHEAD)
    entries = []
    for n in range(flips):
        told = {
            "type": "track",
            "event": PROBE,
            **who(n * stride),
            "timestamp": iso(first + timedelta(seconds=n / rate)),
        }
        entries.append(Entry("bench", f"flip-{n}", to_us(now), msgspec.json.encode(told | {"messageId": f"flip-{n}"})))
    with open_log(shop.folder) as log:
        log.append(entries)


def _watch(shop: Served, window: int) -> list[float]:
    """How late (seconds) each left, the smallest first. Raises TimeoutError where somebody never does."""
    with loop.reading(shop.folder / "state.db") as state:
        due = {customer: at / 1e6 + window for customer, at in state.execute(LEAVING)}
        end, lags = max(due.values()) + PATIENCE, list[float]()
        while due:
            still = {row[0] for row in state.execute(IN)}
            now = time.time()
            _note(due, still, now, lags)
            if now > end:
                raise TimeoutError(f"{len(due)} customers did not leave in time")
            time.sleep(0.005)
    return sorted(lags)


def _note(due: dict[int, float], still: set[int], now: float, lags: list[float]) -> None:
    for customer in due.keys() - still:
        lags.append(now - due.pop(customer))
