"""Processes that are killed, ended, or fail inside, while clients send (numbers 1, 3, 7, 11, 12, 20 and 43)."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import apsw
import pytest

from dangol.bench.shop import _descendants
from tests.faults.load import Ledger, Load, check, stored_ids
from tests.serving import Server

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its processes"
)


def load(server: Server, seed: int, name: str, clients: int = 4) -> Load:
    return Load(server.port, server.write_key, clients, seed=f"{name}-{seed}")


def test_kill_9_under_load(server: Server, seed: int) -> None:
    """1: acknowledged facts are there, none twice, and the shop is back at once."""
    rng = random.Random(seed)
    with load(server, seed, "kill") as clients:
        for _ in range(2):
            clients.wait(rng.randint(5, 60))
            time.sleep(rng.random() / 50)
            server.end(signal.SIGKILL)
            server.start()
        clients.wait(20)
    check(server.folder, clients.ledger)


def test_kill_9_between_the_commit_and_the_answer(server: Server, armed: Path, seed: int) -> None:
    """3: the client was told nothing and sends again; the fact is there once."""
    with load(server, seed, "after-commit") as clients:
        clients.wait(10)
        (armed / "after-commit").touch()
        clients.wait(20)
        assert not (armed / "after-commit").exists(), "it was killed"
    assert clients.ledger.unknown, "somebody was told nothing"
    check(server.folder, clients.ledger)


def test_sigterm_under_load(server: Server, seed: int) -> None:
    """7: what was in hand is answered; the shop ends by itself and loses nothing."""
    with load(server, seed, "term") as clients:
        clients.wait(30)
        assert server.end(signal.SIGTERM) == 0
        server.start()
        clients.wait(20)
    assert set(clients.ledger.refused) <= {429}
    assert set(clients.ledger.unknown) <= {"ConnectionRefusedError"}, "nobody's connection was reset"
    check(server.folder, clients.ledger)


@pytest.mark.parametrize("fault", ["sync", "write"])
def test_a_disk_that_fails(fault: str, server: Server, armed: Path, seed: int) -> None:
    """11, 12: what could not be synced or was written by half is not acknowledged; the next commit starts anew."""
    with load(server, seed, fault) as clients:
        clients.wait(10)
        for _ in range(3):
            (armed / fault).touch()
            clients.wait(20)
            assert not (armed / fault).exists(), "it failed"
        (armed / f"every-{fault}").touch()
        before = clients.ledger.refused[429]
        clients.wait_refused(before + 20)
        acknowledged = len(clients.ledger.acknowledged)
        (armed / f"every-{fault}").unlink()
        clients.wait(20)
    assert acknowledged, "some were taken before"
    assert set(clients.ledger.refused) == {429}, "clients were asked to come again, no more"
    check(server.folder, clients.ledger)


def test_the_same_batch_a_hundred_times_at_once(server: Server, seed: int) -> None:
    """20: everybody is told yes; each event is there once."""
    events = [{"type": "track", "event": "Seen", "userId": "twin", "messageId": f"same-{seed}-{n}"} for n in range(5)]
    together, answers = threading.Barrier(100), []

    def send() -> None:
        together.wait(30)
        answers.append(server.call("/v1/batch", {"writeKey": server.write_key, "batch": events})[0])

    threads = [threading.Thread(target=send) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 100
    stored = [id_ for id_ in stored_ids(server.folder) if id_.startswith(f"same-{seed}-")]
    assert sorted(stored) == [event["messageId"] for event in events]


def test_somebody_holds_the_log_for_ten_seconds(server: Server, seed: int) -> None:
    """43: reads go on, clients are asked to come again, none is lost."""
    server.wait_idle()
    holder = apsw.Connection(str(server.folder / "log.db"))
    with load(server, seed, "held") as clients:
        clients.wait(10)
        holder.set_busy_timeout(10_000)
        holder.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        while time.monotonic() < begun + 10:
            status, body = server.call("/api/log", key=server.api_key)
            assert (status, "appended" in json.loads(body)) == (200, True)
            time.sleep(0.2)
        taken = len(clients.ledger.acknowledged)
        holder.execute("ROLLBACK")
        clients.wait(20)
    holder.close()
    assert clients.ledger.refused[429] > 0, "those who waited too long were asked to come again"
    assert set(clients.ledger.refused) == {429}
    assert taken
    check(server.folder, clients.ledger)


def test_memory_stays_small(server: Server) -> None:
    """After all this, no process holds more than it should."""
    assert server.process
    for pid in [server.process.pid, *_descendants(server.process.pid)]:
        (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
        assert int(line.split()[1]) < 512 * 1024


def test_the_ledger_is_a_checker(server: Server) -> None:
    """A fact that was never stored is found missing."""
    with pytest.raises(AssertionError, match="1 acknowledged facts are lost"):
        check(server.folder, Ledger(acknowledged=["never sent"]))
