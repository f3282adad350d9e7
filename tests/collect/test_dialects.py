"""What the libraries of others send, and the facts that it becomes."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from dangol.collect.dialects import pixel, posthog
from dangol.collect.dialects.told import BadBody
from tests.collect.conftest import Client

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
EVENT = {"type": "track", "event": "Seen", "userId": "u", "messageId": "m"}


def told(event: dict[str, Any]) -> dict[str, Any]:
    """The call that one PostHog event becomes."""
    (call,) = posthog.tell({"api_key": "k", "batch": [event]}, "batch", NOON).events
    return call


@pytest.mark.parametrize(
    ("event", "call"),
    [
        (
            {"event": "Bought", "distinct_id": "u", "properties": {"a": 1}, "uuid": "m", "timestamp": "2026-11-24"},
            {
                "type": "track", "event": "Bought", "userId": "u", "properties": {"a": 1}, "messageId": "m",
                "timestamp": "2026-11-24",
            },
        ),
        (
            {"event": "$identify", "distinct_id": "u", "$set": {"email": "a@b.c"}, "$set_once": {"plan": "x"},
             "properties": {"$anon_distinct_id": "anon"}},
            {"type": "identify", "userId": "u", "anonymousId": "anon", "traits": {"email": "a@b.c", "plan": "x"}},
        ),
        (
            {"event": "$set", "distinct_id": "u", "properties": {"$set": {"name": "Kim"}}},
            {"type": "identify", "userId": "u", "traits": {"name": "Kim"}},
        ),
        (
            {"event": "$create_alias", "distinct_id": "old", "properties": {"distinct_id": "old", "alias": "new"}},
            {"type": "alias", "userId": "new", "previousId": "old"},
        ),
        (
            {"event": "$groupidentify", "distinct_id": "u",
             "properties": {"$group_type": "company", "$group_key": "5", "$group_set": {"name": "ACME"}}},
            {"type": "group", "userId": "u", "groupId": "5", "traits": {"name": "ACME"},
             "properties": {"groupType": "company"}},
        ),
        (
            {"event": "$screen", "distinct_id": "u", "properties": {"$screen_name": "Cart"}},
            {"type": "screen", "userId": "u", "name": "Cart", "properties": {"$screen_name": "Cart"}},
        ),
        (
            {"event": "Seen", "properties": {"distinct_id": "d", "$device_id": "d", "token": "k"}, "offset": 1500},
            {"type": "track", "event": "Seen", "anonymousId": "d", "timestamp": "2026-11-24T02:59:58.500000Z",
             "properties": {"distinct_id": "d", "$device_id": "d"}},
        ),
        (
            {"event": "Seen", "distinct_id": 7, "properties": {"$is_identified": False}},
            {"type": "track", "event": "Seen", "anonymousId": 7, "properties": {"$is_identified": False}},
        ),
    ],
)  # fmt: skip
def test_posthog_events_become_calls(event: dict[str, Any], call: dict[str, Any]) -> None:
    assert told(event) | {"context": None} == call | {"context": None}


def test_a_posthog_page_view_is_a_page_with_its_address_and_campaign() -> None:
    properties = {
        "$current_url": "https://shop.example/p?utm_source=mail", "$pathname": "/p", "title": "Cup", "$lib": "web",
        "$lib_version": "1.2", "utm_source": "mail", "utm_campaign": "spring", "$ip": "198.51.100.7",
    }  # fmt: skip
    call = told({"event": "$pageview", "distinct_id": "u", "properties": properties})
    assert (call["type"], call["properties"]["name"], call["properties"]["path"]) == ("page", "Cup", "/p")
    assert call["context"]["campaign"] == {"source": "mail", "name": "spring"}
    assert call["context"]["library"] == {"name": "web", "version": "1.2"}
    assert call["context"]["page"]["url"].startswith("https://shop.example/p")
    assert call["context"]["ip"] == "198.51.100.7"


POSTHOG = {"event": "Seen", "distinct_id": "u", "uuid": "m"}


@pytest.mark.parametrize("path", ["/batch/", "/batch", "/capture/", "/e/", "/i/v0/e/"])
@pytest.mark.parametrize("how", ["batch", "one", "list", "gzip", "form"])
def test_posthog_clients_are_understood_at_every_path(client: Client, path: str, how: str) -> None:
    one = {**POSTHOG, "properties": {"token": client.key}}
    body: Any = {"api_key": client.key, "batch": [POSTHOG], "sent_at": "2026-11-24T03:00:00Z"}
    if how == "one":
        body = {**POSTHOG, "api_key": client.key}
    if how == "list":
        body = [one]
    if how == "gzip":
        body = gzip.compress(json.dumps([one]).encode())
    if how == "form":
        body = urlencode({"data": base64.b64encode(json.dumps(one).encode()).decode()}).encode()
    reply = client.send(path + ("?compression=gzip-js" if how == "gzip" else ""), body, content_type="text/plain")
    assert (reply.status, reply.json) == (200, {"success": True, "status": 1})
    (fact,) = client.facts()
    assert (fact["type"], fact["userId"], fact["messageId"]) == ("track", "u", "m")
    assert client.key not in json.dumps(fact), "the key is the request's, not the fact's"


def test_posthog_history_is_history(client: Client) -> None:
    body = {"api_key": client.key, "batch": [POSTHOG], "historical_migration": True}
    assert client.send("/batch/", body).status == 200
    assert client.stored()[0].imported


@pytest.mark.parametrize("body", [b"{}", b"5", b'{"batch": 5}', b"data=%%%", b"data=e30", b"data="])
def test_what_is_no_posthog_body_is_refused(client: Client, body: bytes) -> None:
    assert client.send("/batch/", body).status in {400, 401}
    assert client.stored() == []


@pytest.mark.parametrize("path", ["/flags/?v=2", "/decide/?v=3", "/array/dgw_x/config"])
def test_posthog_clients_learn_that_there_are_no_flags(client: Client, path: str) -> None:
    reply = client.send(path, b"{}", method="GET" if "array" in path else "POST")
    assert (reply.status, reply.json["featureFlags"], reply.json["sessionRecording"]) == (200, {}, False)
    assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("kind", ["track", "identify", "page", "group"])
@pytest.mark.parametrize("prefix", ["/api/s/", "/api/s/s2s/"])
def test_jitsu_speaks_segment_with_its_key_in_a_header(client: Client, kind: str, prefix: str) -> None:
    body = {"type": kind, "event": "Seen", "userId": "u", "groupId": "g", "writeKey": "dgw_x:***", "messageId": "m"}
    reply = client.send(prefix + kind, body, x_write_key=f"{client.key}:secret")
    assert (reply.status, reply.json) == (200, {"success": True, "ok": True})
    assert client.facts()[0]["type"] == kind


def test_rudder_batches_beacons_and_asks_for_its_source(client: Client) -> None:
    body = {"batch": [{**EVENT, "originalTimestamp": "2026-11-24T03:00:00Z", "sentAt": "2026-11-24T03:00:00Z"}]}
    headers = {"content_type": "application/x-www-form-urlencoded", "content_encoding": "gzip"}
    packed = gzip.compress(json.dumps(body).encode())
    assert client.send("/v1/batch", packed, authorization=client.basic(), **headers).status == 200
    assert client.send(f"/beacon/v1/batch?writeKey={client.key}", body, content_type="text/plain").status == 200
    assert client.send("/beacon/v1/batch?writeKey=nobody", body).status == 401
    assert len(client.stored()) == 1, "the same message"
    config = client.send("/sourceConfig/?p=npm", method="GET", authorization=client.basic()).json
    assert (config["source"]["writeKey"], config["source"]["enabled"]) == (client.key, True)
    assert client.send("/sourceConfig", method="GET").status == 401


def pixel_path(kind: str, **given: str) -> str:
    return f"/v1/pixel/{kind}?{urlencode(given)}"


def test_a_pixel_is_a_call(client: Client) -> None:
    data = base64.b64encode(json.dumps({**EVENT, "writeKey": client.key}).encode()).decode()
    dotted = {"writeKey": client.key, "userId": "u", "event": "Opened", "properties.subject": "Hi", "messageId": "n"}
    for path in (
        pixel_path("track", data=data),
        pixel_path("track", data=data.rstrip("=")),
        pixel_path("track", **dotted),
    ):
        reply = client.send(path, method="GET")
        assert (reply.status, reply.headers["content-type"], reply.body) == (200, "image/gif", pixel.GIF)
        assert reply.headers["cache-control"] == "no-store"
    assert [(fact["event"], fact.get("properties")) for fact in client.facts()] == [
        ("Seen", None),
        ("Opened", {"subject": "Hi"}),
    ]


@pytest.mark.parametrize(
    "path", ["/v1/pixel/track", "/v1/pixel/dance?x=1", "/v1/pixel/track?data=%%%", "/v1/pixel/track?writeKey=nobody"]
)
def test_a_pixel_is_an_image_whatever_is_wrong(client: Client, path: str) -> None:
    assert client.send(path, method="GET").body == pixel.GIF
    assert client.stored() == []


def test_a_pixel_that_says_nothing_stands_in_the_quarantine(client: Client) -> None:
    client.send(pixel_path("track", writeKey=client.key, userId="u"), method="GET")
    assert [row.code for row in client.refused()] == ["missing_event"]


def test_a_pixels_names_do_not_overrun_each_other() -> None:
    told = pixel.payload("a=1&a.b=2&c.d=3&c=4")
    assert told == {"a": "1", "c": {"d": "3"}, "context": {"direct": True}}
    deep = pixel.payload(".".join("x" * 50) + "=1")
    assert json.dumps(deep).count("{") <= pixel.DEEPEST + 2
    with pytest.raises(BadBody):
        pixel.payload("data=not+json")
