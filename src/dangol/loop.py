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
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, connection

from dangol.autopilot import steps as autopilot
from dangol.base.clock import Clock, from_us
from dangol.base.models import region
from dangol.base.turns import turn
from dangol.base.watching import Watch
from dangol.campaign import homes as runs
from dangol.campaign import steps as campaign
from dangol.collect import heard, quarantine
from dangol.collect import rules as collected
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.collect.log import BELL, Entry, FileLog, Log, Rejected
from dangol.converse import steps as converse
from dangol.deliver import steps as deliver
from dangol.identity import staff
from dangol.identity import steps as identity
from dangol.identity.rules import Moves
from dangol.offer import steps as offer
from dangol.privacy import steps as privacy
from dangol.profile import recounting
from dangol.profile import steps as profile
from dangol.segment import active
from dangol.segment import live as segment
from dangol.strategy import steps as strategy
from dangol.survey import rules as answers
from dangol.survey import steps as survey
from dangol.value import steps as value

log = logging.getLogger("dangol.loop")

AT_ONCE = 2_000  # facts, customers or runs that one turn takes at most
FEWEST = 100  # … where much waits, however slow the machine is
LONGEST_TURN = 0.8  # seconds, about: what comes in meanwhile waits, and so does whoever else writes
LONGEST_SLEEP = timedelta(seconds=1)
CHORES_EVERY = timedelta(seconds=5)  # what has time, between two turns
BUSY_AT_MOST = 2.0  # seconds of turns on end, then the loop rests: the state has one writer, and others wait for it
REST = 0.12  # seconds; whoever waits for SQLite's lock looks for it every 0.1, while PostgreSQL's form a queue
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
    campaign.prepare(now)
    with turn():
        done, heard = _take_facts(facts_log, now, at_once)
        done += _let_time_pass(now, heard, at_once)
    collect.flush(facts_log)
    return done


def settle(facts_log: Log, clock: Clock) -> None:
    """Turn until nothing is due at this instant."""
    while turn_once(facts_log, clock) or ((due := next_due()) is not None and due <= clock.now()):
        pass


def _take_facts(facts_log: Log, now: datetime, at_once: int) -> tuple[int, datetime]:
    """How many facts were taken, and up to when everything that had arrived is known."""
    entries = facts_log.read(collect.position(), at_once)
    if not entries:
        return 0, now
    try:
        _take(entries, now)
        heard.note(entries)
    except DatabaseError:
        raise  # the store's trouble, not the facts'
    except Exception as error:
        raise FactsFailed(len(entries)) from error
    collect.advance(entries[-1].position)
    return len(entries), now if len(entries) < at_once else min(now, from_us(entries[-1].received_us))


def _take(entries: list[Entry], now: datetime) -> None:
    where = region()
    facts = privacy.withhold([collected.normalise(entry, where) for entry in entries])
    who = identity.resolve(facts, now)
    if who.moves:
        follow(who.moves, now)
    recorded = profile.record(facts, who.customer_ids, who.identifier_ids)
    value.note(recorded.ordered)
    offer.note(facts, who.customer_ids, now)
    strategy.note(facts)
    touched = (set(who.customer_ids) | who.moves.touched) - {0}
    live = {customer for fact, customer in zip(facts, who.customer_ids, strict=True) if not fact.imported}
    owned = zip(who.customer_ids, facts, strict=True)
    same = recorded.same - who.moves.touched
    changes = segment.refresh(touched, now, imported=touched - live, facts=owned, same=same)
    campaign.enter(changes, facts, who.customer_ids, now)
    privacy.ask(facts, who.customer_ids, now)
    privacy.note(facts, who.customer_ids, now)
    deliver.subscribe(facts, who.customer_ids, now)
    _ask_staff(facts, who.customer_ids, now)
    converse.hear(facts, who.customer_ids, now)


def join(one: int, other: int, now: datetime) -> None:
    """Staff say that two customers are one. Raises what identity.staff.join does."""
    with turn():
        _resettled(staff.join(one, other, now), now)


def part(merge_id: int, now: datetime) -> None:
    """Staff say that a merge was wrong: both histories come back. Raises what identity.staff.part does."""
    with turn():
        _resettled(staff.part(merge_id, now), now)


def _resettled(moves: Moves, now: datetime) -> None:
    follow(moves, now)
    campaign.enter(segment.refresh(moves.touched, now), [], [], now)


def follow(moves: Moves, now: datetime) -> None:
    """Everything that was kept for customers goes with them when they are found to be one, or not to be."""
    for rehome in (
        profile.rehome,
        value.rehome,
        runs.rehome,
        deliver.rehome,
        converse.rehome,
        survey.rehome,
    ):
        rehome(moves)
    offer.rehome(moves, now)
    segment.rehome(moves, now)


def foretell(now: datetime) -> int:
    """In a quiet moment: some customers' forecasts are made, and whoever's segments read them is judged again."""
    if not value.waiting():
        return 0
    with turn():
        piece = value.go_on(now)
        if piece.told and active.read_forecasts():
            campaign.enter(segment.refresh(piece.told, now), [], [], now)
    return piece.done


