"""The short way and the long way of an event agree."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.collect import rules, swift
from dangol.collect.bounds import Limits
from tests.collect.conftest import Client

LIMITS = Limits(event_bytes=10_000)
TRACK = {"type": "track", "event": "Seen", "userId": "u", "messageId": "m"}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
events = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "dance"]) | anything,
        "event": st.sampled_from(["Seen", "Order Completed", "Completed Order", " ", ""]) | anything,
        "userId": st.sampled_from(["u", " u ", "", 5]) | anything,
        "anonymousId": st.sampled_from(["a", ""]) | anything,
        "messageId": st.sampled_from(["m", " m", "x" * 101, 5]) | anything,
        "properties": st.dictionaries(st.text(max_size=5), anything, max_size=4) | anything,
        "traits": anything, "context": anything, "sentAt": anything, "writeKey": anything, "other": anything,
    },
)  # fmt: skip


def both(event: Any, batch: dict[str, Any]) -> tuple[rules.Accepted | None, rules.Verdict]:
    text = msgspec.json.encode(event)
    added = swift.added(batch)
    short = None if added is None else swift.accept(event, text, swift.Around(added, 10_000 - len(added), "", False))
    return short, rules.judge(event, batch, LIMITS, "fresh", "key")


@given(events, st.fixed_dictionaries({}, optional={"sentAt": anything, "context": anything}))
def test_what_goes_the_short_way_would_have_gone_the_long_way_alike(event: Any, batch: dict[str, Any]) -> None:
    short, long = both(event, batch)
    if short is not None:
        assert isinstance(long, rules.Accepted)
        assert short.message_id == long.message_id
        assert json.loads(short.body) == json.loads(long.body)


@pytest.mark.parametrize(
    "event",
    [
        TRACK,
        {"type": "identify", "anonymousId": "a", "traits": {"name": "김단골"}, "messageId": "m"},
        {"type": "page", "name": "Home", "userId": "u", "messageId": "m", "context": {"page": {"url": "/"}}},
    ],
)
def test_ordinary_events_go_the_short_way(event: dict[str, Any]) -> None:
    assert both(event, {})[0] is not None
    assert both(event, {"sentAt": "2026-11-24T03:00:00Z"})[0] is not None


@pytest.mark.parametrize(
    "change",
    [
        {"event": "Order Completed", "properties": {"total": -1}},
        {"event": "Completed Order"},
        {"writeKey": "other"},
        {"messageId": None},
        {"messageId": "x" * 101},
        {"userId": " "},
        {"properties": []},
        {"properties": {"x": "a\x00b"}},
        {"properties": {"x": 2**63}},
        {"properties": {"x": "y" * 9_990}},
        {"properties": {"x": [[]] * 40}},
    ],
)
def test_whatever_is_out_of_the_ordinary_goes_the_long_way(change: dict[str, Any]) -> None:
    assert both({**TRACK, **change}, {})[0] is None


@pytest.mark.django_db(transaction=True)
def test_the_text_is_stored_as_it_was_sent(client: Client) -> None:
    body = ' {"batch": [ {"event" : "Seen", "type":"track","userId":"u", "messageId":"m", "z":1.50} ], "sentAt":"x"}\n'
    assert client.send("/v1/batch", body.encode(), authorization=client.basic()).status == 200
    single = b' {"event" : "Seen","userId":"u", "messageId":"n"} '
    assert client.send("/v1/t", single, authorization=client.basic()).status == 200
    assert [entry.body for entry in client.stored()] == [
        b'{"event" : "Seen", "type":"track","userId":"u", "messageId":"m", "z":1.50,"sentAt":"x"}',
        b'{"event" : "Seen","userId":"u", "messageId":"n","type":"track"}',
    ]
