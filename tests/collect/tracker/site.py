"""A shop's site with the tracker on its pages, and a collector that writes down what it is told and answers as told."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page

from dangol.collect import tracker
from dangol.deliver import cards

PATIENCE = 15_000  # milliseconds; machines that run tests are busy

READY = "() => window.dangol && !window.dangol.q"


@dataclass
class Told:
    """One request with facts."""

    facts: list[dict[str, Any]]
    headers: dict[str, str]
    size: int


@dataclass
class Site:
    """Pages and collector under one port, or under two names of this machine."""

    line: str = ""  # what stands in the head of every page
    told: list[Told] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # for the next requests; then 200
    waiting: dict[str, Any] = field(default_factory=dict)  # what /m answers; empty: nothing
    asked: list[str] = field(default_factory=list)  # how /m was asked
    heard: list[str] = field(default_factory=list)  # what became of cards
    body: str = ""  # what stands on every page

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def collector(self) -> str:
        """Its address as the tracker sees it: of another origin than the pages."""
        return f"http://127.0.0.1:{self.port}"

    def page(self, path: str = "/", host: str = "localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def tag(self, more: str = "") -> None:
        """Put the tracker on the pages, with these attributes."""
        self.line = f'<script async src="{self.collector}/t.js" data-key="KEY" {more}></script>'

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def facts(self, name: str = "") -> list[dict[str, Any]]:
        """All facts that were told, or those of one name; the kind is the name of what is no track."""
        facts = [fact for told in self.told for fact in told.facts]
        return [fact for fact in facts if name in {"", fact.get("event", fact["type"])}]

    def wait(self, page: Page, name: str, count: int = 1) -> list[dict[str, Any]]:
        """Until so many facts of this name were told."""
        for _ in range(PATIENCE // 50):
            if len(found := self.facts(name)) >= count:
                assert len(found) == count, f"{len(found)} × {name}, not {count}"
                return found
            page.wait_for_timeout(50)  # which lets the browser's events through
        raise AssertionError(f"{count} × {name} did not come, only {[f.get('event', f['type']) for f in self.facts()]}")


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function(READY)


def told_of(site: Site, page: Page, name: str, count: int) -> list[dict[str, Any]]:
    """Facts by message id: one that was told on leaving may be told again, and the log keeps one."""
    for _ in range(PATIENCE // 50):
        if len(found := {fact["messageId"]: fact for fact in site.facts(name)}) == count:
            return list(found.values())
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(found)} × {name} came, not {count}")


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/t.js"):
                self._answer(200, "text/javascript", tracker.source())
            elif self.path.startswith("/m.js"):
                self._answer(200, "text/javascript", cards.SCRIPT.read_bytes())
            elif self.path.startswith("/worker.js"):
                self._answer(200, "text/javascript", cards.WORKER.read_bytes())
            elif self.path.startswith("/m?"):
                site.asked.append(self.path)
                open_to_all = {"access-control-allow-origin": "*"}
                told = json.dumps(site.waiting).encode() if site.waiting else b""
                self._answer(200 if told else 204, "application/json", told, open_to_all)
            else:
                body = (
                    f"<!doctype html><meta charset=utf-8><title>Cups</title>{site.line}<p>A celadon cup</p>{site.body}"
                )
                self._answer(200, "text/html", body.encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith("/m/"):
                site.heard.append(self.path.removeprefix("/m/"))
                self._answer(204, "text/plain", b"")
                return
            status, headers = site.answers.pop(0) if site.answers else (200, {})
            site.told.append(Told(json.loads(body)["batch"], dict(self.headers), len(body)))
            self._answer(status, "application/json", b"{}", headers)

        def _answer(self, status: int, kind: str, body: bytes, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            headers = {
                "content-type": kind,
                "content-length": str(len(body)),
                "access-control-allow-origin": "*",
                "access-control-expose-headers": "Retry-After",
                **(more or {}),
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    return Handler
