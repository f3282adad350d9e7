"""How many facts a second the loop turns into memberships, and how soon after its 200 a fact has changed one.

A shop with customers and active segments is made (stored.py), then: a backlog is worked through; single facts are
timed on the idle shop; the same while others post at a steady rate; and the shop is left alone to see what it costs.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from dangol.base.clock import SystemClock, to_us
from dangol.base.instants import iso
from dangol.bench.shop import Served, served
from dangol.bench.stored import PROBE
from dangol.bench.visits import Visits
from dangol.collect.log import Entry, open_log

BEGUN = 4  # facts of each active customer that came before: they are in the middle of a visit
BATCH = 20  # facts in one request of the load
EVERY_MS = 2  # between two facts, by their timestamps: what came before ends where the backlog begins
SETTLES = (
    30.0  # seconds after the load, in which its customers are told their forecasts and the copy in columns follows
)
PROCESSED = "SELECT position FROM collect_cursor WHERE reader = 'loop'"
MEMBERS = f"""SELECT count(*) FROM segment_member JOIN segment_segment ON segment_segment.id = segment_id
    WHERE segment_segment.key = '{PROBE}'"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Size:
    """What the shop holds and what is done to it."""

    facts: int = 20_000  # of the backlog
    stored: int = 20_000  # customers in the shop
    active: int = 5_000  # of these have facts while the bench runs
    segments: int = 100
    probes: int = 100  # single facts that are timed, in each of two phases
    rate: int = 2_000  # facts a second of the load
    seconds: float = 15.0  # that the load lasts
    quiet: float = 10.0  # seconds
    seed: int = 1


FULL = Size(facts=50_000, stored=1_000_000, active=20_000, probes=200, seconds=30.0)


def run(size: Size) -> dict[str, Any]:
    """What the shop did, as figures."""
    with served(lambda folder: fill(folder, size)) as shop:
        visits, stride = Visits(size.seed + 1), size.stored // size.active
        begun = [visits.next(n % size.active * stride) for n in range(size.active * BEGUN)]
        _append(shop, begun, imported=True, ago=timedelta(milliseconds=EVERY_MS * size.facts))
        wait(shop)
        customers = [visits.any_of(size.active) * stride for _ in range(size.facts)]
        before, spent = _end(shop), shop.cpu_seconds()
        start = time.perf_counter()
        _append(shop, [visits.next(one) for one in customers])
        wait(shop)
        took, all_facts = time.perf_counter() - start, _end(shop) - before
        needed = _spent(shop, spent)
        idle = [_probe(shop, f"idle-{number}") for number in range(size.probes)]
        loaded, posted = _under_load(shop, size)
        wait(shop)
        return {
            "bench": "loop",
            "facts": size.facts,
            "customers_stored": size.stored,
            "customers_active": size.active,
            "active_segments": _count(shop, "SELECT count(*) FROM segment_segment WHERE state = 'active'"),
            "facts_per_second": round(size.facts / took),
            "facts_per_second_with_our_own": round(all_facts / took),
            "cpu_us_per_fact": {name: round(seconds / size.facts * 1e6) for name, seconds in needed.items()},
            **_lags("idle", idle),
            "load_facts_per_second": posted,
            **_lags("loaded", loaded),
            "quiet_cpu_percent": _quiet(shop, size.quiet),
            "memory_mb": shop.memory_mb(),
        }


def fill(folder: Path, size: Size) -> None:
    told = [str(folder), str(size.stored), str(size.seed), str(size.segments)]
    subprocess.run([sys.executable, "-m", "dangol.bench.stored", *told], check=True)  # noqa: S603 - our own module


def _append(
    shop: Served, events: list[dict[str, Any]], *, imported: bool = False, ago: timedelta = timedelta(0)
) -> None:
    now = SystemClock().now()
    first = now - ago - timedelta(milliseconds=EVERY_MS * len(events))
    entries = [
        Entry(
            "bench",
            event["messageId"],
            to_us(now),
            _body(event, first + timedelta(milliseconds=EVERY_MS * n)),
            imported,
        )
        for n, event in enumerate(events)
    ]
    with open_log(shop.folder) as log:
        for start in range(0, len(entries), 1_000):
            log.append(entries[start : start + 1_000])


