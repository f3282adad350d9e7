"""What a campaign says, read and checked: how one enters, the steps and what stands below them, goal and exit.

All values are frozen. Conditions are kept as they were written (JSON): the segment language reads them, in the shop's
zone, where they are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from dangol.segment.matching import NOTHING_ASKED

MARKETING, TRANSACTIONAL = "marketing", "transactional"
KEEPS = timedelta(hours=72)  # how long after its time a message is still worth sending …
KEEPS_CALLS = timedelta(hours=76)  # … and a webhook still worth calling: as long as it is tried


# --- what is waited for ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Happens:
    """A fact arrives."""

    fact: str
    where: str = NOTHING_ASKED  # JSON of the conditions
    match: str = ""  # a property that must be what the run is about: the cart, the order


@dataclass(frozen=True, slots=True)
class Holds:
    """A segment's rule holds."""

    segment: str  # the key it is kept under: its own where the rule only names a segment
    rule: str  # JSON, as it was written


When = Happens | Holds


@dataclass(frozen=True, slots=True)
class Goal:
    """What a campaign is for, and how soon after the start it counts as reached."""

    fact: str  # empty where a rule is the goal
    within: timedelta
    where: str = NOTHING_ASKED
    holds: Holds | None = None

    @property
    def when(self) -> When:
        return self.holds or Happens(self.fact, self.where)

    @property
    def plain(self) -> bool:
        """Whether the fact's name is all there is to it."""
        return self.holds is None and self.where == NOTHING_ASKED


# --- entry ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Again:
    """When a customer who was here before may start anew; without it once for each trigger."""

    how: str = "each"  # each, never, after, not_while_inside
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class TraitDay:
    """The day that a trait names, or its anniversary; offset from it, at an hour of the customer's zone."""

    trait: str
    offset: timedelta = timedelta(0)  # negative: before
    hour: time = time(9)
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every occurrence of an RFC 5545 rule, in the shop's zone."""

    rule: str
    start: datetime  # naive: a wall clock in the shop


@dataclass(frozen=True, slots=True)
class Entry:
    """What starts a run: a segment entered, a fact, a day, a schedule, a broadcast, or a call over the API."""

    segment: str = ""  # entered; with a day, a schedule or a broadcast: of whom
    fact: str = ""
    where: str = NOTHING_ASKED
    key: str = ""  # property that tells one cart, order or thing from another: one run for each
    day: TraitDay | None = None
    schedule: Schedule | None = None
    broadcast: datetime | None = None  # naive: a wall clock in the shop; or aware
    api: bool = False
    again: Again = Again()

    @property
    def kind(self) -> str:
        """segment, fact, date, schedule, broadcast or api."""
        told = {"date": self.day, "schedule": self.schedule, "broadcast": self.broadcast, "fact": self.fact}
        return next((name for name, value in told.items() if value), "api" if self.api else "segment")


# --- waiting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    by: timedelta


@dataclass(frozen=True, slots=True)
class LocalHour:
    """The next time the customer's clock shows this, on one of these days (Monday is 0); empty: on any."""

    hour: time
    days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BestHour:
    """The hour of the next day in which the customer is likeliest to look."""


Wait = Span | LocalHour | TraitDay | BestHour


# --- what is done ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of a message."""

    key: str
    message: Mapping[str, Any]
    share: float = 0  # per cent, where shares are fixed


@dataclass(frozen=True, slots=True)
class Message:
    """Something to say, on the first of these channels on which the customer can be reached."""

    channels: tuple[str, ...]
    message_class: str
    messages: Mapping[str, Mapping[str, Any]]  # channel → what the message consists of
    keeps: timedelta = KEEPS  # how long after it was due it is still sent
    variants: tuple[Variant, ...] = ()
    allocation: str = "fixed"  # fixed, learning


@dataclass(frozen=True, slots=True)
class Branch:
    """One way out of a step: taken when its condition is the first that is true."""

    key: str
    when: When
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Stay until one of the branches comes true, at most so long."""

    branches: tuple[Branch, ...]
    within: timedelta
    otherwise: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Go the way of the first branch whose rule holds now."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    key: str
    percent: float
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Shares:
    """Go one of several ways by chance: always the same one for the same customer."""

    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Emit:
    """Write a fact about the customer."""

    fact: str
    properties: Mapping[str, Any]  # texts may be Liquid


@dataclass(frozen=True, slots=True)
class Change:
    """Set traits, put on a list or take off it, take a consent back, subscribe to a topic or end that."""

    traits: Mapping[str, Any] = field(default_factory=dict)
    list_key: str = ""
    topic: str = ""
    on: bool = True  # the list, or the topic
    consent: Mapping[str, str] = field(default_factory=dict)  # channel, purpose, state


@dataclass(frozen=True, slots=True)
class Webhook:
    """Call another system and wait for its answer, which is `webhooks.<step>` from then on."""

    message: Message
    within: timedelta


@dataclass(frozen=True, slots=True)
class Give:
    """Give a coupon of an offer, which is `coupon` in what is said from then on."""

    offer: str
    without: str = "exit"  # what becomes of a run that gets none: exit, continue


@dataclass(frozen=True, slots=True)
class GoTo:
    campaign: str


@dataclass(frozen=True, slots=True)
class Exit:
    pass


Act = Message | WaitFor | Split | Shares | Emit | Change | Webhook | Give | GoTo | Exit


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a journey: wait, then act; either may be missing."""

    key: str
    wait: Wait | None = None
    act: Act | None = None

    def ways(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """The ways that lead out of this step, by name; none where it leads on."""
        act = self.act
        if isinstance(act, WaitFor | Split):
            yield from ((branch.key, branch.steps) for branch in act.branches)
            yield OTHERWISE, act.otherwise
        elif isinstance(act, Shares):
            yield from ((share.key, share.steps) for share in act.shares)


OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole campaign."""

    entry: Entry
    steps: tuple[Step, ...]
    goal: Goal | None = None
    exit: When | None = None
    include_existing: bool = False
    backfill: timedelta | None = None  # facts of so long ago start runs too, when it is activated
    holdout_percent: float = 0
    shop_holdout: bool = True  # whoever is held out of everything is held out of this too
    exit_on_goal: bool = True

    def every_step(self) -> Iterator[Step]:
        """All steps, a step before what stands below it, in the order they are written."""
        yield from _below(self.steps)

    def conditions(self) -> Iterator[When]:
        """All that is waited for or asked on the way, goal and exit too."""
        if (self.goal and self.exit_on_goal) or (self.goal and self.goal.holds):
            yield self.goal.when
        if self.exit:
            yield self.exit
        for step in self.every_step():
            if isinstance(step.act, WaitFor | Split):
                yield from (branch.when for branch in step.act.branches)


def _below(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for _, below in step.ways():
            yield from _below(below)
