"""Forgetting a person in the log: bodies are emptied, positions and message ids stay, so that a repeat is still one.

In: positions, and texts that name the person. Out: how many entries were emptied or blotted out.
Promise: afterwards no page of the file holds the old bytes; readers and writers go on meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from dangol.base.parts import parts
from dangol.collect.log import FILE, Entry
from dangol.collect.log_schema import connect
from dangol.collect.models import Outgoing

AT_ONCE = 500  # entries in one transaction: whoever appends waits no longer than that takes
PATIENCE = 30.0  # seconds in which readers must let the write-ahead file go

BODIES = "SELECT position, source, message_id, body FROM fact WHERE position IN ({})"
EMPTY = "UPDATE fact SET body = ? WHERE position = ?"
RENAME = "UPDATE fact SET message_id = ? WHERE position = ?"
NAMING = "SELECT position FROM fact WHERE instr(lower(CAST(body AS TEXT)), ?) > 0 OR instr(lower(message_id), ?) > 0"
REFUSED = "SELECT id, detail, body, position FROM rejected"
DROP = "DELETE FROM rejected WHERE id = ?"


class Emptying:
    """A handle on the log's file that rewrites what stands in it."""

    def __init__(self, folder: Path) -> None:
        self._db = connect(folder / FILE)

    def close(self) -> None:
        self._db.close()

    def _rows(self, positions: Sequence[int]) -> list[tuple[int, str, str, bytes]]:
        marks = ", ".join("?" * len(positions))
        return list(self._db.execute(BODIES.format(marks), tuple(positions)))

    def naming(self, texts: Iterable[str]) -> list[int]:
        """Positions of entries in which any of these texts stands, in any case."""
        found: set[int] = set()
        for text in texts:
            found.update(position for (position,) in self._db.execute(NAMING, (text.lower(), text.lower())))
        return sorted(found)

    def empty(self, positions: Sequence[int], body: bytes) -> int:
        """Put `body` in the place of each of these entries'."""
        for part in parts(positions, AT_ONCE):
            self._in_one([(EMPTY, (body, position)) for position in part])
        return len(positions)

    def entries(self, positions: Sequence[int]) -> list[Entry]:
        """What stands at these positions."""
        rows = (row for part in parts(positions) for row in self._rows(part))
        return [Entry(source, told, 0, bytes(body), position=at) for at, source, told, body in rows]

    def rename(self, positions: Sequence[int], unnamed: Callable[[Entry], str]) -> None:
        """Give these entries other message ids, where the old one names the person."""
        for part in parts(positions):
            rows = self.entries(part)
            self._in_one([(RENAME, (unnamed(row), row.position)) for row in rows if unnamed(row) != row.message_id])

    def blot(self, positions: Sequence[int], blotted: Callable[[bytes], bytes], unnamed: Callable[[str], str]) -> int:
        """Blot the person out of entries that are about somebody else, and out of message ids."""
        for part in parts(positions):
            changes: list[tuple[str, tuple[object, ...]]] = []
            for position, _, message_id, body in self._rows(part):
                changes.append((EMPTY, (blotted(bytes(body)), position)))
                if unnamed(message_id) != message_id:
                    changes.append((RENAME, (unnamed(message_id), position)))
            self._in_one(changes)
        return len(positions)

    def drop_refused(self, about: Callable[[str, bytes], bool], body: bytes) -> int:
        """Delete the refused events that are about the person, and empty the facts that the loop had set aside."""
        gone = [row for row in self._db.execute(REFUSED) if about(row[1], bytes(row[2]))]
        self._in_one([(DROP, (row[0],)) for row in gone])
        self.empty([row[3] for row in gone if row[3]], body)
        return len(gone)

    def _in_one(self, changes: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        with self._db:  # a transaction
            for sql, values in changes:
                self._db.execute(sql, values)

    def settle(self) -> None:
        """Move everything out of the write-ahead file and cut it to nothing."""
        truncate(lambda: next(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)"))[0] == 0)

    def compact(self) -> None:
        """Write the file anew: pages that were split may hold old bytes in their gaps."""
        self._db.execute("VACUUM")
        self.settle()


def truncate(attempt: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Try until nobody reads the write-ahead file any more."""
    end = time.monotonic() + patience
    while not attempt() and time.monotonic() < end:
        time.sleep(0.02)


def drop_outgoing(customer_ids: Iterable[int]) -> int:
    """Delete facts about these customers that stages wrote and that are not in the log yet."""
    marks = [f'"customerId":{number},'.encode() for number in customer_ids]
    ids = [row.pk for row in Outgoing.objects.iterator() if any(mark in bytes(row.body) for mark in marks)]
    return Outgoing.objects.filter(pk__in=ids).delete()[0]
