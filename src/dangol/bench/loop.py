"""How many facts a second the loop turns into memberships, and how soon after its 200 a fact has changed one."""

from __future__ import annotations

import base64
import json
import random
import sqlite3
import time
import urllib.request
import uuid

import msgspec

from dangol.base.clock import SystemClock, to_us
from dangol.bench.shop import Served, served
from dangol.collect.log import Entry, open_log

EVENTS = ("Product Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")
SEGMENT = "bench-order-now"


def run(facts: int = 10_000, customers: int = 2_000, probes: int = 50, seed: int = 1) -> dict[str, object]:
    """Append `facts` and wait until the loop has them all; then `probes` single facts on the idle shop."""
    with served() as shop:
        _put_segment(shop)
        segments = _count(shop, "SELECT count(*) FROM segment_segment WHERE state = 'active'")
        start = time.perf_counter()
        _append(shop, facts, customers, random.Random(seed))
        appended = time.perf_counter() - start
        _wait(shop)
        took = time.perf_counter() - start
        lags = sorted(_probe(shop, n) for n in range(probes))
        memory = shop.memory_mb()
    return {
        "bench": "loop",
        "facts": facts,
        "customers": customers,
        "active_segments": segments,
        "append_seconds": round(appended, 2),
        "facts_per_second": round(facts / took),
        "idle_200_to_membership_p50_ms": round(lags[len(lags) // 2] * 1000, 1),
        "idle_200_to_membership_p99_ms": round(lags[int(len(lags) * 0.99)] * 1000, 1),
        "memory_mb": memory,
    }


def _append(shop: Served, facts: int, customers: int, rng: random.Random) -> None:
    now = to_us(SystemClock().now())
    with open_log(shop.folder) as log:
        for start in range(0, facts, 1_000):
            log.append([_entry(now, rng.randrange(customers), rng) for _ in range(min(1_000, facts - start))])


def _entry(now: int, customer: int, rng: random.Random) -> Entry:
    message_id = str(uuid.UUID(int=rng.getrandbits(128)))
    body = msgspec.json.encode(
        {
            "type": "track",
            "event": rng.choice(EVENTS),
            "userId": f"u{customer}",
            "properties": {"order_id": message_id, "revenue": rng.randrange(5, 200)},
        }
    )
    return Entry("bench", message_id, now, body)


def _wait(shop: Served) -> None:
    request = urllib.request.Request(
        f"http://{shop.host}:{shop.port}/api/log", headers={"authorization": f"Bearer {shop.api_key}"}
    )
    while True:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            told = json.load(answer)
        if told["appended"] == told["processed"]:
            return
        time.sleep(0.02)


def _put_segment(shop: Served) -> None:
    shape = {"name": "Bench", "where": {"all": [{"event": "Bench Probe", "within": "30d"}]}}
    request = urllib.request.Request(
        f"http://{shop.host}:{shop.port}/api/segments/{SEGMENT}",
        data=json.dumps(shape).encode(),
        method="PUT",
        headers={"authorization": f"Bearer {shop.api_key}", "content-type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310


def _count(shop: Served, sql: str) -> int:
    with sqlite3.connect(f"file:{shop.folder}/state.db?mode=ro", uri=True) as state:
        return int(state.execute(sql).fetchone()[0])


MEMBERS = f"""SELECT count(*) FROM segment_member JOIN segment_segment ON segment_segment.id = segment_id
    WHERE segment_segment.key = '{SEGMENT}'"""  # noqa: S608 - a constant


def _probe(shop: Served, number: int) -> float:
    """Seconds from the 200 of one fact to the membership it causes."""
    event = {"type": "track", "event": "Bench Probe", "userId": f"probe-{number}"}
    key = base64.b64encode(f"{shop.write_key}:".encode()).decode()
    request = urllib.request.Request(
        f"http://{shop.host}:{shop.port}/v1/track",
        data=json.dumps(event).encode(),
        headers={"authorization": f"Basic {key}"},
    )
    before = _count(shop, MEMBERS)
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    start = time.perf_counter()
    while _count(shop, MEMBERS) == before:
        if time.perf_counter() - start > 10:
            raise TimeoutError("the fact changed no membership within 10 seconds")
        time.sleep(0.0005)
    return time.perf_counter() - start
