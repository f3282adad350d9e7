"""Whom an open wave lets in next: members of its segment, by number, or the facts of before, customer by customer.

In: a wave and the room of a turn. Out: runs before their first step.
Promise: nobody is looked at twice, and a stop loses nobody: the wave keeps its place in the turn's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dangol.campaign import bygone, entering, rules, walking
from dangol.campaign.book import Book
from dangol.campaign.entering import Starting
from dangol.campaign.models import Campaign, Run, Wave
from dangol.campaign.people import Cohort
from dangol.campaign.walking import Walk
from dangol.campaign.waves import BACKFILL, EXISTING
from dangol.profile import restrictions
from dangol.segment.models import Member


@dataclass(slots=True)
class Arriving:
    """An open wave in one turn."""

    book: Book
    wave: Wave
    now: datetime
    new: list[Run] = field(default_factory=list)  # not stored yet: most of a broadcast go on at once, and are then
    waits: bool = True

    def take(self, count: int) -> int:
        """Let about `count` more enter where they may; how many were looked at."""
        wave = self.wave
        if wave.slot == BACKFILL:
            starting, taken, last = bygone.next_starting(self._campaign, self.book, wave, count)
        else:
            starting, taken, last = self._members(count)
        self.waits, wave.after = last is not None, last or wave.after
        kept = restrictions.restricted() if starting else set()
        wave.entered += self._start([one for one in starting if one.customer not in kept])
        wave.ended_at = None if self.waits else self.now
        wave.save(update_fields=["after", "entered", "ended_at"])
        return taken

    @property
    def _campaign(self) -> Campaign:
        return self.book.campaigns[self.wave.campaign_id]

    def _members(self, count: int) -> tuple[list[Starting], int, int | None]:
        """The next who are members and were when the wave began; how many, and the last where more may follow."""
        wave = self.wave
        rows = Member.objects.filter(segment__key=wave.segment, segment__state="active", since__lte=wave.begun_at)
        rows = rows.filter(customer_id__gt=wave.after).order_by("customer_id")
        members = list(rows.values_list("customer_id", "since")[:count])
        starting = [self._starting(customer, since) for customer, since in members]
        return starting, len(members), members[-1][0] if len(members) == count else None

    def _starting(self, customer: int, since: datetime) -> Starting:
        context = {"segment": self.wave.segment}
        if self.wave.slot == EXISTING:
            return Starting(customer, rules.segment_trigger(since), self.now, context)
        return Starting(customer, rules.slot_trigger(self.wave.slot), self.wave.at, context)

    def _start(self, starting: Sequence[Starting]) -> int:
        """How many began a run."""
        again = self.book.plan(self.wave.campaign_id).definition.entry.again.how
        if self.wave.slot in (EXISTING, BACKFILL) or again != "each":
            return len(entering.start(self.book, self._campaign, starting, self.now))
        new = self._of_a_slot(starting)
        self.new += new
        return len(new)

    def _of_a_slot(self, starting: Sequence[Starting]) -> list[Run]:
        """Of a slot nobody was here before, so nothing has to be looked up."""
        plan = self.book.plan(self.wave.campaign_id)
        new = entering.alike(self._campaign, plan, starting, self.book.holdout_percent)
        people, walk = Cohort([run.customer_id for run in new], (), self.book.shop, self.now), Walk()
        for run in new:
            walking.begin(run, plan, run.entered_at, people, self.now, walk)
        return new
