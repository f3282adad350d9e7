"""How fast letters go to one receiving domain, and how many a new sender may send on a day. Pure.

A domain that puts letters off is written to more slowly, half as fast each time; one that puts off several in a row is
left alone for a while, longer each time. What it takes makes it faster again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FEW = 5  # letters in a row that a domain puts off until it is left alone
RESTS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))  # one after the other
SLOWEST = 10  # letters a minute
UNBOUND = 1_200  # letters a minute from which a domain is slowed where the shop sets no rate
WARM = 14  # days of sending after which a sender is known


@dataclass(frozen=True, slots=True)
class Pace:
    """How one receiving domain is written to."""

    rate: int | None = None  # letters a minute; None: as fast as the shop's setting
    failures: int = 0  # letters that it put off since it last took one
    rests: int = 0  # how often it was left alone since then
    until: datetime | None = None  # when it is tried again

    def resting(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def put_off(self, full: int, now: datetime) -> Pace:
        """After it put a letter off; `full` is the setting's rate, 0 for none."""
        if self.resting(now):  # what was under way when it began says nothing more
            return self
        if self.failures + 1 < FEW:
            slower = max((self.rate or full or UNBOUND) // 2, SLOWEST)
            return replace(self, rate=slower, failures=self.failures + 1)
        rest = RESTS[min(self.rests, len(RESTS) - 1)]
        return Pace(SLOWEST, FEW - 1, self.rests + 1, now + rest)  # the next one put off is one too many again

    def took(self, full: int) -> Pace:
        """After it took a letter, or refused one for good."""
        if self.rate is None:
            return Pace()
        faster = self.rate + max(self.rate // 10, 1)
        return Pace(faster if faster < (full or UNBOUND) else None)


def at_once(rate: int) -> int:
    """How many letters of a domain may be on their way together: about a second's."""
    return max(rate // 60, 1)


def allowance(first: int, days: int) -> int | None:
    """Marketing letters of a sender's n-th day of sending, doubled each day; None where nothing bounds them."""
    return None if first <= 0 or days > WARM else first * 2 ** (days - 1)
