"""Which message ids the log holds already: those of the last weeks, at a cost that does not grow with the log.

An index over random ids dirties one page of the disk for every fact, and all the more pages the longer the log is. So
the newest ids are held in memory, as 64 bits of a hash each; now and then a chunk of them moves into a table of a file
of its own, and a table that is old enough goes as a whole. The file only repeats what the log says: it is written
without waiting for the disk, and made again from the log when it is lost, damaged, or of another log.

Not thread-safe but for `merge`, which may run beside everything else.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import msgspec

from dangol.collect.log_schema import BUSY_MS

FILE = "seen.db"
CHUNK = 65_536  # ids in memory before they move to the file
WAITING_MOST = 4  # full chunks, before whoever writes moves them himself
TABLE = 1_000_000  # ids in one table of the file: small enough to stay in the cache
KEPT_DAYS = 35  # an id is known at least so long
DAY_US = 86_400_000_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS mark (upto INTEGER NOT NULL, hash INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS part (number INTEGER PRIMARY KEY, ids INTEGER NOT NULL, changed_us INTEGER NOT NULL);
"""
IDS = "SELECT position, source, message_id FROM fact WHERE position > ? ORDER BY position LIMIT ?"
ID_AT = "SELECT source, message_id FROM fact WHERE position = ?"
RECEIVED = "SELECT position, received_us FROM fact WHERE position >= ? ORDER BY position LIMIT 1"
LAST = "SELECT coalesce(max(position), 0) FROM fact"
PARTS = "SELECT number FROM part ORDER BY number DESC"


def digest(source: str, message_id: str) -> int:
    """64 bits that stand for a message id of a source. Two ids share them once in 10^19."""
    told = hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=8).digest()
    return int.from_bytes(told, "little", signed=True)


@dataclass(slots=True)
class Chunk:
    """Ids in memory, and the position of the newest of them."""

    hashes: set[int] = field(default_factory=set)
    upto: int = 0
    last: int = 0  # the hash at that position


