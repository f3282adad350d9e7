"""What the HTTP server runs: one address for facts, console, API and customers' pages."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dangol.django_settings")
django_application = get_asgi_application()  # sets Django up, which everything below needs

from django.conf import settings as django_settings  # noqa: E402

from dangol.base import logs  # noqa: E402
from dangol.base.process import die_with_parent, scratch  # noqa: E402
from dangol.collect.http import Collector  # noqa: E402
from dangol.collect.paths import collected  # noqa: E402
from dangol.collect.tracker import GPC, Tracker  # noqa: E402
from dangol.deliver import cards  # noqa: E402

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
UPLOADS = "/imports/upload"
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

COLLECT_AFTER = (20_000, 20, 50)  # new objects, and rounds: requests leave few cycles behind


class Application:
    """Chooses by path: what facts come by to the collector, /t.js and /healthz here, everything else to Django."""

    def __init__(self) -> None:
        self._django = django_application
        settings = django_settings.DANGOL
        logs.set_up(settings)
        self._collector = Collector(settings)
        self._scripts = {
            "/t.js": Tracker(),
            "/m.js": Tracker(cards.SCRIPT.read_bytes()),
            "/sw.js": Tracker(cards.WORKER.read_bytes()),
        }
        self._upload_most, self._body_most = settings.max_upload_bytes, settings.max_body_bytes

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            return
        elif collected(scope["path"]):
            await self._collector(scope, receive, send)
        elif scope["path"] in self._scripts:
            await self._scripts[scope["path"]](scope, send)
        elif scope["path"] == "/.well-known/gpc.json":
            await _answer(send, 200, "application/json", GPC, b"public, max-age=86400")
        elif scope["path"] == "/healthz":
            trouble = self._collector.trouble()
            health = {"ready": False, "reason": trouble} if trouble else {"ready": True}
            await _answer(send, 503 if trouble else 200, "application/json", json.dumps(health).encode())
        else:
            await self._to_django(scope, receive, send)

    async def _to_django(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Django keeps a whole body on disk before it looks at it; one that is too large is refused before."""
        most = self._upload_most if scope["path"] == UPLOADS else self._body_most
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > most:
            text = f"found {int(length):,} bytes; allowed: {most:,}"
            await _answer(send, 413, "text/plain; charset=utf-8", text.encode())
            return
        await self._django(scope, _at_most(receive, most), send)  # type: ignore[arg-type]

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self._collector.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _at_most(receive: Receive, most: int) -> Receive:
    """The request as it comes; one whose body grows too large, whatever it announced, is taken for broken off."""
    size = 0

    async def limited() -> Mapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > most else message

    return limited


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
    scratch(django_settings.DANGOL.folder / "uploads" / "arriving")
    application = Application()
    gc.collect()
    gc.freeze()  # what the server is made of stays: nobody has to look through it again and again
    gc.set_threshold(*COLLECT_AFTER)
    return application
