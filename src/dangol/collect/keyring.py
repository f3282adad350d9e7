"""The write keys as the collector knows them: in memory, looked up again every few seconds and for a key it lacks.

No request waits for the state database, but the first one with a key that was made a moment ago; and no number of
requests with made-up keys asks it more than a few times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime

from django.db import DatabaseError, close_old_connections

from dangol.base.errors import Unavailable
from dangol.collect import sources
from dangol.collect.sources import NOTED_EVERY, Open

log = logging.getLogger("dangol.collect")

KNOWN_FOR = 2.0  # seconds until what is known is looked up again, behind the requests' back
LONGEST = 5.0  # seconds that anything is believed: a key that was revoked is taken no longer than this
APART = 0.2  # seconds between two looks because of unknown keys


class Keyring:
    """What each live key opens, and when it was last used."""

    def __init__(self) -> None:
        self._opened: dict[str, Open] = {}
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._noted: dict[int, float] = {}  # the wall clock's seconds of the last use of each key that was noted

    async def find(self, key: str) -> Open | None:
        """What a key opens; None where it opens nothing. Raises Unavailable while nothing can be known."""
        asked = time.monotonic()
        age = asked - self._looked_at
        if key not in self._opened:
            await self._look(since=asked)
        elif age > LONGEST:
            await self._look(since=asked - LONGEST)
        elif age > KNOWN_FOR:
            self._start(0)
        found = self._opened.get(key)
        if found is not None and (used := time.time()) - self._noted.get(found.id, 0) >= NOTED_EVERY.total_seconds():
            self._noted[found.id] = used
            asyncio.get_running_loop().run_in_executor(None, _note, found.id, datetime.fromtimestamp(used, UTC))
        return found

    async def _look(self, since: float) -> None:
        """Until what is known is as new as `since`; all who wait share one look."""
        while self._looked_at <= since:
            rest = min(max(self._looked_at + APART - time.monotonic(), 0), APART)
            await asyncio.shield(self._start(rest))

    def _start(self, rest: float) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._read(rest))
        return self._looking

    async def _read(self, rest: float) -> None:
        await asyncio.sleep(rest)
        begun = time.monotonic()
        try:
            self._opened = await asyncio.get_running_loop().run_in_executor(None, _opened)
        except DatabaseError as error:
            log.warning("write keys cannot be read: %s", error)
            if not self._opened:
                raise Unavailable(f"write keys cannot be read: {error}") from error
        self._looked_at = begun


def _opened() -> dict[str, Open]:
    try:
        return sources.opened()
    finally:
        close_old_connections()


def _note(key_id: int, at: datetime) -> None:
    """Nobody waits for this; while the state is busy or full the use goes unnoted."""
    try:
        with contextlib.suppress(DatabaseError):
            sources.note_used({key_id: at})
    finally:
        close_old_connections()
