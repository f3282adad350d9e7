"""Shops' servers under load, and the checker: what was acknowledged is stored, once, and what was refused is not."""

from __future__ import annotations

import base64
import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from dangol.collect.log import open_log


@dataclass(slots=True)
class Ledger:
    """What clients know of each event they sent: acknowledged, refused, or nothing (it may be stored or not)."""

    acknowledged: list[str] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)  # answers other than 200, by status
    unknown: Counter[str] = field(default_factory=Counter)  # errors, by kind
    slowest: float = 0.0


class Load:
    """Clients that send batches of one to five events and send each batch again until it is acknowledged."""

    def __init__(self, port: int, write_key: str, clients: int = 4, seed: int = 1, patience: float = 0.05) -> None:
        self._port, self._patience = port, patience
        key = base64.b64encode(f"{write_key}:".encode()).decode()
        self._headers = {"authorization": f"Basic {key}", "content-type": "application/json"}
        self.ledger, self._turn = Ledger(), threading.Lock()
        self._stopping, self._giving_up = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._client, args=(f"{seed}-{n}", random.Random(f"{seed}-{n}")), daemon=True)
            for n in range(clients)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Nobody begins a new batch; what is in hand is sent until it is acknowledged."""
        self._stopping.set()
        if kind:
            return
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads), "every batch was acknowledged in the end"

    def wait(self, acknowledged: int) -> None:
        """Until so many more events are acknowledged."""
        goal, end = len(self.ledger.acknowledged) + acknowledged, time.monotonic() + 30
        while len(self.ledger.acknowledged) < goal:
            assert time.monotonic() < end, f"the shop takes no facts: {self.ledger.refused} {self.ledger.unknown}"
            time.sleep(0.005)

    def wait_refused(self, times: int) -> None:
        """Until clients were asked so often to come again."""
        end = time.monotonic() + 30
        while self.ledger.refused[429] < times:
            assert time.monotonic() < end, f"nobody is asked to come again: {self.ledger.refused} {self.ledger.unknown}"
            time.sleep(0.005)

    def give_up(self) -> None:
        """Let clients forget what is not acknowledged."""
        self._giving_up.set()

    def _client(self, name: str, rng: random.Random) -> None:
        count = 0
        while not self._stopping.is_set():
            ids = [f"{name}-{count + n}" for n in range(rng.randint(1, 5))]
            count += len(ids)
            while not self._send(ids) and not self._giving_up.is_set():
                time.sleep(self._patience)

    def _send(self, ids: list[str]) -> bool:
        events = [{"type": "track", "event": "Seen", "userId": id_.rpartition("-")[0], "messageId": id_} for id_ in ids]
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        begun = time.monotonic()
        try:
            connection.request("POST", "/v1/batch", json.dumps({"batch": events}), self._headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            with self._turn:
                self.ledger.unknown[type(error).__name__] += 1
            return False
        finally:
            connection.close()
        with self._turn:
            if answer.status != 200:
                self.ledger.refused[answer.status] += 1
                assert answer.status != 429 or answer.headers["retry-after"].isdigit()
                return False
            self.ledger.slowest = max(self.ledger.slowest, time.monotonic() - begun)
            self.ledger.acknowledged += ids
        return True


def check(folder: Path, ledger: Ledger) -> None:
    """Acknowledged is stored; nothing is stored twice; the file is sound."""
    stored = stored_ids(folder)
    assert not [id_ for id_, times in Counter(stored).items() if times > 1], "nothing is stored twice"
    lost = set(ledger.acknowledged) - set(stored)
    assert not lost, f"{len(lost)} acknowledged facts are lost"
    assert len(ledger.acknowledged) == len(set(ledger.acknowledged))
    assert sound(folder / "log.db") == "ok"


def stored_ids(folder: Path) -> list[str]:
    found: list[str] = []
    with open_log(folder) as log:
        after = 0
        while entries := log.read(after, 10_000):
            after = entries[-1].position
            assert [entry.position for entry in entries] == list(range(entries[0].position, after + 1)), "no gaps"
            found += [entry.message_id for entry in entries if entry.source != "dangol"]
    return found


def sound(path: Path) -> str:
    db = apsw.Connection(str(path))
    try:
        return str(db.execute("PRAGMA integrity_check").get)
    finally:
        db.close()
