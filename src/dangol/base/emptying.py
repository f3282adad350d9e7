"""The state's write-ahead file is emptied beside the loop, instead of by whichever commit finds it long.

SQLite copies what was committed into the database once the file has so many pages, within a commit: most facts would
wait some milliseconds, and now and then one some tenths of a second. The copying needs no lock that a writer holds.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import threading
from pathlib import Path

from django.db import connection

FROM = 2_000  # pages (8 MB) that wait, before they are copied
AT_MOST = 32_000  # pages (128 MB) that wait, before a commit copies after all
HEADS = struct.Struct("=16xI76xI")  # of the file's index: how many frames are valid, and how many of these are copied


def waiting(path: Path) -> int:
    """Pages of the write-ahead file of this database that are not in it yet; 0 where there is no such file."""
    try:
        with Path(f"{path}-shm").open("rb") as index:
            head = index.read(HEADS.size)
    except FileNotFoundError:
        return 0
    if len(head) < HEADS.size:
        return 0
    valid, copied = map(int, HEADS.unpack(head))
    return max(valid - copied, 0)


class Emptying:
    """A thread that copies whenever it is told that something was written."""

    def __init__(self, path: Path) -> None:
        self._path, self._look, self._ended = path, threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="emptying", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Something was written."""
        self._look.set()

    def end(self) -> None:
        """Wait until a copying that is under way is done."""
        self._ended = True
        self._look.set()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, isolation_level=None, timeout=0)) as db:
            while self._look.wait() and not self._ended:
                self._look.clear()
                if waiting(self._path) >= FROM:
                    with contextlib.suppress(sqlite3.OperationalError):  # the next one does it
                        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def beside() -> Emptying | None:
    """For this thread's connection, which leaves copying to another from now on; None where the state is no file."""
    path = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or not path.is_file():
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA wal_autocheckpoint={AT_MOST}")
    return Emptying(path)
