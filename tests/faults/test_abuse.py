"""Clients that mean harm or are confused (numbers 19 and 40), and a second server (16): good clients do not notice."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dangol.bench.shop import DANGOL, _descendants, free_port
from tests.faults.load import Load, check
from tests.serving import Server

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its processes"
)
SLOW_CLIENTS = 200
MOST_KB = 512 * 1024


def post(server: Server, body: bytes, **headers: str) -> int:
    request = urllib.request.Request(server.address + "/v1/batch", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def memory_kb(server: Server) -> int:
    """The most that one process of the shop has ever held."""
    assert server.process
    pids = [server.process.pid, *_descendants(server.process.pid)]
    statuses = [Path(f"/proc/{pid}/status").read_text().splitlines() for pid in pids]
    return max(int(line.split()[1]) for status in statuses for line in status if line.startswith("VmHWM"))


def dribbling(server: Server) -> socket.socket:
    """A client that has begun a request and does not come to its end."""
    slow = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    slow.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nX-Slow: ")
    return slow


def test_bombs_depths_and_slow_clients(server: Server, seed: int) -> None:
    """40: the bad are turned away or closed, the good are served, memory stays small."""
    bomb = gzip.compress(bytes(100 * 1024 * 1024))
    deep = b'{"batch": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    slow = [dribbling(server) for _ in range(SLOW_CLIENTS)]
    begun = time.monotonic()
    with Load(server.port, server.write_key, seed=f"abuse-{seed}") as clients:
        clients.wait(20)
        for _ in range(5):
            assert post(server, bomb, **{"Content-Encoding": "gzip"}) == 400
            assert post(server, deep) == 400
        while slow and time.monotonic() < begun + 40:
            slow = [each for each in slow if not closed(each)]
            time.sleep(0.1)
        clients.wait(20)
    assert not slow, "who dribbles is let go"
    assert not clients.ledger.refused
    assert not clients.ledger.unknown
    assert memory_kb(server) < MOST_KB
    check(server.folder, clients.ledger)


def closed(connection: socket.socket) -> bool:
    """Whether the server has ended it, with an answer or without."""
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    connection.close()
    return True


@pytest.mark.parametrize("years", [-5, 5])
def test_a_clients_clock_is_years_wrong(server: Server, years: int, seed: int) -> None:
    """19: corrected by what the client says of its own clock; where it says nothing, never in the future."""
    now = datetime.now(UTC)
    wrong = now + timedelta(days=365 * years)
    user = f"clock-{years}-{seed}"
    minute_ago = {"type": "track", "event": "Seen", "userId": user, "timestamp": wrong - timedelta(minutes=1)}
    batch = {"writeKey": server.write_key, "batch": [minute_ago], "sentAt": wrong}
    assert post(server, json.dumps(batch, default=str).encode()) == 200
    silent = {**minute_ago, "event": "Silent", "timestamp": wrong}
    assert post(server, json.dumps({"writeKey": server.write_key, "batch": [silent]}, default=str).encode()) == 200
    server.wait_idle()
    at = {fact["name"]: datetime.fromisoformat(fact["timestamp"]) for fact in timeline(server, user)}
    assert abs(at["Seen"] - (now - timedelta(minutes=1))) < timedelta(seconds=30)
    assert at["Silent"] <= now + timedelta(seconds=30), "a time in the future is taken for the time it came"


def timeline(server: Server, user: str) -> list[dict[str, Any]]:
    found = json.loads(server.call(f"/api/customers?identifier=userId:{user}", key=server.api_key)[1])["items"]
    path = f"/api/customers/{found[0]['id']}/timeline"
    return list(json.loads(server.call(path, key=server.api_key)[1])["items"])


def test_a_second_server_on_the_same_folder(server: Server, seed: int) -> None:
    """16: it ends with the reason; the first one goes on."""
    with Load(server.port, server.write_key, seed=f"second-{seed}") as clients:
        clients.wait(10)
        command = [*DANGOL, "serve", "--data", str(server.folder), "--port", str(free_port())]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
        clients.wait(20)
    assert (second.returncode, "already served" in second.stderr) == (2, True)
    assert not clients.ledger.refused
    assert not clients.ledger.unknown
    check(server.folder, clients.ledger)
