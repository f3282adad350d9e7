"""Live visitors speak HTTP only: here to a stub that writes down what they say."""

from __future__ import annotations

import base64
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dangol.demo.extract import people
from dangol.demo.visitors import Crowd, Keys, addressee


@dataclass
class Stub:
    """A shop that takes everything; its outbox fills once it was looked into."""

    address: str = ""
    asked: list[tuple[str, str, dict[str, Any] | str]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    shown: int = 0
    fails: int = 0  # requests to answer with 503 first

    def letter(self, number: int, to: str) -> dict[str, Any]:
        links = "".join(f'<a href="{self.address}/s/{number}-{mark}">{mark}</a>' for mark in range(1, 6))
        html = f'{links}<img src="{self.address}/o/{number}.gif">'
        return {"id": str(number), "campaign": "thanks", "to": to, "subject": "Thank you", "html": html}


@pytest.fixture
def stub() -> Iterator[Stub]:
    told = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(("GET", self.path, self.headers.get("User-Agent", "")))
            if self.path.startswith("/api/outbox"):
                assert self.headers["Authorization"] == "Bearer secret"
                told.shown += 1
                self._answer({"items": told.letters if told.shown > 1 else [], "next": None})
            else:
                self._answer({})

        def do_POST(self) -> None:
            if told.fails:
                told.fails -= 1
                self.send_error(503)
                return
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path.startswith("/v1/"):
                assert base64.b64decode(self.headers["Authorization"].split()[1]) == b"public:"
                told.asked.append(("POST", self.path, json.loads(body)))
            else:
                told.asked.append(("POST", self.path, body))
            self._answer({})

        def _answer(self, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


class Time:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def visit(stub: Stub, seconds: float, seed: int = 1) -> list[dict[str, Any]]:
    """Let a crowd in for so long; the facts it told."""
    time = Time()
    known = list(people(1).values())
    Crowd(Keys(stub.address, "public", "secret"), known, seed, 100).run(lambda: time.now, time.sleep, until=seconds)
    return [body for _, path, body in stub.asked if path.startswith("/v1/") and isinstance(body, dict)]


def test_something_happens_every_second_or_two_and_never_twice(stub: Stub) -> None:
    facts = visit(stub, 300)
    assert 300 / 2 <= len(facts) <= 300 * 2
    assert len({fact["messageId"] for fact in facts}) == len(facts)
    kinds = {fact.get("event") or fact["type"] for fact in facts}
    assert kinds >= {"page", "identify", "Product Viewed", "Product Added", "Order Completed", "Consent Changed"}
    assert all(path == f"/v1/{body['type']}" for _, path, body in stub.asked if isinstance(body, dict))


def test_the_same_seed_makes_the_same_crowd(stub: Stub) -> None:
    first = visit(stub, 60)
    stub.asked.clear()
    assert visit(stub, 60) == first
    stub.asked.clear()
    assert visit(stub, 60, seed=2) != first


def test_letters_are_opened_and_questions_answered_with_the_button(stub: Stub) -> None:
    stub.letters = [stub.letter(n, one.email) for n, one in enumerate(list(people(1).values())[:60], 1)]
    visit(stub, 200)
    opened = [path for method, path, _ in stub.asked if path.startswith("/o/")]
    looked = [path for method, path, _ in stub.asked if method == "GET" and path.startswith("/s/")]
    pressed = [(path, body) for method, path, body in stub.asked if method == "POST" and path.startswith("/s/")]
    assert 20 <= len(opened) <= 45
    assert len(opened) == len(set(opened)), "a letter is taken up once"
    assert pressed
    assert [path for path, _ in pressed] == looked, "the page is looked at before its button is pressed"
    for path, body in pressed:
        assert urllib.parse.parse_qs(str(body))["score"] == [path[-1]]
    assert all("Mozilla" in str(agent) for method, path, agent in stub.asked if method == "GET")


def test_people_from_before_are_known_by_their_address() -> None:
    who = addressee({"to": "minji.kim.n00042@example.com", "subject": "장바구니"})
    assert (who.user_id, who.language, who.email) == ("n00042", "ko", "minji.kim.n00042@example.com")


def test_a_shop_that_restarts_loses_nothing_that_visitors_said(stub: Stub) -> None:
    calm = visit(stub, 60)
    stub.asked.clear()
    stub.fails = 3
    facts = visit(stub, 120)
    assert {fact["messageId"] for fact in calm} <= {fact["messageId"] for fact in facts}
