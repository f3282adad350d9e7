"""What one event means, and which one is refused alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.base.clock import to_us
from dangol.base.instants import iso
from dangol.collect import rules
from dangol.collect.bounds import Limits
from dangol.collect.dialects.segment import events_of
from dangol.collect.log import Entry

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TRACK = {"type": "track", "event": "Seen", "userId": "u"}


def verdict(event: Any, **batch: Any) -> rules.Accepted | rules.Refused:
    return rules.accept(event, batch, Limits(), "fresh")


def fact(event: dict[str, Any], *, imported: bool = False, received: datetime = NOW) -> Any:
    accepted = verdict(event)
    assert isinstance(accepted, rules.Accepted), accepted
    return rules.normalise(Entry("site", accepted.message_id, to_us(received), accepted.body, imported, 1))


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("text", "not_an_object"),
        ({"type": "dance", "userId": "u"}, "unknown_type"),
        ({"type": "track", "userId": "u"}, "missing_event"),
        ({"type": "track", "userId": "u", "event": 5}, "missing_event"),
        ({"type": "track", "event": "Seen", "userId": None, "anonymousId": None}, "missing_id"),
        ({"type": "alias", "userId": "u"}, "missing_id"),
        ({"type": "group", "userId": "u"}, "missing_id"),
        ({**TRACK, "properties": []}, "not_an_object"),
        ({**TRACK, "properties": {"x": "y" * 70_000}}, "string_too_long"),
        ({**TRACK, "properties": {"x": ["y" * 60_000] * 6}}, "event_too_large"),
        ({**TRACK, "properties": {str(n): n for n in range(10_001)}}, "too_many_keys"),
        ({**TRACK, "properties": {"x": json.loads("[" * 40 + "]" * 40)}}, "too_deep"),
    ],
)
def test_a_bad_event_is_refused_by_name(event: Any, code: str) -> None:
    refused = verdict(event)
    assert isinstance(refused, rules.Refused)
    assert refused.code == code


def test_numbers_are_ids_too_and_null_is_absent() -> None:
    told = fact({"type": "track", "event": "Seen", "userId": 42, "anonymousId": None})
    assert (told.user_id, told.anonymous_id) == ("42", "")


def test_context_of_the_batch_goes_under_the_events_own() -> None:
    accepted = verdict({**TRACK, "context": {"ip": "1"}}, context={"ip": "2", "locale": "ko"}, sentAt=iso(NOW))
    assert json.loads(accepted.body)["context"] == {"ip": "1", "locale": "ko"}
    assert json.loads(accepted.body)["sentAt"] == iso(NOW)


def test_a_long_message_id_is_hashed_never_cut() -> None:
    one, other = (verdict({**TRACK, "messageId": "x" * 200 + end}).message_id for end in "ab")
    assert one != other
    assert len(one) <= 100


def test_what_real_clients_send_is_read() -> None:
    body = b'\xef\xbb\xbf{"a": NaN, "b": Infinity, "c": "\\ud800", "d": 1234567890123456789012345678901}'
    (event,), _ = events_of(rules.decode(body), "track")
    told = fact({**event, "event": "Seen", "userId": "u", "properties": {k: event[k] for k in "abcd"}})
    assert told.properties == {"a": None, "b": None, "c": "\ufffd", "d": "1234567890123456789012345678901"}


def test_old_names_are_read_as_todays() -> None:
    assert fact({**TRACK, "event": "Completed Order"}).name == "Order Completed"


def test_traits_of_identify_may_stand_in_the_context() -> None:
    told = fact({"type": "identify", "userId": "u", "context": {"traits": {"email": "A@B.c"}}})
    assert told.traits == {"email": "A@B.c"}
    assert told.identifiers == (("email", "a@b.c"),)


@given(st.integers(min_value=11, max_value=10**8), st.integers(min_value=0, max_value=10**6), st.sampled_from([-1, 1]))
def test_a_wrong_clock_is_corrected_by_what_it_claims(skew: int, age: int, sign: int) -> None:
    """For every skew beyond a request's way: corrected(t, sentAt = t + age + skew) is age before now."""
    told = NOW - timedelta(seconds=age) + sign * timedelta(seconds=skew)
    sent = NOW + sign * timedelta(seconds=skew)
    assert fact({**TRACK, "timestamp": iso(told), "sentAt": iso(sent)}).at == NOW - timedelta(seconds=age)


