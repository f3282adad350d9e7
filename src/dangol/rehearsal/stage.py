"""Time passes in a scratch shop as in a real one, as fast as it can: from one thing that happens to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from dangol import loop
from dangol.base.clock import SetClock
from dangol.collect import steps as collect
from dangol.collect.log import Entry, FileLog, open_log
from dangol.deliver import steps as deliver

AT_ONCE = 500  # messages handed over, facts appended
SOON = timedelta(milliseconds=1)  # what is due never stands still


@contextmanager
def own_log(folder: Path) -> Iterator[FileLog]:
    """A log of its own, for what is given and for what the stages write."""
    log = open_log(folder)
    collect.use_log(log)
    try:
        yield log
    finally:
        collect.use_log(None)
        log.close()


def settle(log: FileLog, clock: SetClock) -> None:
    """Everything that is due at this instant, messages included."""
    while True:
        loop.settle(log, clock)
        if not deliver.work(clock, AT_ONCE) and collect.position() == log.end():
            return


def pass_time(log: FileLog, clock: SetClock, until: datetime) -> None:
    """Let what has arrived happen, and time pass up to an instant, stopping wherever time alone changes something."""
    settle(log, clock)
    while (due := next_due()) is not None and due < until:
        clock.set(max(due, clock.now() + SOON))
        settle(log, clock)
    clock.set(max(until, clock.now()))
    settle(log, clock)


def next_due() -> datetime | None:
    """The next instant at which something happens by itself."""
    dues = [due for due in (loop.next_due(), deliver.next_due()) if due is not None]
    return min(dues, default=None)


def play(log: FileLog, clock: SetClock, facts: Iterable[tuple[datetime, Entry]], until: datetime) -> None:
    """Let facts happen at their times, in order, and time pass to the end."""
    for at, entry in facts:
        if at > clock.now():
            pass_time(log, clock, at)
        log.append([entry])
    pass_time(log, clock, until)
