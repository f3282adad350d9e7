"""Odd text, bombs and half bodies: what is readable is taken, its neighbours too, and the collector lives on."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest

from dangol.collect import requests
from dangol.collect.bounds import Limits
from dangol.collect.dialects.told import BadBody
from tests.collect.conftest import Client

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = '{"type":"track","event":"Seen","userId":"u","properties":{"x":'

# What stands in the JSON text, and what is kept of it; None where the event is refused alone.
ODD: list[tuple[str, Any, str]] = [
    ('"a\\u0000b"', "a\ufffdb", ""),
    ('"\\ud800"', "\ufffd", ""),
    ('"\\udc00\\ud800"', "\ufffd\ufffd", ""),
    ('"\\ud83d\\ude00"', "\U0001f600", ""),
    ("NaN", None, "not_a_number"),
    ("Infinity", None, "not_a_number"),
    ("-Infinity", None, "not_a_number"),
    ("1e400", None, "not_a_number"),
    ("9223372036854775807", 9223372036854775807, ""),
    ("9223372036854775808", "9223372036854775808", "large_number"),
    ("-9223372036854775809", "-9223372036854775809", "large_number"),
    ("1234567890123456789012345678901", "1234567890123456789012345678901", "large_number"),
    ("9" * 5000, "9" * 5000, ""),
    ('{"a":1,"a":2}', {"a": 2}, ""),
    ('{"__proto__":{"x":1},"constructor":2,"$set":3}', {"__proto__": {"x": 1}, "constructor": 2, "$set": 3}, ""),
    ('"\\u202e한국어\\t\\n"', "\u202e한국어\t\n", ""),
    ('{"\\u0000":1}', {"\ufffd": 1}, ""),
    ("1e-400", 0.0, ""),
    ("-0", 0, ""),
]


@pytest.mark.parametrize(("text", "kept", "mark"), ODD)
def test_one_odd_event_in_a_batch(client: Client, text: str, kept: Any, mark: str) -> None:
    good = HEAD + "1}}"
    body = f'{{"batch":[{HEAD}{text}}}}},{good}]}}'.encode()
    reply = client.send("/v1/batch", body, authorization=client.basic())
    assert (reply.status, reply.json) == (200, {"success": True})
    odd, neighbour = client.facts()
    assert odd["properties"]["x"] == kept
    assert odd.get("context", {}).get("replaced") == ([mark] if mark else None)
    assert neighbour["properties"]["x"] == 1


def test_all_of_them_at_once_and_one_good_event(client: Client) -> None:
    events = ",".join(f"{HEAD}{text}}}}}" for text, _, _ in ODD)
    body = f'\ufeff{{"batch":[{events},{HEAD}1}}}}]}}'.encode()
    client.collector._limits = Limits(batch_events=50)
    assert client.send("/v1/batch", body, authorization=client.basic()).json == {"success": True}
    assert len(client.facts()) == len(ODD) + 1
    assert client.facts()[-1]["properties"]["x"] == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(client: Client, encoding: str) -> None:
    body = json.dumps({"type": "track", "event": "Seen", "userId": "u"}).encode(encoding)
    reply = client.send("/v1/track", body, authorization=client.basic())
    assert (reply.status, reply.json["code"]) == (400, "invalid_json")


def test_bytes_that_are_no_text_do_not_lose_the_batch(client: Client) -> None:
    body = b'{"batch":[' + HEAD.encode() + b'"\xff\xfe"}},' + HEAD.encode() + b"1}}]}"
    assert client.send("/v1/batch", body, authorization=client.basic()).status == 200
    assert [fact["properties"]["x"] for fact in client.facts()] == ["\ufffd\ufffd", 1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 31 + "]" * 31, "too_deep"),
        ("[" * 900 + "]" * 900, "too_deep"),
        (json.dumps({str(n): 0 for n in range(10_000)}), "too_many_keys"),
        ('"' + "x" * 65_537 + '"', "string_too_long"),
    ],
)
def test_what_is_too_much_is_refused_alone(client: Client, text: str, code: str) -> None:
    client.collector._settings = requests_of(1_000_000)
    body = f'{{"batch":[{HEAD}{text}}}}},{HEAD}1}}}}]}}'.encode()
    reply = client.send("/v1/batch", body, authorization=client.basic())
    assert [(r["index"], r["code"]) for r in reply.json["rejected"]] == [(0, code)]
    assert len(client.facts()) == 1


def requests_of(size: int) -> Any:
    from dangol.base.settings import load

    return load(max_body_bytes=size)


@pytest.mark.parametrize("depth", [1_200, 100_000])
def test_what_no_parser_reads_is_a_body_that_is_not_json_at_worst(client: Client, depth: int) -> None:
    client.collector._settings = requests_of(1_000_000)
    body = f'{{"batch":[{HEAD}{"[" * depth}{"]" * depth}}}}}]}}'.encode()
    reply = client.send("/v1/batch", body, authorization=client.basic())
    assert reply.status in {200, 400}
    assert client.facts() == []
    assert client.send("/v1/track", {"event": "Seen", "userId": "u"}, authorization=client.basic()).status == 200


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 100_000_000, 9)
    tracemalloc.start()
    try:
        with pytest.raises(BadBody, match="unpacked"):
            requests.unpack(bomb, b"gzip", 500_000)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(b"{}", mtime=0)[:-4],
        gzip.compress(b"{}", mtime=0) + b"x",
        gzip.compress(b"{}", mtime=0) + gzip.compress(b"{}", mtime=0),
        gzip.compress(b"{}", mtime=0)[:12] + b"\x00\x00" + gzip.compress(b"{}", mtime=0)[14:],
        b"\x1f\x8b",
    ],
)
def test_broken_gzip_is_refused(packed: bytes) -> None:
    with pytest.raises(BadBody) as raised:
        requests.unpack(packed, b"gzip", 1000)
    assert raised.value.code == "invalid_gzip"


@pytest.mark.parametrize("encoding", [b"", b"gzip", b"GZIP", b"x-gzip", b" gzip "])
def test_gzip_is_known_by_its_first_bytes(encoding: bytes) -> None:
    assert requests.unpack(gzip.compress(b"{}"), encoding, 1000) == b"{}"
    assert requests.unpack(b"{}", encoding, 1000) == b"{}", "a proxy has unpacked it and left the header"
    assert requests.unpack(zlib.compress(b"{}"), encoding, 1000) == zlib.compress(b"{}")


class Stream:
    """A body that arrives in parts, and counts how many were asked for."""

    def __init__(self, parts: list[bytes], cut: bool = False) -> None:
        self.parts, self.cut, self.asked = parts, cut, 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self.asked > len(self.parts) and self.cut:
            return {"type": "http.disconnect"}
        part = self.parts[self.asked - 1]
        return {"type": "http.request", "body": part, "more_body": self.cut or self.asked < len(self.parts)}


def read(stream: Stream, limit: int) -> bytes:
    return asyncio.run(requests.read_body(stream.receive, limit))


def test_a_stream_is_read_to_one_byte_over_the_limit_and_no_further() -> None:
    assert read(Stream([b"x"] * 10), 10) == b"x" * 10
    long = Stream([b"x"] * 1000)
    with pytest.raises(BadBody) as raised:
        read(long, 10)
    assert (raised.value.code, long.asked) == ("payload_too_large", 11)


@pytest.mark.parametrize("told", [b"11", b"99999999999999999999999"])
def test_a_body_that_says_it_is_too_large_is_not_read(told: bytes) -> None:
    with pytest.raises(BadBody) as raised:
        requests.told_size({b"content-length": told}, 10)
    assert raised.value.code == "payload_too_large"
    assert [requests.told_size({b"content-length": size}, 10) for size in (b"0", b"10", b"-1")] == [0, 10, 10]
    assert requests.told_size({}, 10) == 10


def test_a_client_that_goes_away_leaves_nothing() -> None:
    with pytest.raises(BadBody) as raised:
        read(Stream([b'{"ev', b'ent":'], cut=True), 100)
    assert raised.value.code == "disconnected"
