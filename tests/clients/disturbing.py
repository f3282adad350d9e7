"""A proxy that disturbs: it stands between a client and the shop and spoils requests by a plan, then lets all pass.

Each word of the plan is spent on one POST, in the order in which they arrive; everything else is passed on.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASS = "pass"
BUSY = "429 with Retry-After"
ERROR = "503"
LOST_REQUEST = "the connection drops before the shop hears of it"
LOST_ANSWER = "the connection drops after the shop has answered"
SLOW = "the answer takes long"
CRASH = "kill -9 of the shop while it has the request in hand"

SLOW_SECONDS = 1.5
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a reset, not a farewell
OWN_HEADERS = {"connection", "transfer-encoding", "date", "server", "keep-alive"}


class DisturbingProxy:
    """Listens on an address of its own while the `with` block runs."""

    def __init__(self, upstream_port: int, plan: Sequence[str], crash: Callable[[], None]) -> None:
        self._upstream_port, self._crash = upstream_port, crash
        self._plan, self._turn = list(plan), threading.Lock()
        self.spent: list[str] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> DisturbingProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> str:
        """What becomes of the POST that has just come in."""
        with self._turn:
            if not self._plan:
                return PASS
            self.spent.append(self._plan.pop(0))
            return self.spent[-1]

    def ask_upstream(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream_port, timeout=15)
        with contextlib.closing(upstream):
            headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN_HEADERS}
            upstream.request(request.command, request.path, body or None, headers)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def tell_upstream_and_crash(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """The shop is killed when it has the whole request: whether it is stored is nobody's knowledge."""
        asking = threading.Thread(target=self._ask_in_vain, args=(request, body), daemon=True)
        asking.start()
        asking.join(0.004)
        self._crash()

    def _ask_in_vain(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.ask_upstream(request, body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = proxy.next()
                if fault == BUSY:
                    self._refuse(429, ("Retry-After", "1"))
                elif fault == ERROR:
                    self._refuse(503)
                elif fault == LOST_REQUEST:
                    self._drop()
                elif fault == CRASH:
                    proxy.tell_upstream_and_crash(self, body)
                    self._drop()
                else:
                    if fault == SLOW:
                        time.sleep(SLOW_SECONDS)
                    self._pass_on(body, lose=fault == LOST_ANSWER)

            def do_GET(self) -> None:
                self._pass_on(b"")

            do_OPTIONS = do_GET

            def _pass_on(self, body: bytes, lose: bool = False) -> None:
                try:
                    status, headers, content = proxy.ask_upstream(self, body)
                except (OSError, http.client.HTTPException):  # the shop is down
                    self._drop()
                    return
                if lose:
                    self._drop()
                    return
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in OWN_HEADERS:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def _refuse(self, status: int, *headers: tuple[str, str]) -> None:
                content = b'{"success": false, "code": "disturbed", "message": "a test"}'
                self.send_response_only(status)
                for name, value in (
                    ("Content-Type", "application/json"),
                    ("Content-Length", str(len(content))),
                    ("Access-Control-Allow-Origin", "*"),
                    ("Access-Control-Expose-Headers", "Retry-After"),
                    *headers,
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def _drop(self) -> None:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                self.connection.close()

            def log_message(self, *_: object) -> None:
                return

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or a connection this proxy cut itself, is no news."""