def _body(event: dict[str, Any], at: Any) -> bytes:
    return msgspec.json.encode(event | {"timestamp": iso(at)})


def _end(shop: Served) -> int:
    with reading(shop.folder / "log.db") as log:
        return int(log.execute("SELECT max(position) FROM fact").fetchone()[0])


def _count(shop: Served, sql: str) -> int:
    with reading(shop.folder / "state.db") as state:
        return int(state.execute(sql).fetchone()[0])


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        yield db


def wait(shop: Served) -> None:
    """Until the loop has taken all that is in the log, also what it wrote itself."""
    with reading(shop.folder / "log.db") as log, reading(shop.folder / "state.db") as state:
        while True:
            end = log.execute("SELECT max(position) FROM fact").fetchone()[0]
            waiting = state.execute("SELECT count(*) FROM collect_outgoing").fetchone()[0]
            if not waiting and state.execute(PROCESSED).fetchone()[0] == end:
                return
            time.sleep(0.01)


def _probe(shop: Served, name: str) -> float:
    """Seconds from the 200 of one fact to the membership it causes."""
    event = {"type": "track", "event": PROBE, "userId": name, "messageId": f"probe-{name}"}
    key = base64.b64encode(f"{shop.write_key}:".encode()).decode()
    request = urllib.request.Request(
        f"http://{shop.host}:{shop.port}/v1/track",
        data=json.dumps(event).encode(),
        headers={"authorization": f"Basic {key}"},
    )
    with reading(shop.folder / "state.db") as state:
        before = state.execute(MEMBERS).fetchone()[0]
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        start = time.perf_counter()
        while state.execute(MEMBERS).fetchone()[0] == before:
            if time.perf_counter() - start > 30:
                raise TimeoutError("the fact changed no membership within 30 seconds")
            time.sleep(0.001)
    return time.perf_counter() - start


def _under_load(shop: Served, size: Size) -> tuple[list[float], int]:
    """The same while others post at a steady rate; how many facts a second they were told 200 for."""
    told = {
        "host": shop.host, "port": shop.port, "write_key": shop.write_key, "seconds": size.seconds, "connections": 32,
        "batch": BATCH, "rate": size.rate / BATCH, "customers": size.active, "stride": size.stored // size.active,
    }  # fmt: skip
    command = [sys.executable, "-m", "dangol.bench.posting", json.dumps(told)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    end, lags = time.monotonic() + size.seconds, list[float]()
    time.sleep(min(2.0, size.seconds / 4))  # the steady state, not its beginning
    while time.monotonic() < end - 1:
        lags.append(_probe(shop, f"loaded-{len(lags)}"))
        time.sleep(max(size.seconds / size.probes - lags[-1], 0))
    seen = json.loads(client.communicate()[0].splitlines()[-1])
    return lags, int(seen["facts_per_second"])


def _lags(phase: str, lags: list[float]) -> dict[str, float]:
    ordered = sorted(lags)
    return {
        f"{phase}_200_to_membership_p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        f"{phase}_200_to_membership_p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
    }


def _spent(shop: Served, before: dict[str, float]) -> dict[str, float]:
    """Seconds of a core that each process has used since."""
    return {name: seconds - before.get(name, 0) for name, seconds in shop.cpu_seconds().items()}


def _quiet(shop: Served, seconds: float) -> dict[str, float]:
    """Share of one core that each process takes while nothing happens, in percent."""
    time.sleep(SETTLES)
    before, start = shop.cpu_seconds(), time.perf_counter()
    threading.Event().wait(seconds)
    took = time.perf_counter() - start
    shares = {name: round(seconds / took * 100, 2) for name, seconds in _spent(shop, before).items()}
    return {**shares, "all": round(sum(shares.values()), 2)}