def _let_time_pass(now: datetime, heard: datetime, at_once: int) -> int:
    changes = segment.wake(now, at_once)
    campaign.enter(changes, [], [], now)
    advanced = campaign.advance(now, at_once, heard)
    deliver.plan(advanced.sends, now)
    return len(changes) + advanced.done + offer.expire(now, at_once)


def _ask_staff(facts: list[Fact], customer_ids: list[int], now: datetime) -> None:
    """A dissatisfied answer is a person's business: staff see a task in the same moment. Old answers are history."""
    for fact, customer in zip(facts, customer_ids, strict=True):
        if fact.name == "Survey Answered" and not fact.imported and customer and answers.dissatisfied(fact.properties):
            converse.open_task(customer, "dissatisfied", fact.properties, f"answer:{fact.message_id}", now)
        elif fact.name == "Task Asked" and fact.own and customer:
            converse.open_task(customer, str(fact.properties["kind"]), fact.properties, fact.message_id, now)


def next_due() -> datetime | None:
    """The earliest instant at which time alone changes something."""
    dues = [due for due in (segment.next_flip(), campaign.next_due(), offer.next_end()) if due is not None]
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

    def wait(self, longest: timedelta) -> bool:
        """Sleep until it rings, at most `longest`; whether it rang."""
        ready, _, _ = select.select([self._socket], [], [], max(longest.total_seconds(), 0))
        with contextlib.suppress(BlockingIOError):
            while ready:
                self._socket.recv(64)
        return bool(ready)

    def close(self) -> None:
        self._socket.close()


class Runner:
    """Turns until told to stop. A turn that fails left nothing behind and is tried again, in ever smaller batches;
    a single fact that fails three times is set aside with its reason, so that the stream goes on without it."""

    def __init__(self, facts_log: FileLog, clock: Clock, at_once: int = AT_ONCE) -> None:
        self._log, self._clock, self._most = facts_log, clock, at_once
        self._at_once, self._failures = at_once, 0
        self._fits = at_once  # facts that a turn of the wished length takes
        self._rests = connection.vendor == "sqlite"
        self._others = Watch()
        self._chores_at = clock.now()
        self._tidied: int | None = None
        quarantine.forget_unpassed(facts_log, collect.position())

    def run(self, bell: Bell, stopping: threading.Event, waits: Callable[[], bool] = lambda: False) -> None:
        """Until told to stop; while `waits` says so, nothing is done."""
        threading.Thread(target=_compile_ahead, name="compile", daemon=True).start()
        since = time.monotonic()
        while not stopping.is_set():
            if waits():
                stopping.wait(1)
                continue
            if self._rests and time.monotonic() - since >= BUSY_AT_MOST:
                stopping.wait(REST)
                since = time.monotonic()
            try:
                self._others.changed()
                busy = self.turn()
                self.chores()
            except Exception:
                log.exception("a turn of the loop failed; it is tried again")
                stopping.wait(min(0.1 * 2**self._failures, 10))
                self._failures += 1
                continue
            if not busy and not foretell(self._clock.now()) and not recounting.go_on(self._clock.now()):
                self._doze(bell, stopping)
                since = time.monotonic()

    def _doze(self, bell: Bell, stopping: threading.Event) -> None:
        """Sleep until a fact rings, somebody else writes to the state, or the time of something has come."""
        due, taken = min(next_due() or self._chores_at, self._chores_at), collect.position()
        while not stopping.is_set() and (left := due - self._clock.now()) > timedelta(0):
            if bell.wait(min(left, LONGEST_SLEEP)) or self._others.changed() or self._log.end() > taken:
                return

    def chores(self) -> None:
        """Work that may take longer than a turn and needs none."""
        now = self._clock.now()
        if now >= self._chores_at:
            self._chores_at = now + CHORES_EVERY
            privacy.take_in(now)
            privacy.tidy(now)
            privacy.see_to(now)
            privacy.look(now)
            quarantine.drop_old(self._log, now)
            see_to_autopilot(now)
            self._tidied = segment.tidy(self._tidied)

    def turn(self) -> int:
        """One turn; how much was done. Raises what is nobody's fault but the store's."""
        start = time.monotonic()
        try:
            done = turn_once(self._log, self._clock, self._at_once)
        except FactsFailed as failed:
            self._narrow(failed)
            return 1
        self._failures = 0
        if done >= FEWEST:
            fitting = int(done * LONGEST_TURN / (time.monotonic() - start))
            self._fits = min(max(fitting, FEWEST), self._most)
        self._at_once = min(self._at_once * 2, self._fits)
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


def see_to_autopilot(now: datetime) -> None:
    """Once a day, and when nobody objected in time; its trouble stops nobody else."""
    try:
        if autopilot.due(now):
            autopilot.step(now)
    except Exception:
        log.exception("the autopilot failed; it is tried again")


def _compile_ahead() -> None:
    try:
        segment.compile_ahead()
    except Exception:
        log.exception("segments could not be compiled ahead; they are when facts ask for them")


def set_aside(facts_log: FileLog, failed: FactsFailed) -> None:
    """Move past the next fact of the log; it stays there, and stands among the refused with the reason."""
    (entry,) = facts_log.read(collect.position(), 1)
    why = repr(failed.__cause__)
    aside = Rejected(entry.source, entry.received_us, "failed", why, entry.body, entry.imported, entry.position)
    facts_log.append([], [aside])
    collect.advance(entry.position)
