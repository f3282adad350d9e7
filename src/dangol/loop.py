"""The one page where the circle closes: which fact wakes which step, and the timetable.

A turn takes the next facts of the log and, in one transaction: who is it → what do we know → which segments → which
journeys → which messages → how far are we. What the stages did comes back as facts in a later turn. Between turns the
loop sleeps until a fact arrives (a bell rings) or the earliest thing that time alone will change is due.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from dangol.base.clock import Clock
from dangol.base.turns import turn
from dangol.campaign import steps as campaign
from dangol.collect import rules as collected
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.collect.log import BELL, Log
from dangol.converse import steps as converse
from dangol.deliver import steps as deliver
from dangol.identity import steps as identity
from dangol.profile import steps as profile
from dangol.segment import steps as segment
from dangol.survey import rules as survey

log = logging.getLogger("dangol.loop")

AT_ONCE = 500  # facts, customers or runs that one turn takes
LONGEST_SLEEP = timedelta(seconds=1)


def turn_once(facts_log: Log, clock: Clock, at_once: int = AT_ONCE) -> int:
    """Everything that is due now, up to `at_once` of each kind; how much that was."""
    collect.flush(facts_log)
    now = clock.now()
    with turn():
        done = _take_facts(facts_log, now, at_once)
        done += _let_time_pass(now, at_once)
    collect.flush(facts_log)
    return done


def settle(facts_log: Log, clock: Clock) -> None:
    """Turn until nothing is due at this instant."""
    while turn_once(facts_log, clock):
        pass


def _take_facts(facts_log: Log, now: datetime, at_once: int) -> int:
    entries = facts_log.read(collect.position(), at_once)
    if not entries:
        return 0
    facts = [collected.normalise(entry) for entry in entries]
    who = identity.resolve(facts, now)
    if who.merges:
        for merge in (profile.merge, segment.merge, campaign.merge, deliver.merge, converse.merge):
            merge(who.merges)
    profile.record(facts, who.customer_ids, who.identifier_ids)
    touched = set(who.customer_ids) - {0}
    live = {customer for fact, customer in zip(facts, who.customer_ids, strict=True) if not fact.imported}
    changes = segment.refresh(touched, now, imported=touched - live)
    campaign.enter(changes, facts, who.customer_ids, now)
    _ask_staff(facts, who.customer_ids, now)
    collect.advance(entries[-1].position)
    return len(entries)


def _let_time_pass(now: datetime, at_once: int) -> int:
    changes = segment.wake(now, at_once)
    campaign.enter(changes, [], [], now)
    sends = campaign.advance(now, at_once)
    deliver.plan(sends, now)
    return len(changes) + len(sends)


def _ask_staff(facts: list[Fact], customer_ids: list[int], now: datetime) -> None:
    """A dissatisfied answer is a person's business: staff see a task in the same moment."""
    for fact, customer in zip(facts, customer_ids, strict=True):
        if fact.name == "Survey Answered" and customer and survey.dissatisfied(fact.properties):
            converse.open_task(customer, "dissatisfied", fact.properties, f"answer:{fact.message_id}", now)


def next_due() -> datetime | None:
    """The earliest instant at which time alone changes something."""
    dues = [due for due in (segment.next_flip(), campaign.next_due()) if due is not None]
    return min(dues, default=None)


class Bell:
    """Wakes the loop the moment a writer has committed facts; a lost ring costs one sleep, never a fact."""

    def __init__(self, folder: Path) -> None:
        path = folder / BELL
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def wait(self, longest: timedelta) -> None:
        """Sleep until it rings, at most `longest`."""
        ready, _, _ = select.select([self._socket], [], [], max(longest.total_seconds(), 0))
        while ready:
            try:
                self._socket.recv(64)
            except BlockingIOError:
                return

    def close(self) -> None:
        self._socket.close()


def run(
    facts_log: Log,
    clock: Clock,
    bell: Bell,
    stopping: threading.Event,
    beat: Callable[[], None],
    at_once: int = AT_ONCE,
) -> None:
    """Turn until told to stop. A turn that fails is logged and tried again: its transaction left nothing behind."""
    pause = timedelta(0)
    while not stopping.is_set():
        beat()
        try:
            busy = turn_once(facts_log, clock, at_once)
            pause = timedelta(0)
        except Exception:
            log.exception("a turn of the loop failed; it is tried again")
            pause = min(max(pause * 2, timedelta(milliseconds=200)), timedelta(seconds=10))
            stopping.wait(pause.total_seconds())
            continue
        if not busy:
            bell.wait(_sleep(clock.now()))


def _sleep(now: datetime) -> timedelta:
    due = next_due()
    return LONGEST_SLEEP if due is None else min(max(due - now, timedelta(0)), LONGEST_SLEEP)
