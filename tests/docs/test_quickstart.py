"""The quickstart runs: each request is made, in order, and each answer shown is of the shape that comes back."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.collect import rules
from dangol.collect.bounds import Limits
from dangol.collect.dialects.segment import events_of
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from dangol.web import guard
from dangol.web.api.keys import make_api_key
from tests.docs import pages
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
WRITE_KEY = "dgw_quickstart"


@dataclass(slots=True)
class Call:
    """One curl of a page, and the answer that the page shows below it."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    shown: Any = None


def calls(page: str, api_key: str) -> Iterator[Call]:
    found: list[Call] = []
    for block in pages.blocks(page):
        if block.language == "sh":
            lines = block.text.replace("\\\n", " ")
            found += [_call(line, api_key) for line in re.findall(r"^curl .*?(?=^curl |\Z)", lines, re.M | re.S)]
        elif block.language == "json" and found and found[-1].shown is None:
            found[-1].shown = json.loads(block.text)
    return iter(found)


def _call(line: str, api_key: str) -> Call:
    for name, value in (
        ("$DANGOL", ""),
        ("http://127.0.0.1:8000", ""),
        ("$API_KEY", api_key),
        ("$WRITE_KEY", WRITE_KEY),
    ):
        line = line.replace(name, value)
    words = shlex.split(line)[1:]
    call = Call("GET", "", {}, "")
    while words:
        word = words.pop(0)
        if word == "-X":
            call.method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            call.headers[name] = value
        elif word == "-d":
            call.body = words.pop(0)
        elif word == "-u":
            words.pop(0)
        else:
            call.path = word
    return call


def track(kit: Kit, call: Call) -> dict[str, Any]:
    """What the collector does with a tracking request, without its sockets."""
    payload = rules.decode(call.body.encode())
    events, batch = events_of(payload, call.path.removeprefix("/v1/"))
    for event in events:
        verdict = rules.accept(event, batch, Limits(), "fresh")
        assert isinstance(verdict, rules.Accepted), verdict
        kit.send(json.loads(verdict.body))
    kit.run()
    return {"success": True}


def ask(call: Call) -> Any:
    body = call.body.encode()
    response = Client().generic(
        call.method, call.path, body, call.headers.get("Content-Type", "application/json"), headers=call.headers
    )
    assert response.status_code == 200, (call.path, response.content)
    return json.loads(response.content)


def shape(value: Any) -> Any:
    """The same structure with kinds in the place of values; of a list, its first item."""
    if isinstance(value, dict):
        return {key: shape(child) for key, child in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


@pytest.mark.parametrize("name", ["quickstart.md", "http.md"])
def test_the_requests_of_a_page_work_in_their_order(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(guard, "CLOCK", clock)
    strategy.ensure_ready(clock.now())
    survey.ensure_ready(clock.now())
    _, api_key = make_api_key("quickstart", ["read", "write"], clock.now())
    made = 0
    for call in calls(pages.text(name), api_key):
        answer = track(kit, call) if call.path.startswith("/v1/") else ask(call)
        if call.shown is not None and "rejected" not in call.shown:
            assert shape(answer) == shape(call.shown), call.path
        made += 1
    assert made >= (8 if name == "quickstart.md" else 2)


def test_values_in_the_quickstart_are_what_really_comes_back(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "CLOCK", clock)
    strategy.ensure_ready(clock.now())
    survey.ensure_ready(clock.now())
    _, api_key = make_api_key("quickstart", ["read", "write"], clock.now())
    for call in calls(pages.text("quickstart.md"), api_key):
        answer = track(kit, call) if call.path.startswith("/v1/") else ask(call)
        if "/customers?" in call.path:
            assert answer["items"][0] | {"id": "1"} == call.shown["items"][0]
        if call.path.endswith("/evaluate"):
            assert answer == call.shown


@pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.name)
def test_every_json_block_is_json(path: Any) -> None:
    for block in pages.blocks(path.read_text("utf-8")):
        if block.language == "json":
            json.loads(block.text)


def test_the_campaign_shown_in_the_reference_can_be_saved(kit: Kit, clock: SetClock) -> None:
    (body,) = [
        json.loads(block.text)
        for block in pages.blocks(pages.section(pages.text("http.md"), "Campaigns"))
        if block.language == "json"
    ]
    assert campaign.put("shown", body, clock.now()).state == "draft"
