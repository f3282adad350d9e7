"""The log of facts: append-only, durable before anybody is told so, deduplicated by (source, message id).

Four verbs (append, read, end, close) so that a table of PostgreSQL or a stream can stand in its place.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import apsw

from dangol.base.errors import Unavailable

FILE = "log.db"
BELL = "bell.sock"  # the loop listens here; a writer rings after each commit
BUSY_MS = 5_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (
    position INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    message_id TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS fact_once ON fact (source, message_id);
CREATE TABLE IF NOT EXISTS rejected (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    body BLOB NOT NULL
);
"""
# Positions are given by hand: a duplicate that is ignored must not leave a gap.
LAST = "SELECT coalesce(max(position), 0) FROM fact"
APPEND = (
    "INSERT OR IGNORE INTO fact (position, source, message_id, received_us, imported, body) VALUES (?, ?, ?, ?, ?, ?)"
)
READ = (
    "SELECT position, source, message_id, received_us, imported, body FROM fact"
    " WHERE position > ? ORDER BY position LIMIT ?"
)
REJECT = "INSERT INTO rejected (source, received_us, code, detail, body) VALUES (?, ?, ?, ?, ?)"
REJECTED = "SELECT id, source, received_us, code, detail, body FROM rejected ORDER BY id DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted fact as it lies in the log; `position` is 0 until it has one."""

    source: str
    message_id: str
    received_us: int
    body: bytes  # JSON of one event in the Segment shape, otherwise verbatim
    imported: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """One event that was refused alone, kept so that a person can see why."""

    source: str
    received_us: int
    code: str
    detail: str
    body: bytes
    id: int = 0


class Log(Protocol):
    """What the house asks of a log of facts."""

    def append(self, entries: Sequence[Entry], rejected: Sequence[Rejected] = ()) -> list[int | None]:
        """Positions in the order given, None for a duplicate. When it returns, the facts are on disk.

        Raises Unavailable when the store cannot take them; then none of them is stored.
        """
        ...

    def read(self, after: int, limit: int) -> list[Entry]:
        """Entries behind position `after`, oldest first."""
        ...

    def end(self) -> int:
        """The last position; 0 when the log is empty."""
        ...

    def close(self) -> None: ...


class FileLog:
    """The embedded log: one SQLite file, write-ahead, fsync at every commit.

    Safe to open from several processes, and to share between threads: they take turns, or one thread's rollback would
    undo another's facts.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._bell = folder / BELL
        self._turn = threading.Lock()
        try:
            self._db = _connect(folder / FILE)
        except apsw.Error as error:
            raise Unavailable(f"the log cannot be opened: {error}") from error
        self._ringer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ringer.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, entries: Sequence[Entry], rejected: Sequence[Rejected] = ()) -> list[int | None]:
        try:
            with self._turn:
                positions = self._commit(entries, rejected)
        except (apsw.FullError, apsw.BusyError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError) as error:
            raise Unavailable(f"the log cannot be written: {error}") from error
        self._ring()
        return positions

    def _commit(self, entries: Sequence[Entry], rejected: Sequence[Rejected]) -> list[int | None]:
        db, positions = self._db, []
        db.execute("BEGIN IMMEDIATE")
        try:
            last = db.execute(LAST).get
            for e in entries:
                db.execute(APPEND, (last + 1, e.source, e.message_id, e.received_us, e.imported, e.body))
                fresh = db.changes() == 1
                last += fresh
                positions.append(last if fresh else None)
            db.executemany(REJECT, ((r.source, r.received_us, r.code, r.detail, r.body) for r in rejected))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return positions

    def read(self, after: int, limit: int) -> list[Entry]:
        with self._turn:
            return [
                Entry(source, message_id, received_us, body, bool(imported), position)
                for position, source, message_id, received_us, imported, body in self._db.execute(READ, (after, limit))
            ]

    def rejected(self, limit: int) -> list[Rejected]:
        """The newest refused events, for the console."""
        with self._turn:
            return [
                Rejected(source, received_us, code, detail, body, id_)
                for id_, source, received_us, code, detail, body in self._db.execute(REJECTED, (limit,))
            ]

    def end(self) -> int:
        with self._turn:
            return int(self._db.execute(LAST).get)

    def close(self) -> None:
        self._ringer.close()
        self._db.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # nobody listens, or it is ringing already: the loop looks by itself as well
            self._ringer.sendto(b".", str(self._bell))


def _connect(path: Path) -> apsw.Connection:
    db = apsw.Connection(str(path))
    db.set_busy_timeout(BUSY_MS)
    _write_ahead(db)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA secure_delete=ON")
    db.execute(SCHEMA)
    return db


def _write_ahead(db: apsw.Connection) -> None:
    """Switch a new file to write-ahead. Two who open it at once are told "busy" at once: the timeout does not count."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(0.005)
        else:
            return


def open_log(folder: Path) -> FileLog:
    """The log of a data folder, made if it is not there."""
    return FileLog(folder)
