"""What the HTTP server runs: one address for facts, console, API and customers' pages."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dangol.django_settings")
django_application = get_asgi_application()  # sets Django up, which everything below needs

from django.conf import settings as django_settings  # noqa: E402

from dangol.base import logs  # noqa: E402
from dangol.base.process import die_with_parent  # noqa: E402
from dangol.collect import tracker  # noqa: E402
from dangol.collect.http import Collector  # noqa: E402

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Application:
    """Chooses by path: /v1/ to the collector, /t.js and /healthz here, everything else to Django."""

    def __init__(self) -> None:
        self._django = django_application
        settings = django_settings.DANGOL
        logs.set_up(settings)
        self._collector = Collector(settings)
        self._tracker = tracker.source()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            return
        elif scope["path"].startswith("/v1/"):
            await self._collector(scope, receive, send)
        elif scope["path"] == "/t.js":
            await _answer(send, 200, "text/javascript; charset=utf-8", self._tracker, b"public, max-age=3600")
        elif scope["path"] == "/healthz":
            ready = self._collector.ready()
            await _answer(
                send, 200 if ready else 503, "application/json", b'{"ready": true}' if ready else b'{"ready": false}'
            )
        else:
            await self._django(scope, receive, send)  # type: ignore[arg-type]

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self._collector.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _answer(send: Send, status: int, kind: str, body: bytes, cache: bytes = b"no-store") -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", cache),
        (b"access-control-allow-origin", b"*"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def build() -> Application:
    """The application of one server process; ends with the server that started it."""
    die_with_parent()
    return Application()