def test_seconds_on_the_way_do_not_move_an_event() -> None:
    told = fact({**TRACK, "timestamp": iso(NOW - timedelta(seconds=5)), "sentAt": iso(NOW - timedelta(seconds=4))})
    assert told.at == NOW - timedelta(seconds=5)


@pytest.mark.parametrize("when", ["2126-01-01T00:00:00Z", "1950-01-01", "soon", None, {}])
def test_a_time_that_cannot_be_is_the_time_of_arrival(when: Any) -> None:
    assert fact({**TRACK, "timestamp": when}).at == NOW


@pytest.mark.parametrize(
    ("told", "suspect"),
    [
        ({"timestamp": "2126-01-01T00:00:00Z"}, True),
        ({"timestamp": "1969-12-31T23:59:59Z"}, True),
        ({"timestamp": "0001-01-01T00:00:00Z", "sentAt": "9999-12-31T23:59:59Z"}, True),
        ({"timestamp": "9999-12-31T23:59:59Z", "sentAt": "0001-01-01T00:00:00Z"}, True),
        ({"timestamp": iso(NOW + timedelta(hours=23))}, False),
        ({"timestamp": "soon"}, False),
        ({}, False),
    ],
)
def test_a_suspect_time_is_marked_and_the_original_kept(told: dict[str, str], suspect: bool) -> None:
    accepted = verdict({**TRACK, **told})
    assert isinstance(accepted, rules.Accepted)
    assert {name: json.loads(accepted.body)[name] for name in told} == told
    assert fact({**TRACK, **told}).context.get("time_suspect", False) is suspect


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ({"originalTimestamp": "2026-11-24T02:00:00Z", "timestamp": "2026-11-24T01:00:00Z"}, "2026-11-24T02:00:00Z"),
        ({"timestamp": "2026-11-24T11:00:00+09:00"}, "2026-11-24T02:00:00Z"),
        ({"timestamp": "2026-11-24T02:00:00"}, "2026-11-24T02:00:00Z"),
        ({"timestamp": "2026-11-24"}, "2026-11-24T00:00:00Z"),
        ({"timestamp": 1_795_485_600}, "2026-11-24T02:00:00Z"),
        ({"timestamp": 1_795_485_600_000}, "2026-11-24T02:00:00Z"),
        ({"timestamp": "2026-11-24T02:00:00.123456789Z"}, "2026-11-24T02:00:00.123456Z"),
        # a client five years behind, and its sentAt with it
        ({"timestamp": "2021-11-24T01:00:00Z", "sentAt": "2021-11-24T02:00:00Z"}, "2026-11-24T02:00:00Z"),
    ],
)
def test_times_are_read_as_they_are_told(told: dict[str, Any], at: str) -> None:
    assert iso(fact({**TRACK, **told}).at) == at


def test_history_keeps_its_times() -> None:
    told = fact(
        {**TRACK, "timestamp": "2011-12-09T12:50:00+09:00", "sentAt": iso(NOW + timedelta(days=9))}, imported=True
    )
    assert told.at == datetime(2011, 12, 9, 3, 50, tzinfo=UTC)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_no_event_can_crash_the_verdict(value: Any) -> None:
    for event in (value, {"type": "track", "event": "Seen", "userId": "u", "properties": {"x": value}}):
        told = verdict(event)
        json.loads(told.body) if isinstance(told, rules.Accepted) else None


def test_a_device_and_its_push_endpoint_are_identifiers() -> None:
    device = {"id": "d-1", "token": "push-1"}
    event = {"type": "track", "anonymousId": "a", "context": {"device": device}}
    assert list(rules.external_ids(event)) == [("device", "d-1"), ("push", "push-1")]
    assert list(rules.external_ids({**event, "anonymousId": "d-1"})) == [("push", "push-1")], "many apps send one twice"


@pytest.mark.parametrize("at", ["2026-11-01T09:30:00.000001Z", "1969-12-31T00:00:00Z", "2090-01-01T00:00:00Z"])
def test_what_we_write_ourselves_is_read_by_a_shorter_way_to_the_same_end(at: str) -> None:
    told = {
        "type": "track",
        "event": "Segment Entered",
        "customerId": 7,
        "timestamp": at,
        "properties": {"segment": "x"},
    }
    short, long = (
        rules.normalise(Entry("dangol", "m", to_us(NOW), json.dumps(body).encode(), False, 3))
        for body in (told, {**told, "context": {}})
    )
    assert short == long
    assert (short.customer_id, short.own, short.properties) == (7, True, {"segment": "x"})
