"""Our own browser tracker, as the file that a shop's pages load from /t.js.

`scripts/assets.py` makes the small file from tracker.js. A build names the source that it was made from; where there
is none of this source, the source itself is served.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "tracker.js"
BUILT = Path(__file__).parent / "tracker.min.js"  # not in the repository
# Says at /.well-known/gpc.json that Global Privacy Control is heeded; the day is that of its last change.
GPC = b'{"gpc": true, "lastUpdate": "2026-11-24"}'
CACHE = b"public, max-age=3600, stale-while-revalidate=86400"  # pages name no version, so it cannot be kept for ever
HEADERS = [
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"cache-control", CACHE),
    (b"vary", b"Accept-Encoding"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
]

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


def stamp(source: bytes) -> bytes:
    """The first line of a build: which source it was made from."""
    return b"/* dangol " + hashlib.sha256(source).hexdigest()[:12].encode() + b" */\n"


def source() -> bytes:
    """The tracker, as small as it was built."""
    written = SOURCE.read_bytes()
    if BUILT.exists() and (built := BUILT.read_bytes()).startswith(stamp(written)):
        return built
    return written


class Tracker:
    """An ASGI application for a script: compressed once, and not sent again to whoever has it."""

    def __init__(self, script: bytes | None = None) -> None:
        self._plain = source() if script is None else script
        self._small = gzip.compress(self._plain, 9, mtime=0)
        self._tag = b'W/"' + hashlib.sha256(self._plain).hexdigest()[:16].encode() + b'"'

    async def __call__(self, scope: Mapping[str, Any], send: Send) -> None:
        asked: dict[bytes, bytes] = dict(scope["headers"])
        headers = [*HEADERS, (b"etag", self._tag)]
        if scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, 405, [(b"allow", b"GET, HEAD")], b"")
        elif self._tag in asked.get(b"if-none-match", b""):
            await _answer(send, 304, headers, b"")
        else:
            small = b"gzip" in asked.get(b"accept-encoding", b"")
            body = self._small if small else self._plain
            headers += [(b"content-length", str(len(body)).encode())]
            headers += [(b"content-encoding", b"gzip")] if small else []
            await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
