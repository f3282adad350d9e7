"""Sends raw requests to a collector of its own, as a client's socket would."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.settings import load
from dangol.collect import sources
from dangol.collect.http import Collector
from dangol.collect.keyring import Keyring
from dangol.collect.log import Entry, Rejected, open_log


@dataclass
class Reply:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends raw requests to the collector."""

    def __init__(self, folder: Path, clock: SetClock, **settings: Any) -> None:
        self.folder = folder
        self.peer = "203.0.113.77"
        self.key = sources.add("site", "Site", clock.now()).write_key
        self.collector = Collector(
            load(**{"data": str(folder), "max_body_bytes": 100_000, "max_batch_events": 10, **settings})
        )

    def send(self, path: str, body: bytes | Any = b"", method: str = "POST", **headers: str) -> Reply:
        """One request; a path may have a query."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": names,
            "scheme": "http", "client": (self.peer, 40_000),
        }  # fmt: skip
        reply = Reply()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                reply.body += message["body"]

        asyncio.run(self.collector(scope, receive, send))
        return reply

    def forget_keys(self) -> None:
        """Let the collector look its keys up again, as it does after a few seconds."""
        self.collector._keys = Keyring()

    def basic(self, key: str | None = None) -> str:
        return "Basic " + base64.b64encode(f"{key or self.key}:".encode()).decode()

    def stored(self) -> list[Entry]:
        with open_log(self.folder) as log:
            return log.read(0, 1000)

    def facts(self) -> list[Any]:
        """What is in the log, as it was told."""
        return [json.loads(entry.body) for entry in self.stored()]

    def refused(self) -> list[Rejected]:
        with open_log(self.folder) as log:
            return log.rejected(1000)


@pytest.fixture
def client(tmp_path: Path, clock: SetClock) -> Iterator[Client]:
    client = Client(tmp_path, clock)
    yield client
    client.collector.close()