class Seen:
    """The ids of one log, as one process knows them. The log's write lock is held whenever it is asked."""

    def __init__(self, folder: Path, windowless: frozenset[str]) -> None:
        self._path, self._windowless = folder / FILE, windowless
        self._db: apsw.Connection | None = None
        self._chunks = [Chunk()]
        self._known = 0  # position up to which the log's ids are in memory or in the file
        self._merging = threading.Lock()
        self._inode = 0

    def catch_up(self, log: apsw.Connection) -> None:
        """Learn the ids that other processes wrote since; at first those that the file does not have."""
        if self._db is not None and self._replaced():
            self.forget()
        if self._db is None:
            self._open(log)
        while True:
            rows = list(log.execute(IDS, (self._known, CHUNK)))
            for position, source, message_id in rows:
                self._known = position
                if source not in self._windowless:
                    self.add(digest(source, message_id), position)
            if len(self._chunks) > WAITING_MOST:
                self.merge()
            if len(rows) < CHUNK:
                return

    def among(self, hashes: Iterable[int]) -> set[int]:
        """Those that are known."""
        chunks = [chunk.hashes for chunk in self._chunks]
        wanted = set(hashes)
        found = {h for h in wanted if any(h in chunk for chunk in chunks)}
        rest = msgspec.json.encode(list(wanted - found)).decode()
        for number in self._parts() if len(found) < len(wanted) else ():
            found.update(h for (h,) in self._file().execute(_look_up(number), (rest,)))
        return found

    def add(self, hashed: int, position: int) -> None:
        """Know an id that is in the log."""
        chunk = self._chunks[-1]
        if len(chunk.hashes) >= CHUNK:
            chunk = Chunk()
            self._chunks.append(chunk)
        chunk.hashes.add(hashed)
        chunk.upto, chunk.last = position, hashed
        self._known = max(self._known, position)

    def full(self) -> bool:
        """Whether a chunk waits to move to the file."""
        return len(self._chunks) > 1

    def merge(self) -> None:
        """Move what is full to the file. While the file is busy or the disk is full it stays in memory."""
        if not self._merging.acquire(blocking=False):
            return
        try:
            with contextlib.suppress(apsw.Error), contextlib.closing(_connect(self._path)) as db:
                while self.full():
                    _move(db, self._chunks[0])
                    self._chunks.pop(0)
        finally:
            self._merging.release()

    def forget(self) -> None:
        """Know nothing: what is asked next is read anew."""
        with self._merging:
            if self._db is not None:
                self._db.close()
                self._db = None
            self._chunks, self._known = [Chunk()], 0

    close = forget

    def _file(self) -> apsw.Connection:
        assert self._db is not None  # noqa: S101 - catch_up comes first
        return self._db

    def _parts(self) -> list[int]:
        return [number for (number,) in self._file().execute(PARTS)]

    def _open(self, log: apsw.Connection) -> None:
        """Raises apsw.Error while another process that found the file damaged makes it anew."""
        try:
            self._db = _connect(self._path)
            upto = _trusted_upto(self._db, log)
        except (apsw.CorruptError, apsw.NotADBError):
            for end in ("", "-wal", "-shm"):
                self._path.with_name(FILE + end).unlink(missing_ok=True)
            self._db = _connect(self._path)
            upto = None
        self._inode = self._path.stat().st_ino
        self._known = _position_at(log, time.time_ns() // 1000 - KEPT_DAYS * DAY_US) if upto is None else upto

    def _replaced(self) -> bool:
        """Whether another process made the file anew since this one opened it."""
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True


def _connect(path: Path) -> apsw.Connection:
    db = apsw.Connection(str(path))
    db.set_busy_timeout(BUSY_MS)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute(SCHEMA)
    return db


@contextlib.contextmanager
def _changing(db: apsw.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _trusted_upto(db: apsw.Connection, log: apsw.Connection) -> int | None:
    """The position up to which the file has the log's ids; None where it says nothing. What is not of this log goes."""
    row = next(iter(db.execute("SELECT upto, hash FROM mark")), None)
    told = next(iter(log.execute(ID_AT, (row[0],))), None) if row else None
    if row and told and digest(*told) == row[1]:
        return int(row[0])
    with _changing(db):
        for (number,) in list(db.execute(PARTS)):
            db.execute(f"DROP TABLE part_{number:d}")
        db.execute("DELETE FROM part")
        db.execute("DELETE FROM mark")
    return None


def _position_at(log: apsw.Connection, at_us: int) -> int:
    """Where in the log that instant is, about: facts are received in its order but for a few."""
    low, high = 0, log.execute(LAST).get
    while low < high:
        middle = (low + high) // 2
        _, received_us = next(iter(log.execute(RECEIVED, (middle + 1,))))
        if received_us < at_us:
            low = middle + 1
        else:
            high = middle
    return int(low)


def _look_up(number: int) -> str:
    return f"SELECT hash FROM json_each(?) CROSS JOIN part_{number:d} ON hash = value"  # noqa: S608 - a number


def _move(db: apsw.Connection, chunk: Chunk) -> None:
    now_us = time.time_ns() // 1000
    with _changing(db):
        upto = db.execute("SELECT max(upto) FROM mark").get or 0
        if chunk.upto <= upto:  # another process was first
            return
        number, ids = next(iter(db.execute("SELECT number, ids FROM part ORDER BY number DESC")), (0, TABLE))
        if ids >= TABLE:
            number, ids = number + 1, 0
            db.execute(f"CREATE TABLE part_{number:d} (hash INTEGER PRIMARY KEY)")
        told = msgspec.json.encode(list(chunk.hashes)).decode()
        db.execute(f"INSERT OR IGNORE INTO part_{number:d} SELECT value FROM json_each(?) ORDER BY 1", (told,))  # noqa: S608
        db.execute("INSERT OR REPLACE INTO part VALUES (?, ?, ?)", (number, ids + len(chunk.hashes), now_us))
        db.execute("DELETE FROM mark")
        db.execute("INSERT INTO mark VALUES (?, ?)", (chunk.upto, chunk.last))
        old = [n for (n,) in db.execute("SELECT number FROM part WHERE changed_us < ?", (now_us - KEPT_DAYS * DAY_US,))]
        for gone in old:
            db.execute(f"DROP TABLE part_{gone:d}")
            db.execute("DELETE FROM part WHERE number = ?", (gone,))
