"""Group commit: one thread owns the log, and everybody who waits shares its next fsync."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dangol.base.errors import Unavailable
from dangol.collect.log import Entry, FileLog, Rejected, open_log

MOST_AT_ONCE = 5_000  # facts in one commit, so that no caller waits for an endless one
MOST_WAITING = 50_000  # facts; beyond that the store is too slow, and memory is not the place to keep them
CROWD = 4  # callers in one commit, from which on the next ones are let gather
GATHER = 0.002  # seconds: one commit of many costs less than many of few
TIDY_EVERY = 0.25  # seconds

Positions = list[int | None]


@dataclass(frozen=True, slots=True)
class Job:
    """What one caller handed over, and how it learns what became of it."""

    entries: Sequence[Entry]
    rejected: Sequence[Rejected]
    future: Any  # asyncio's or concurrent.futures'
    loop: asyncio.AbstractEventLoop | None = None


class Writer:
    """Appends from many callers at a time; each future is done when its facts are on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._waiting = 0  # facts handed over and not settled
        self._closed = False
        self._crowded = False
        self._written = False  # since the tidier last looked
        self._log: FileLog | None = None
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._tidier = threading.Thread(target=self._tidy, name="log-tidier", daemon=True)
        self._ended = threading.Event()
        self._thread.start()
        self._tidier.start()

    def append(self, entries: Sequence[Entry], rejected: Sequence[Rejected]) -> Future[Positions]:
        """Hand over facts from a thread; the future holds their positions, or raises Unavailable with none stored."""
        future: Future[Positions] = Future()
        self._put(Job(entries, rejected, future))
        return future

    def append_from_loop(self, entries: Sequence[Entry], rejected: Sequence[Rejected]) -> asyncio.Future[Positions]:
        """The same, for code that an event loop runs."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Positions] = loop.create_future()
        self._put(Job(entries, rejected, future, loop))
        return future

    def _put(self, job: Job) -> None:
        if self._closed:
            job.future.set_exception(Unavailable("shutting down"))
        elif self._waiting > MOST_WAITING:
            job.future.set_exception(Unavailable(f"{self._waiting} facts wait already"))
        else:
            self._waiting += len(job.entries) + len(job.rejected)
            self._jobs.put(job)

    def alive(self) -> bool:
        return self._thread.is_alive() and not self._closed

    def close(self) -> None:
        """Write what was handed over, then stop."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join(timeout=10)
        self._ended.set()
        self._tidier.join(timeout=10)

    def _run(self) -> None:
        while True:
            jobs, last = self._take()
            try:
                self._log = self._log or open_log(self._folder)
                told: Positions | Exception = _write(self._log, jobs)
            except Exception as error:
                # After a failed fsync nothing this handle says can be believed: the next commit gets a new one.
                told = error
                self._leave()
            self._waiting -= sum(len(job.entries) + len(job.rejected) for job in jobs)
            self._written = True
            _settle(jobs, told)
            if last:
                self._leave()
                return

    def _leave(self) -> None:
        log, self._log = self._log, None
        if log:
            log.close()

    def _take(self) -> tuple[list[Job], bool]:
        """All that waits now (at least one job), and whether the queue was closed."""
        jobs: list[Job] = []
        size, job = 0, self._jobs.get()
        if self._crowded:
            time.sleep(GATHER)
        while job is not None:
            jobs.append(job)
            size += len(job.entries)
            if size >= MOST_AT_ONCE:
                break
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
        self._crowded = len(jobs) >= CROWD
        return jobs, job is None

    def _tidy(self) -> None:
        """What would make a commit slow is done beside it."""
        while not self._ended.wait(TIDY_EVERY):
            if (log := self._log) and self._written:
                self._written = False
                log.tidy()


def _write(log: FileLog, jobs: Sequence[Job]) -> Positions:
    """One commit for all jobs."""
    if not jobs:
        return []
    entries = [entry for job in jobs for entry in job.entries]
    return log.append(entries, [refused for job in jobs for refused in job.rejected])


def _settle(jobs: Sequence[Job], told: Positions | Exception) -> None:
    """Let every caller know its own positions; an event loop is woken once for all of its callers."""
    start = 0
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Positions | Exception]]] = {}
    for job in jobs:
        end = start + len(job.entries)
        own = told if isinstance(told, Exception) else told[start:end]
        start = end
        if job.loop is None:
            _tell(job.future, own)
        else:
            by_loop.setdefault(job.loop, []).append((job.future, own))
    for loop, settled in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell_all, settled)


def _tell_all(settled: Sequence[tuple[Any, Positions | Exception]]) -> None:
    for future, own in settled:
        if not future.done():  # its client has gone
            _tell(future, own)


def _tell(future: Any, own: Positions | Exception) -> None:
    if isinstance(own, Exception):
        future.set_exception(own)
    else:
        future.set_result(own)
