"""The state's write-ahead file is emptied beside whoever writes."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dangol.base import emptying


@pytest.fixture
def state(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as db:
        for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0", "page_size=4096"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, text TEXT)")
        yield db


def fill(db: sqlite3.Connection, rows: int) -> None:
    db.execute("BEGIN")
    db.executemany("INSERT INTO kept (text) VALUES (?)", [("x" * 4_000,)] * rows)
    db.execute("COMMIT")


def soon(path: Path) -> bool:
    end = time.monotonic() + 10
    while emptying.waiting(path) and time.monotonic() < end:
        time.sleep(0.01)
    return not emptying.waiting(path)


def test_it_knows_how_much_waits(state: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    assert emptying.waiting(tmp_path / "another.db") == 0
    before = emptying.waiting(path)
    fill(state, 50)
    assert emptying.waiting(path) >= before + 50
    busy, frames, copied = state.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert (busy, frames) == (0, copied)
    assert emptying.waiting(path) == 0


def test_what_waits_is_copied_while_another_transaction_is_open(state: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    beside = emptying.Emptying(path)
    fill(state, 10)
    beside.look()
    time.sleep(0.05)
    assert emptying.waiting(path)  # so little may wait
    fill(state, emptying.FROM)
    state.execute("BEGIN IMMEDIATE")
    state.execute("INSERT INTO kept (text) VALUES ('later')")
    beside.look()
    assert soon(path)
    state.execute("COMMIT")
    beside.end()
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM kept").fetchone() == (10 + emptying.FROM + 1,)
