"""Group commit: one thread owns the log, and everybody who waits shares its next fsync."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from dangol.base.errors import Unavailable
from dangol.collect.log import Entry, FileLog, Rejected, open_log

MOST_AT_ONCE = 5_000  # facts in one commit, so that no caller waits for an endless one

Job = tuple[Sequence[Entry], Sequence[Rejected], "Future[list[int | None]]"]


class Writer:
    """Appends from many callers at a time; each future is done when its facts are on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._closed = False
        self._thread.start()

    def append(self, entries: Sequence[Entry], rejected: Sequence[Rejected]) -> Future[list[int | None]]:
        """Hand over facts; the future holds their positions, or raises Unavailable with none of them stored."""
        future: Future[list[int | None]] = Future()
        if self._closed:
            future.set_exception(Unavailable("shutting down"))
        else:
            self._jobs.put((entries, rejected, future))
        return future

    def alive(self) -> bool:
        return self._thread.is_alive() and not self._closed

    def close(self) -> None:
        """Write what was handed over, then stop."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        log: FileLog | None = None
        while True:
            jobs, last = self._take()
            try:
                log = log or open_log(self._folder)
                _write(log, jobs)
            except Exception as error:
                # After a failed fsync nothing this handle says can be believed: the next commit gets a new one.
                for job in jobs:
                    job[2].set_exception(error)
                if log:
                    log.close()
                log = None
            if last:
                if log:
                    log.close()
                return

    def _take(self) -> tuple[list[Job], bool]:
        """All that waits now (at least one job), and whether the queue was closed."""
        jobs: list[Job] = []
        size, job = 0, self._jobs.get()
        while job is not None:
            jobs.append(job)
            size += len(job[0])
            if size >= MOST_AT_ONCE:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True


def _write(log: FileLog, jobs: Sequence[Job]) -> None:
    """One commit for all jobs; each learns its own positions."""
    if not jobs:
        return
    entries = [entry for job in jobs for entry in job[0]]
    positions = log.append(entries, [refused for job in jobs for refused in job[1]])
    start = 0
    for job in jobs:
        job[2].set_result(positions[start : start + len(job[0])])
        start += len(job[0])
