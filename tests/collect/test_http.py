"""The tracking API as a client sees it: status, body, headers, and what is then in the log."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from dangol.base.errors import Unavailable
from dangol.collect.log import open_log
from dangol.collect.models import Source
from tests.collect.conftest import Client

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = {"type": "track", "event": "Seen", "userId": "u"}


@pytest.mark.parametrize("path", ["/v1/track", "/v1/t", "/v1/track/", "/v1/batch", "/v1/b", "/v1/import"])
def test_a_fact_is_on_disk_when_it_is_acknowledged(client: Client, path: str) -> None:
    body = {"batch": [EVENT]} if path[4:5] in "bi" else EVENT
    reply = client.send(path, body, authorization=client.basic())
    assert (reply.status, reply.json) == (200, {"success": True})
    (entry,) = client.stored()
    assert (entry.source, entry.imported) == ("site", path == "/v1/import")
    assert json.loads(entry.body)["event"] == "Seen"


def test_a_batch_sent_again_adds_nothing(client: Client) -> None:
    batch = {"batch": [{**EVENT, "messageId": "m"}], "writeKey": client.key}
    assert [client.send("/v1/batch", batch).status for _ in range(3)] == [200, 200, 200]
    assert len(client.stored()) == 1


def test_one_bad_event_does_not_take_its_neighbours_with_it(client: Client) -> None:
    reply = client.send("/v1/batch", {"batch": [EVENT, {"type": "track"}, 5, EVENT], "writeKey": client.key})
    assert reply.status == 200
    assert [(r["index"], r["code"]) for r in reply.json["rejected"]] == [(1, "missing_event"), (2, "not_an_object")]
    assert len(client.stored()) == 2
    with open_log(client.folder) as log:
        assert [r.code for r in log.rejected(9)] == ["not_an_object", "missing_event"]


def test_events_beyond_the_limit_are_refused_alone(client: Client) -> None:
    reply = client.send("/v1/batch", {"batch": [EVENT] * 12, "writeKey": client.key})
    assert (reply.status, [r["code"] for r in reply.json["rejected"]]) == (200, ["too_many_events"] * 2)
    assert len(client.stored()) == 10


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("basic", 200),
        ("basic without colon", 200),
        ("body", 200),
        ("event", 200),
        ("bearer and body", 200),
        ("x-write-key", 200),
        ("masked body", 200),
        ("nothing", 401),
        ("unknown", 401),
        ("contradiction", 401),
        ("disabled", 401),
    ],
)
def test_who_may_send(client: Client, how: str, status: int) -> None:
    batch: dict[str, Any] = {"batch": [dict(EVENT)]}
    headers: dict[str, str] = {}
    if how in {"basic", "disabled", "masked body", "contradiction"}:
        headers["authorization"] = client.basic()
    if how == "basic without colon":
        headers["authorization"] = "Basic " + base64.b64encode(client.key.encode()).decode()
    if how in {"body", "bearer and body"}:
        batch["writeKey"] = client.key
    if how == "bearer and body":
        headers["authorization"] = "Bearer whatever"
    if how == "event":
        batch["batch"][0]["writeKey"] = client.key
    if how == "x-write-key":
        headers["x_write_key"] = f"{client.key}:secret"
    if how == "masked body":
        batch["writeKey"] = "dgw_***"
    if how == "unknown":
        batch["writeKey"] = "dgw_nobody"
    if how == "contradiction":
        batch["writeKey"] = "dgw_other"
    if how == "disabled":
        Source.objects.update(enabled=False)
    reply = client.send("/v1/batch", batch, **headers)
    assert reply.status == status
    assert len(client.stored()) == (1 if status == 200 else 0)
    assert reply.headers["access-control-allow-origin"] == "*"
    if status == 401:
        assert (reply.json["success"], reply.json["code"]) == (False, "invalid_write_key")
        assert reply.json["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not json", "invalid_json"),
        (b"[" * 50_000, "invalid_json"),
        (b"x" * 100_001, "payload_too_large"),
        (b"{}", "invalid_batch"),
        (b'{"batch": 5}', "invalid_batch"),
        (gzip.compress(b"0" * 200_000, mtime=0), "payload_too_large"),
        (gzip.compress(b"{}", mtime=0)[:-6], "invalid_gzip"),
        (gzip.compress(b"{}", mtime=0) * 2, "invalid_gzip"),
    ],
)
def test_a_body_that_cannot_be_read_is_400_with_a_code(client: Client, body: bytes, code: str) -> None:
    reply = client.send("/v1/batch", body, authorization=client.basic())
    assert (reply.status, reply.json["code"]) == (400, code)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""])
def test_gzip_and_content_type_are_taken_as_real_clients_send_them(client: Client, content_type: str) -> None:
    body = gzip.compress(json.dumps({"batch": [EVENT]}).encode())
    headers = {"authorization": client.basic(), "content_encoding": "gzip", "content_type": content_type}
    assert client.send("/v1/batch", body, **headers).status == 200
    assert len(client.stored()) == 1


def test_paths_and_methods(client: Client) -> None:
    assert client.send("/v1/track", method="OPTIONS").status == 204
    assert "authorization" in client.send("/v1/track", method="OPTIONS").headers["access-control-allow-headers"]
    assert client.send("/v1/track", method="GET").status == 405
    assert client.send("/v1/nothing").status == 404
    assert client.send("/v1/m", b"{}").status == 200
    settings = client.send(f"/v1/projects/{client.key}/settings", method="GET", host="crm.example")
    assert settings.json["integrations"]["Segment.io"] == {
        "apiKey": client.key,
        "apiHost": "crm.example/v1",
        "protocol": "http",
    }
    assert client.send("/v1/projects/nobody/settings", method="GET").status == 404


def test_a_store_that_cannot_take_facts_asks_to_try_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("disk full")

    monkeypatch.setattr(client.collector._writer, "append_from_loop", full)
    reply = client.send("/v1/track", EVENT, authorization=client.basic())
    assert (reply.status, reply.headers["retry-after"], reply.json["code"]) == (429, "30", "unavailable")
