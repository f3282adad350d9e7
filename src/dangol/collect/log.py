"""The log of facts: append-only, durable before anybody is told so, each (source, message id) in it once.

What clients send again is known for weeks (seen.py), histories and our own facts for ever.
Four verbs (append, read, end, close) so that a table of PostgreSQL or a stream can stand in its place.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import apsw
import msgspec

from dangol.base.errors import Unavailable
from dangol.base.parts import parts
from dangol.collect.facts import OWN
from dangol.collect.log_schema import connect
from dangol.collect.seen import Seen, digest

FILE = "log.db"
FOR_EVER = frozenset({OWN, "import"})  # sources all of whose ids are known for ever
BELL = "bell.sock"  # the loop listens here; a writer rings after each commit

# What the disk, the file system or another process can do to a write.
STORE_FAILED = (
    apsw.FullError, apsw.BusyError, apsw.LockedError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError,
    apsw.CorruptError, apsw.NotADBError, apsw.NoMemError,
)  # fmt: skip
# Positions are given by hand: a duplicate that is ignored must not leave a gap.
LAST = "SELECT coalesce(max(position), 0) FROM fact"
TOLD = (  # the words of the index, so that it is used
    "SELECT message_id FROM fact WHERE (imported = 1 OR source IN ('dangol', 'import'))"
    " AND source = ? AND message_id IN ({})"
)
SIZES = (256, 32, 4, 1)  # rows of one statement; few lengths, so that each is compiled once
INSERT = "INSERT INTO fact (position, source, message_id, received_us, imported, body) VALUES "
INSERT_MANY = {size: INSERT + ", ".join(["(?, ?, ?, ?, ?, ?)"] * size) for size in SIZES}
READ = (
    "SELECT position, source, message_id, received_us, imported, body FROM fact"
    " WHERE position > ? ORDER BY position LIMIT ?"
)
REJECT = (
    "INSERT OR IGNORE INTO rejected (source, received_us, code, detail, body, imported, position)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
REJECTED = (
    "SELECT source, received_us, code, detail, body, imported, coalesce(position, 0), id"
    " FROM rejected ORDER BY id DESC LIMIT ?"
)


class Entry(msgspec.Struct, frozen=True):  # made for every fact: ten times cheaper than a dataclass
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
    imported: bool = False
    position: int = 0  # in the log, of a fact that was taken and then failed in the loop
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
        self._bell, self._path = folder / BELL, folder / FILE
        self._turn = threading.Lock()
        self._seen = Seen(folder, FOR_EVER)
        self._fresh: dict[int, int] = {}  # ids of this transaction, with their positions
        try:
            self._db = connect(self._path)
        except apsw.Error as error:
            raise Unavailable(f"the log cannot be opened: {error}") from error
        self._ringer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ringer.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, entries: Sequence[Entry], rejected: Sequence[Rejected] = ()) -> list[int | None]:
        with self.transaction() as db:
            positions = self.insert(entries)
            reject(db, rejected)
        return positions

    @contextlib.contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """All of it is on disk when the block is left, and the loop is woken; nothing of it where an error is raised.

        Raises Unavailable when the store cannot take it.
        """
        try:
            with self._turn:
                self._fresh.clear()
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    self._seen.forget()  # it may have learned what is not there now
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
                for hashed, position in self._fresh.items():
                    self._seen.add(hashed, position)
        except STORE_FAILED as error:
            raise Unavailable(f"the log cannot be written: {error}") from error
        self._ring()

    def insert(self, entries: Sequence[Entry]) -> list[int | None]:
        """Write entries behind the last one, in a transaction; their positions, None for a duplicate."""
        hashes = [None if e.source in FOR_EVER else digest(e.source, e.message_id) for e in entries]
        known = self._known({h for h in hashes if h is not None})
        told = self._told({(e.source, e.message_id) for e in entries if e.imported or e.source in FOR_EVER})
        positions: list[int | None] = []
        rows: list[tuple[Any, ...]] = []
        last = self._db.execute(LAST).get
        for e, hashed in zip(entries, hashes, strict=True):
            once = e.imported or e.source in FOR_EVER
            if hashed in known or (once and (e.source, e.message_id) in told):
                positions.append(None)
                continue
            last += 1
            positions.append(last)
            if hashed is not None:
                known.add(hashed)
                self._fresh[hashed] = last
            if once:
                told.add((e.source, e.message_id))
            rows.append((last, e.source, e.message_id, e.received_us, e.imported, e.body))
        insert_all(self._db, rows)
        return positions

    def _known(self, hashes: set[int]) -> set[int | None]:
        if not hashes:
            return set()
        self._seen.catch_up(self._db)
        return {*self._seen.among(hashes), *(hashes & self._fresh.keys())}

    def _told(self, ids: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of these (source, message id) that are known for ever."""
        found: set[tuple[str, str]] = set()
        for source in {source for source, _ in ids}:
            for part in parts([message_id for one, message_id in ids if one == source]):
                marks = ", ".join("?" * len(part))
                found.update((source, row[0]) for row in self._db.execute(TOLD.format(marks), (source, *part)))
        return found

    def tidy(self) -> None:
        """Move ids out of memory and facts out of the write-ahead file; may run beside everything else."""
        if self._seen.full():
            self._seen.merge()
        with contextlib.suppress(*STORE_FAILED), contextlib.closing(apsw.Connection(str(self._path))) as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """The connection, for reads that nobody of this process disturbs."""
        with self._turn:
            yield self._db

    def read(self, after: int, limit: int) -> list[Entry]:
        with self._turn:
            return [
                Entry(source, message_id, received_us, body, bool(imported), position)
                for position, source, message_id, received_us, imported, body in self._db.execute(READ, (after, limit))
            ]

    def rejected(self, limit: int) -> list[Rejected]:
        """The newest refused events, for the console."""
        with self._turn:
            return [rejected_of(row) for row in self._db.execute(REJECTED, (limit,))]

    def end(self) -> int:
        with self._turn:
            return int(self._db.execute(LAST).get)

    def size(self) -> int:
        """Bytes of all that it holds."""
        with self._turn:
            return int(self._db.execute("PRAGMA page_count").get) * int(self._db.execute("PRAGMA page_size").get)

    def close(self) -> None:
        self._ringer.close()
        for end in (self._seen.close, self._db.close):
            with contextlib.suppress(apsw.Error):  # a disk that fails a commit fails the farewell too
                end()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # nobody listens, or it is ringing already: the loop looks by itself as well
            self._ringer.sendto(b".", str(self._bell))


def insert_all(db: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows in one statement: other threads run meanwhile, instead of waiting for each other at every row."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            values = [value for row in rows[start : start + size] for value in row]
            db.execute(INSERT_MANY[size], values)
            start += size


def reject(db: apsw.Connection, rejected: Sequence[Rejected]) -> None:
    """Keep refused events; a fact of the log stands among them once."""
    rows = ((r.source, r.received_us, r.code, r.detail, r.body, r.imported, r.position or None) for r in rejected)
    db.executemany(REJECT, rows)


def rejected_of(row: tuple[Any, ...]) -> Rejected:
    source, received_us, code, detail, body, imported, position, id_ = row
    return Rejected(source, received_us, code, detail, body, bool(imported), position, id_)


def open_log(folder: Path) -> FileLog:
    """The log of a data folder, made if it is not there."""
    return FileLog(folder)
