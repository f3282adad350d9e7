"""ClickHouse's HTTP interface in front of chdb, which is ClickHouse as a library: as a program it says its port."""

from __future__ import annotations

import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from chdb.session import Session

OF_HTTP = {"query", "session_id", "session_timeout", "database", "wait_end_of_query"}
engine = Session()


class Handler(BaseHTTPRequestHandler):
    """One request: settings and, for an insert, the statement stand in the address."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        told = dict(parse_qsl(urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.headers["X-ClickHouse-Key"] != "secret word":
                raise PermissionError("Authentication failed")
            settings = ", ".join(f"{name} = {value}" for name, value in told.items() if name not in OF_HTTP)
            engine.query(f"SET {settings}")
            self._answer(200, _insert(told["query"], body) if "query" in told else _run(body.decode()))
        except Exception as error:
            self._answer(500, str(error).encode())

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def _insert(statement: str, rows: bytes) -> bytes:
    into, _, format = statement.partition(" FORMAT ")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        path.write_bytes(rows)
        return _run(f"{into} SELECT * FROM file('{path}', '{format}')")


def _run(sql: str) -> bytes:
    return bytes(engine.query(sql).bytes())


if __name__ == "__main__":
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()  # until whoever started it lets go
        server.shutdown()
