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
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError

from dangol.base.clock import Clock
from dangol.base.turns import turn
from dangol.campaign import steps as campaign
from dangol.collect import rules as collected
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.collect.log import BELL, Entry, FileLog, Log, Rejected
from dangol.converse import steps as converse
from dangol.deliver import steps as deliver
from dangol.identity import steps as identity
from dangol.profile import steps as profile
from dangol.segment import steps as segment
from dangol.survey import rules as answers
from dangol.survey import steps as survey

log = logging.getLogger("dangol.loop")

AT_ONCE = 500  # facts, customers or runs that one turn takes
LONGEST_SLEEP = timedelta(seconds=1)
TRIES = 3  # of a single fact, before it is set aside


class FactsFailed(Exception):
    """A batch of facts could not be worked through; says how many there were."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"a batch of {count} facts failed")


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
    while turn_once(facts_log, clock) or ((due := next_due()) is not None and due <= clock.now()):
        pass


def _take_facts(facts_log: Log, now: datetime, at_once: int) -> int:
    entries = facts_log.read(collect.position(), at_once)
    if not entries:
        return 0
    try:
        _take(entries, now)
    except DatabaseError:
        raise  # the store's trouble, not the facts'
    except Exception as error:
        raise FactsFailed(len(entries)) from error
    collect.advance(entries[-1].position)
    return len(entries)


def _take(entries: list[Entry], now: datetime) -> None:
    facts = [collected.normalise(entry) for entry in entries]
    who = identity.resolve(facts, now)
    if who.merges:
        for merge in (profile.merge, segment.merge, campaign.merge, deliver.merge, converse.merge, survey.merge):
            merge(who.merges)
    profile.record(facts, who.customer_ids, who.identifier_ids)
    touched = set(who.customer_ids) - {0}
    live = {customer for fact, customer in zip(facts, who.customer_ids, strict=True) if not fact.imported}
    changes = segment.refresh(touched, now, imported=touched - live)
    campaign.enter(changes, facts, who.customer_ids, now)
    _ask_staff(facts, who.customer_ids, now)


def _let_time_pass(now: datetime, at_once: int) -> int:
    changes = segment.wake(now, at_once)
    campaign.enter(changes, [], [], now)
    sends = campaign.advance(now, at_once)
    deliver.plan(sends, now)
    return len(changes) + len(sends)


def _ask_staff(facts: list[Fact], customer_ids: list[int], now: datetime) -> None:
    """A dissatisfied answer is a person's business: staff see a task in the same moment. Old answers are history."""
    for fact, customer in zip(facts, customer_ids, strict=True):
        if fact.name == "Survey Answered" and not fact.imported and customer and answers.dissatisfied(fact.properties):
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


class Runner:
    """Turns until told to stop. A turn that fails left nothing behind and is tried again, in ever smaller batches;
    a single fact that fails three times is set aside with its reason, so that the stream goes on without it."""

    def __init__(self, facts_log: FileLog, clock: Clock, at_once: int = AT_ONCE) -> None:
        self._log, self._clock, self._most = facts_log, clock, at_once
        self._at_once, self._failures = at_once, 0

    def run(self, bell: Bell, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                busy = self.turn()
            except Exception:
                log.exception("a turn of the loop failed; it is tried again")
                stopping.wait(min(0.1 * 2**self._failures, 10))
                self._failures += 1
                continue
            if not busy:
                bell.wait(_sleep(self._clock.now()))

    def turn(self) -> int:
        """One turn; how much was done. Raises what is nobody's fault but the store's."""
        try:
            done = turn_once(self._log, self._clock, self._at_once)
        except FactsFailed as failed:
            self._narrow(failed)
            return 1
        self._failures = 0
        self._at_once = min(self._at_once * 2, self._most)
        return done

    def _narrow(self, failed: FactsFailed) -> None:
        if failed.count > 1:
            self._at_once = max(failed.count // 2, 1)
            return
        self._failures += 1
        if self._failures >= TRIES:
            log.error("a fact fails every time and is set aside", exc_info=failed.__cause__)
            set_aside(self._log, failed)
            self._failures = 0


def set_aside(facts_log: FileLog, failed: FactsFailed) -> None:
    """Move past the next fact of the log; it stays there, and stands among the refused with the reason."""
    (entry,) = facts_log.read(collect.position(), 1)
    facts_log.append([], [Rejected(entry.source, entry.received_us, "failed", repr(failed.__cause__), entry.body)])
    collect.advance(entry.position)


def _sleep(now: datetime) -> timedelta:
    due = next_due()
    return LONGEST_SLEEP if due is None else min(max(due - now, timedelta(0)), LONGEST_SLEEP)
