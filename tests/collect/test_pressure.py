"""When facts cannot be taken: 429 and Retry-After, nothing half stored, reads go on, and back by itself."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from dangol.base.errors import Unavailable
from dangol.bench.posting import Load
from dangol.bench.shop import served
from dangol.collect import http, log_schema, writer
from dangol.collect.log import FileLog, open_log
from tests.collect.conftest import Client, Reply

pytestmark = pytest.mark.django_db(transaction=True)
EVENT: dict[str, Any] = {"type": "track", "event": "Seen", "userId": "u"}


def post(client: Client, message_id: str, **more: Any) -> Reply:
    return client.send("/v1/track", {**EVENT, "messageId": message_id, **more}, authorization=client.basic())


def assert_asked_to_come_again(reply: Reply) -> None:
    assert (reply.status, reply.headers["retry-after"], reply.headers["x-ratelimit-reset"]) == (429, "30", "30")
    assert (reply.json["success"], reply.json["code"]) == (False, "unavailable")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in reply.headers["access-control-expose-headers"]


def test_a_full_disk(client: Client) -> None:
    assert post(client, "a").status == 200
    log = client.collector._writer._log
    assert log is not None
    log._db.execute("PRAGMA max_page_count=12")
    assert_asked_to_come_again(post(client, "b", properties={"x": "y" * 60_000}))
    assert [entry.message_id for entry in client.stored()] == ["a"], "reads go on"
    assert post(client, "b", properties={"x": "y" * 60_000}).status == 200, "there is space again"
    assert [entry.message_id for entry in client.stored()] == ["a", "b"]


def test_a_writer_that_is_locked_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_schema, "BUSY_MS", 100)
    other = apsw.Connection(str(client.folder / "log.db"))
    assert post(client, "a").status == 200
    other.execute("BEGIN IMMEDIATE")
    assert_asked_to_come_again(post(client, "b"))
    assert len(client.stored()) == 1
    other.execute("COMMIT")
    other.close()
    assert post(client, "b").status == 200
    assert [entry.message_id for entry in client.stored()] == ["a", "b"]


def test_after_a_failed_fsync_another_handle_writes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(client, "a").status == 200
    handles: list[FileLog] = []
    append = FileLog.append

    def fail_once(self: FileLog, *told: Any) -> Any:
        handles.append(self)
        if len(handles) == 1:
            raise Unavailable("the log cannot be written: disk I/O error")
        return append(self, *told)

    monkeypatch.setattr(FileLog, "append", fail_once)
    assert post(client, "b").status == 429
    assert post(client, "b").status == 200
    assert handles[0] is not handles[1]
    assert [entry.message_id for entry in client.stored()] == ["a", "b"]


def test_more_than_memory_should_hold(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", -1)
    assert_asked_to_come_again(post(client, "a"))
    monkeypatch.setattr(writer, "MOST_WAITING", 10)
    monkeypatch.setattr(http, "MOST_BYTES", 10)
    assert_asked_to_come_again(post(client, "a"))
    monkeypatch.setattr(http, "MOST_BYTES", 100_000)
    assert post(client, "a").status == 200
    assert client.collector._bytes == 0


def test_while_it_is_shutting_down(client: Client) -> None:
    assert post(client, "a").status == 200
    assert client.collector.trouble() == ""
    client.collector.close()
    assert client.collector.trouble() != ""
    assert_asked_to_come_again(post(client, "b"))
    assert len(client.stored()) == 1


@pytest.mark.skipif(os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="the embedded default's processes")
def test_what_is_under_way_at_sigterm_is_finished() -> None:
    with served() as shop:
        load = Load(shop.host, shop.port, shop.write_key, 1, 1, 1)
        clients = [socket.create_connection((shop.host, shop.port), timeout=20) for _ in range(5)]
        for client in clients:
            client.sendall(load.request())
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
        db = apsw.Connection(str(shop.folder / "log.db"))
        db.set_busy_timeout(5_000)
        db.execute("BEGIN IMMEDIATE")
        for client in clients:
            client.sendall(load.request())
        release = threading.Timer(1, lambda: db.execute("COMMIT"))
        release.start()
        os.kill(shop.pid, signal.SIGTERM)
        statuses = [client.recv(1000)[9:12] for client in clients]
        release.join()
        db.close()
        for client in clients:
            client.close()
        with open_log(Path(shop.folder)) as log:
            stored = [entry for entry in log.read(0, 100) if entry.source == "site"]
    assert set(statuses) <= {b"200", b"429"}
    assert len(stored) >= 5 + statuses.count(b"200")
