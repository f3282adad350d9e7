"""A program with secret keys in front of a shop that stands still at the clock's instant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from dangol.base.clock import SetClock
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from dangol.web import guard
from dangol.web.api.keys import make_api_key
from tests.shopkit import Kit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    kind: str
    headers: dict[str, str]
    body: Any


class Program:
    """Calls the API with a key of its own."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        if self.secret:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        response: HttpResponse = self.client.generic(
            method, path, data, headers.pop("content_type", "application/json"), headers=headers
        )
        text = response.content
        kind = response.headers.get("Content-Type", "")
        return Answer(response.status_code, kind, dict(response.headers), json.loads(text) if text else None)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)


@pytest.fixture
def still(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """The web's clock stands where the test's does."""
    monkeypatch.setattr(guard, "CLOCK", clock)
    return clock


@pytest.fixture
def program(kit: Kit, still: SetClock) -> Program:
    """May read and write a shop that has nothing yet, not even its first segments."""
    return Program(make_api_key("all", ["read", "write"], still.now())[1])


@pytest.fixture
def open_shop(kit: Kit, still: SetClock) -> Kit:
    """A shop with its first segments and question, and a customer who has bought."""
    strategy.ensure_ready(still.now())
    survey.ensure_ready(still.now())
    kit.identify("42", {"email": "minji@example.com", "firstName": "Minji", "language": "ko"})
    kit.consent("42")
    kit.order("42", "1001", 38000)
    kit.run()
    return kit
