"""How many facts a second are taken durably, over real HTTP connections, each acknowledged after its fsync."""

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from dataclasses import dataclass, field

import msgspec

from dangol.bench.shop import Served, served
from dangol.collect.log import open_log


@dataclass(slots=True)
class Load:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)  # of each request
    statuses: dict[int, int] = field(default_factory=dict)


def run(seconds: float = 5.0, connections: int = 64, batch: int = 1) -> dict[str, object]:
    """Post from `connections` at a time for `seconds`, `batch` facts in a request; figures seen at the client.

    The load generator runs on the same machine and shares its cores with the server.
    """
    with served() as shop:
        load, took = asyncio.run(_post(shop, seconds, connections, batch))
        memory = shop.memory_mb()
        with open_log(shop.folder) as log:
            stored = log.end()
        size = sum(path.stat().st_size for path in shop.folder.glob("log.db*"))
    acknowledged = load.statuses.get(200, 0) * batch
    ordered = sorted(load.seconds)
    return {
        "bench": "ingest",
        "connections": connections,
        "facts_per_request": batch,
        "facts_per_second": round(acknowledged / took),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
        "statuses": load.statuses,
        "acknowledged": acknowledged,
        "stored_at_least_acknowledged": stored >= acknowledged,
        "log_bytes_per_fact": round(size / max(stored, 1)),
        "memory_mb": memory,
    }


async def _post(shop: Served, seconds: float, connections: int, batch: int) -> tuple[Load, float]:
    load, start = Load(), time.perf_counter()
    await asyncio.gather(*(_client(shop, start + seconds, batch, n, load) for n in range(connections)))
    return load, time.perf_counter() - start


async def _client(shop: Served, until: float, batch: int, number: int, load: Load) -> None:
    reader, writer = await asyncio.open_connection(shop.host, shop.port)
    key = base64.b64encode(f"{shop.write_key}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nhost: {shop.host}\r\nauthorization: Basic {key}\r\ncontent-length: "
    while time.perf_counter() < until:
        body = msgspec.json.encode({"batch": [_event(number) for _ in range(batch)]})
        begun = time.perf_counter()
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        status = int(answer[9:12])
        load.seconds.append(time.perf_counter() - begun)
        load.statuses[status] = load.statuses.get(status, 0) + 1
    writer.close()
    await writer.wait_closed()


def _event(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": f"visitor-{number}",
        "messageId": str(uuid.uuid4()),
        "properties": {"product_id": "P-1042", "name": "Celadon cup", "price": 38000, "currency": "KRW"},
        "context": {"page": {"path": "/products/celadon-cup", "url": "https://shop.example/products/celadon-cup"}},
    }
