"""The tracking API: POST /v1/{identify,track,page,screen,group,alias,batch,import} and their short forms.

The only asynchronous code of the house: it reads a request, hands its facts to the writer and answers when they are
on disk.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from dangol.base.clock import to_us
from dangol.base.errors import Unavailable
from dangol.base.settings import Settings
from dangol.collect import requests, rules
from dangol.collect.log import Entry, Rejected
from dangol.collect.models import Source
from dangol.collect.writer import Writer

log = logging.getLogger("dangol.collect")

PATHS = {
    "identify": "identify", "i": "identify", "track": "track", "t": "track", "page": "page", "p": "page",
    "screen": "screen", "s": "screen", "group": "group", "g": "group", "alias": "alias", "a": "alias",
    "batch": "batch", "b": "batch", "import": "batch",
}  # fmt: skip
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count, x-write-key"),
    (b"access-control-max-age", b"7200"),
    (b"access-control-expose-headers", b"Retry-After, X-RateLimit-Reset"),
    (b"cache-control", b"no-store"),
]
RETRY_AFTER = 30
KNOWN_FOR = 5.0  # seconds a write key is believed without asking again

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON body and what must be tried when again."""

    status: int
    body: Any
    retry_after: int = 0


class Collector:
    """An ASGI application for everything under /v1/."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = rules.Limits(settings.max_event_bytes, settings.max_batch_events)
        self._writer = Writer(settings.folder)
        self._sources: dict[str, tuple[str | None, float]] = {}

    def ready(self) -> bool:
        """Whether facts can be taken now."""
        return self._writer.alive()

    def close(self) -> None:
        self._writer.close()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        answer = await self._answer(scope, receive)
        headers = [(b"content-type", b"application/json"), *CORS]
        if answer.retry_after:
            headers += [
                (b"retry-after", str(answer.retry_after).encode()),
                (b"x-ratelimit-reset", str(answer.retry_after).encode()),
            ]
        body = b"" if answer.body is None else msgspec.json.encode(answer.body)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        path = scope["path"].removeprefix("/v1/").rstrip("/")
        if scope["method"] == "OPTIONS":
            return Answer(204, None)
        if path == "m":  # analytics.js reports on itself here
            return Answer(200, {"success": True})
        if path.startswith("projects/") and path.endswith("/settings"):
            return await self._project(path.split("/")[1], scope)
        if path not in PATHS:
            return _problem(404, "unknown_path", f"nothing is served at {scope['path']}")
        if scope["method"] != "POST":
            return _problem(405, "method_not_allowed", "use POST")
        try:
            return await self._take(PATHS[path], path == "import", scope, receive)
        except rules.BadBody as error:
            return _problem(400, error.code, error.message)
        except (Unavailable, DatabaseError) as error:
            log.warning("facts cannot be taken: %s", error)
            return Answer(429, {"success": False, "code": "unavailable", "message": "try again later"}, RETRY_AFTER)

    async def _take(self, kind: str, imported: bool, scope: Mapping[str, Any], receive: Receive) -> Answer:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        limit = self._settings.max_body_bytes
        body = requests.unpack(await requests.read_body(receive, limit), headers.get("content-encoding", ""), limit)
        payload = rules.decode(body)
        key = requests.keys_of(headers, payload).agreed()
        source = await self._source(key) if key else None
        if source is None:
            return _problem(401, "invalid_write_key", "the write key is missing, unknown or contradicted by the body")
        events, batch = rules.events_of(payload, kind)
        if imported:  # history: the times are taken as they are told
            batch = {name: value for name, value in batch.items() if name != "sentAt"}
        return await self._store(source, imported, events, batch)

    async def _store(self, source: str, imported: bool, events: list[Any], batch: Mapping[str, Any]) -> Answer:
        received = to_us(datetime.now(UTC))
        verdicts = [
            rules.accept(event, batch, self._limits, str(uuid.uuid4()))
            if index < self._limits.batch_events
            else rules.Refused("", "too_many_events", f"allowed: {self._limits.batch_events} in a batch", b"")
            for index, event in enumerate(events)
        ]
        entries = [
            Entry(source, v.message_id, received, v.body, imported) for v in verdicts if isinstance(v, rules.Accepted)
        ]
        refused = [
            Rejected(source, received, v.code, v.detail, v.body) for v in verdicts if isinstance(v, rules.Refused)
        ]
        if entries or refused:
            await asyncio.wrap_future(self._writer.append(entries, refused))
        answer: dict[str, Any] = {"success": True}
        if refused:
            answer["rejected"] = [
                {"index": index, "messageId": v.message_id, "code": v.code, "detail": v.detail}
                for index, v in enumerate(verdicts)
                if isinstance(v, rules.Refused)
            ]
        return Answer(200, answer)

    async def _project(self, key: str, scope: Mapping[str, Any]) -> Answer:
        if await self._source(key) is None:
            return _problem(404, "invalid_write_key", "no source has this write key")
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        destination = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": scope["scheme"]}
        return Answer(200, {"integrations": {"Segment.io": destination}, "metrics": {"sampleRate": 0}})

    async def _source(self, key: str) -> str | None:
        """The key of the source that owns a write key; None where nobody does."""
        known = self._sources.get(key)
        if known and known[1] > time.monotonic():
            return known[0]
        source = await sync_to_async(_look_up, thread_sensitive=False)(key)
        if len(self._sources) > 1_000:
            self._sources.clear()
        self._sources[key] = (source, time.monotonic() + KNOWN_FOR)
        return source


def _look_up(write_key: str) -> str | None:
    try:
        found = Source.objects.filter(write_key=write_key, enabled=True)
        source = found.values_list("key", flat=True).first()
        if source is not None:
            found.update(last_used_at=datetime.now(UTC))
        return source
    finally:
        close_old_connections()


def _problem(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"success": False, "code": code, "message": message})
