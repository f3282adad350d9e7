"""The tracking API over HTTP: every path of paths.py, the pixel, and what libraries ask before they start.

The only asynchronous code of the house: it reads a request, hands its facts to the writer and answers when they are
on disk.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.db import DatabaseError

from dangol.base.clock import to_us
from dangol.base.errors import Unavailable
from dangol.base.instants import iso
from dangol.base.reserve import Reserve
from dangol.base.settings import Settings
from dangol.collect import addresses, paths, requests, rules, swift
from dangol.collect.bounds import Limits
from dangol.collect.dialects import pixel, posthog, segment, settings
from dangol.collect.dialects.told import BadBody, Told
from dangol.collect.keyring import Keyring
from dangol.collect.log import Entry, Rejected
from dangol.collect.sources import Open
from dangol.collect.writer import Writer

log = logging.getLogger("dangol.collect")

CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count, x-write-key"),
    (b"access-control-max-age", b"7200"),
    (b"access-control-expose-headers", b"Retry-After, X-RateLimit-Reset"),
    (b"cache-control", b"no-store"),
]
JSON, GIF = b"application/json", b"image/gif"
RETRY_AFTER = 30  # seconds
MOST_BYTES = 48 * 1024 * 1024  # of bodies under way: memory is for taking facts, not for keeping them

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Scope = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """Status, body and when it must be tried again."""

    status: int
    body: bytes = b""
    kind: bytes = JSON
    retry_after: int = 0

    @cached_property
    def messages(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ASGI sends of it."""
        told = [(b"content-type", self.kind), (b"content-length", str(len(self.body)).encode()), *CORS]
        if self.retry_after:
            seconds = str(self.retry_after).encode()
            told += [(b"retry-after", seconds), (b"x-ratelimit-reset", seconds)]
        start = {"type": "http.response.start", "status": self.status, "headers": told}
        return start, {"type": "http.response.body", "body": self.body}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request, and when it arrived."""

    key: str
    opened: Open
    ip: str  # the visitor's, as far as proxies that we trust say; empty where nobody can
    received: datetime


class Collector:
    """An ASGI application for the collector's paths."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = Limits(settings.max_event_bytes, settings.max_batch_events)
        self._writer = Writer(settings.folder)
        self._reserve = Reserve(settings.folder, settings.reserve_mb)
        self._keys = Keyring()
        self._bytes = 0  # of bodies under way
        self._trusted = addresses.networks(settings.trusted_proxies)

    def trouble(self) -> str:
        """Why facts cannot be taken now; empty where they can."""
        return self._reserve.trouble() if self._writer.alive() else "shutting down"

    def close(self) -> None:
        self._writer.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(scope, receive)
        start, body = answer.messages
        await send(start)
        await send(body)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path = scope["path"].rstrip("/")
        if path.startswith(paths.PIXEL + "/"):
            return await self._pixel(path.removeprefix(paths.PIXEL + "/"), scope)
        if scope["method"] == "OPTIONS":
            return Answer(204)
        route = paths.TAKES.get(path)
        try:
            if route is None:
                return await self._asked(path, scope)
            if scope["method"] != "POST":
                return _problem(405, "method_not_allowed", f"found {scope['method']}; allowed: POST")
            return await self._take(route, scope, receive)
        except BadBody as error:
            return _problem(400, error.code, error.message)
        except (Unavailable, DatabaseError) as error:
            log.warning("facts cannot be taken: %s", error)
            return _problem(429, "unavailable", "facts cannot be taken now; try again later", RETRY_AFTER)

    async def _take(self, route: paths.Route, scope: Scope, receive: Receive) -> Answer:
        headers, limit = dict(scope["headers"]), self._settings.max_body_bytes
        size = requests.told_size(headers, limit)
        if self._bytes + size > MOST_BYTES:
            raise Unavailable(f"{self._bytes} bytes of requests are under way already")
        self._bytes += size
        try:
            return await self._take_body(route, scope, headers, await requests.read_body(receive, limit))
        finally:
            self._bytes -= size

    async def _take_body(self, route: paths.Route, scope: Scope, headers: requests.Headers, body: bytes) -> Answer:
        limit = self._settings.max_body_bytes
        body = requests.unpack(body, headers.get(b"content-encoding", b""), limit)
        payload, strictly = rules.read(posthog.unwrap(body) if route.unwrap else body)
        received = datetime.now(UTC)
        told = route.dialect(payload, route.kind, received)
        texts = swift.texts(body, payload, route.kind) if strictly and not route.unwrap else ()
        named = requests.header_key(headers)
        key = None if named is None else requests.agreed(named, told.key, _query_key(scope))
        opened = await self._keys.find(key) if key else None
        if key is None or opened is None:
            return _problem(
                401, "invalid_write_key", "the write key is missing, unknown or contradicted by another one"
            )
        sender = Sender(key, opened, self._visitor(scope), received)
        return _taken(await self._store(told, sender, texts), route)

    def _visitor(self, scope: Scope) -> str:
        peer = scope["client"][0] if scope.get("client") else ""
        if not self._trusted:
            return str(peer)
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        return addresses.client(peer, forwarded.decode("latin-1"), self._trusted)

    async def _store(self, told: Told, sender: Sender, texts: Sequence[bytes] = ()) -> list[rules.Verdict]:
        """The verdict on each event, when those that are taken are on disk and those that are not in quarantine."""
        if trouble := self._reserve.trouble():
            raise Unavailable(trouble)
        at, source, most = to_us(sender.received), sender.opened.source, self._limits.batch_events
        around = self._around(told, sender) if texts else None
        verdicts = [
            (around is not None and swift.accept(event, texts[index], around)) or self._judge(event, told, sender)
            if index < most
            else rules.one_too_many(event, self._limits)
            for index, event in enumerate(told.events)
        ]
        entries, refused = [], []
        for verdict in verdicts:
            if isinstance(verdict, rules.Accepted):
                entries.append(Entry(source, verdict.message_id, at, verdict.body, told.imported))
            else:
                refused.append(Rejected(source, at, verdict.code, verdict.detail, verdict.body, told.imported))
        if entries or refused:
            await self._writer.append_from_loop(entries, refused)
        return verdicts

    def _around(self, told: Told, sender: Sender) -> swift.Around | None:
        if (added := swift.added(told.batch)) is None:
            return None
        longest = min(swift.LONGEST, self._limits.event_bytes - len(added))
        ip, shorten = ("", False) if told.imported else (sender.ip, sender.opened.shorten_ip)
        return swift.Around(added, longest, ip, shorten)

    def _judge(self, event: Any, told: Told, sender: Sender) -> rules.Verdict:
        if not told.imported:
            event = addresses.placed(event, sender.ip, sender.opened.shorten_ip)
        return rules.judge(event, told.batch, self._limits, str(uuid.uuid4()), sender.key)

    async def _pixel(self, kind: str, scope: Scope) -> Answer:
        """Always an image: a page must not show a broken one. What is wrong with it stands in the quarantine."""
        if kind not in rules.TYPES:
            return Answer(200, pixel.GIF, GIF)
        try:
            payload = pixel.payload(scope["query_string"].decode("latin-1"))
            received = datetime.now(UTC)
            told = segment.tell(payload, kind, received)
            opened = await self._keys.find(told.key) if told.key else None
            if opened is not None:
                await self._store(told, Sender(told.key, opened, self._visitor(scope), received))
        except BadBody as error:
            log.info("a pixel cannot be read: %s", error)
        except (Unavailable, DatabaseError) as error:
            log.warning("a pixel's fact is lost, an image cannot be asked to come again: %s", error)
        return Answer(200, pixel.GIF, GIF)

    async def _asked(self, path: str, scope: Scope) -> Answer:
        """What libraries ask for before they start."""
        if path == paths.METRICS:  # analytics.js reports on itself here
            return _json({"success": True})
        if path in paths.ASKED:
            return _json(posthog.NO_FLAGS)
        if path.startswith(paths.REMOTE + "/") and path.endswith("/config"):
            return _json({**posthog.CONFIG, "token": path.removeprefix(paths.REMOTE + "/").removesuffix("/config")})
        if path.startswith(paths.PROJECT + "/") and path.endswith("/settings"):
            return await self._project(path.removeprefix(paths.PROJECT + "/").removesuffix("/settings"), scope)
        if path == paths.SOURCE_CONFIG:
            return await self._source_config(scope)
        return _problem(404, "unknown_path", f"nothing is served at {scope['path']}")

    async def _project(self, key: str, scope: Scope) -> Answer:
        if await self._keys.find(key) is None:
            return _problem(404, "invalid_write_key", "no source has this write key")
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        return _json(settings.segment(key, host, scope["scheme"]))

    async def _source_config(self, scope: Scope) -> Answer:
        named = requests.header_key(dict(scope["headers"]))
        key = None if named is None else requests.agreed(named, _query_key(scope))
        opened = await self._keys.find(key) if key else None
        if key is None or opened is None:
            return _problem(401, "invalid_write_key", "the write key is missing or unknown")
        return _json(settings.rudder(key, opened.source, iso(datetime.now(UTC))))


def _query_key(scope: Scope) -> str:
    query = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("writeKey", [""])[0] if b"writeKey=" in query else ""


def _taken(verdicts: list[rules.Verdict], route: paths.Route) -> Answer:
    refused = [
        {"index": index, "messageId": verdict.message_id, "code": verdict.code, "detail": verdict.detail}
        for index, verdict in enumerate(verdicts)
        if isinstance(verdict, rules.Refused)
    ]
    return (
        _json({"success": True, **paths.SAYS[route.library], "rejected": refused}) if refused else TAKEN[route.library]
    )


def _json(body: Any) -> Answer:
    return Answer(200, msgspec.json.encode(body))


def _problem(status: int, code: str, message: str, retry_after: int = 0) -> Answer:
    body = msgspec.json.encode({"success": False, "code": code, "message": message})
    return Answer(status, body, retry_after=retry_after)


TAKEN = {library: _json({"success": True, **says}) for library, says in paths.SAYS.items()}
