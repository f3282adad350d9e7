"""A client cheap enough not to be what is measured: one thread, plain sockets, requests prepared beforehand.

Runs as a process of its own: `python -m dangol.bench.posting '{"port": …}'` prints what it saw as JSON.
"""

from __future__ import annotations

import base64
import json
import select
import socket
import sys
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dangol.base.clock import SystemClock
from dangol.base.instants import iso
from dangol.bench.visits import Visits

HEADS_END = b"\r\n\r\n"
EVENT = (
    b'{"type":"track","event":"Product Viewed","anonymousId":"visitor-%d","messageId":"%s-%012d","timestamp":'
    b'"2026-01-01T00:00:00.000Z","properties":{"product_id":"P-1042","name":"Celadon cup","price":38000,'
    b'"currency":"KRW"},"context":{"page":{"path":"/products/celadon-cup","url":"https://shop.example/products/celadon-cup"}}}'
)


def _fresh() -> bytes:
    return uuid.uuid4().hex.encode()


@dataclass(slots=True)
class Load:
    """What to post, and what was seen."""

    host: str
    port: int
    write_key: str
    seconds: float
    connections: int
    batch: int
    rate: float = 0  # requests a second; 0: as many as are answered
    customers: int = 0  # known ones, whose varied visits are posted; 0: one kind of fact by visitors
    stride: int = 1  # between the numbers of two of them
    run: bytes = field(default_factory=_fresh)
    visits: Visits = field(default_factory=lambda: Visits(time.time_ns()))
    sent: int = 0
    took: list[float] = field(default_factory=list)  # seconds of each request, from when it was due
    statuses: dict[int, int] = field(default_factory=dict)

    def request(self) -> bytes:
        """The next request; no two facts of a run share a message id."""
        first = self.sent * self.batch
        self.sent += 1
        if self.customers:
            events = b",".join([self._visit() for _ in range(self.batch)])
        else:
            events = b",".join([EVENT % (n % 997, self.run, n) for n in range(first, first + self.batch)])
        body = b'{"batch":[' + events + b"]}"
        return self._head() + str(len(body)).encode() + HEADS_END + body

    def _visit(self) -> bytes:
        event = self.visits.next(self.visits.any_of(self.customers) * self.stride)
        return msgspec.json.encode(event | {"timestamp": iso(SystemClock().now())})

    def _head(self) -> bytes:
        key = base64.b64encode(f"{self.write_key}:".encode())
        return b"POST /v1/batch HTTP/1.1\r\nhost: bench\r\nauthorization: Basic " + key + b"\r\ncontent-length: "


class Posting:
    """Connections that post; each has at most one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._due: dict[int, float] = {}
        for _ in range(load.connections):
            connection = socket.create_connection((load.host, load.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[connection.fileno()] = connection
            self._poll.register(connection.fileno(), select.EPOLLIN)
        self._free = deque(self._sockets)

    def run(self) -> float:
        """Post until the time is over and everything is answered; how long that took."""
        load, start = self._load, time.perf_counter()
        end, posted = start + load.seconds, 0
        while (now := time.perf_counter()) < end or self._due:
            while self._free and now < end and (not load.rate or posted < (now - start) * load.rate):
                self._post(start + posted / load.rate if load.rate else time.perf_counter())
                posted += 1
            for number, _ in self._poll.poll(0.0005 if load.rate else 1):
                self._read(number)
        for connection in self._sockets.values():
            connection.close()
        return time.perf_counter() - start

    def _post(self, due: float) -> None:
        number = self._free.popleft()
        self._due[number] = due
        self._sockets[number].sendall(self._load.request())

    def _read(self, number: int) -> None:
        connection, answer = self._sockets[number], b""
        while HEADS_END not in answer:
            part = connection.recv(65_536)
            if not part:
                raise ConnectionError("the server closed a connection")
            answer += part
        head, _, body = answer.partition(HEADS_END)
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += connection.recv(65_536)
        status = int(head[9:12])
        self._load.took.append(time.perf_counter() - self._due.pop(number))
        self._load.statuses[status] = self._load.statuses.get(status, 0) + 1
        self._free.append(number)


def main(told: dict[str, Any]) -> dict[str, Any]:
    """Post as told; what was seen."""
    load = Load(**told)
    seconds = Posting(load).run()
    ordered = sorted(load.took)
    acknowledged = load.statuses.get(200, 0) * load.batch
    return {
        "facts_per_second": round(acknowledged / seconds),
        "requests_per_second": round(len(ordered) / seconds),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
        "statuses": load.statuses,
        "acknowledged": acknowledged,
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
