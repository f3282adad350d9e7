"""What starts a run and what ends it. Pure: values in, values out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dangol.base.clock import to_us
from dangol.base.shares import share
from dangol.campaign.definition import Again, Definition, Entry, Goal, Step
from dangol.campaign.parsing import parse
from dangol.collect.facts import Fact
from dangol.segment.matching import Pattern, named

__all__ = ["Definition", "Entry", "Goal", "Send", "Step", "parse"]

TREATED, HOLDOUT = "treated", "holdout"
STALE = timedelta(days=30)  # a fact that arrives later than this is history and starts nothing
LATE = timedelta(days=1)  # how late a goal fact from just before the start may arrive and still end the run
LONGEST_TRIGGER = 120
SLOT = "slot:"


@dataclass(frozen=True, slots=True)
class Send:
    """A message that a run asks for; deliver decides whether and when it leaves."""

    campaign: str
    step: str
    customer_id: int
    trigger: str
    channel: str
    message_class: str
    message: Mapping[str, Any]  # the same object for all who are told the same
    context: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None  # empty: at once
    expires_at: datetime | None = None
    home: int = 0  # for whom its run began, where that was before a merge
    others: tuple[tuple[str, Mapping[str, Any]], ...] = ()  # channels and messages to fall back on, in order


def arm(campaign: str, customer: int, holdout_percent: float, of_all: float = 0) -> str:
    """Whether a customer is treated or held out: always the same answer for the same customer and campaign.

    `of_all` per cent of the customers are held out of every campaign.
    """
    if share("holdout", customer) < of_all:
        return HOLDOUT
    return HOLDOUT if share(f"holdout:{campaign}", customer) < holdout_percent else TREATED


def treated_share(definition: Definition, of_all: float) -> float:
    """The share of customers that is drawn to be treated, of one."""
    everywhere = of_all if definition.shop_holdout else 0
    return (1 - definition.holdout_percent / 100) * (1 - everywhere / 100)


def starts(entry: Entry, fact: Fact, now: datetime) -> bool:
    """Whether a fact starts a run, by name and time. What was imported, or comes a month late, is history."""
    if not entry.fact or fact.imported or fact.at < now - STALE:
        return False
    return named(Pattern(entry.fact), fact)


def may_start(again: Again, earlier: Sequence[tuple[datetime, bool]], at: datetime) -> bool:
    """Whether a customer may start at `at` who started at these times before, each still under way or not."""
    match again.how:
        case "never":
            return not earlier
        case "after":
            return all(at - before >= again.after for before, _ in earlier)
        case "not_while_inside":
            return not any(inside for _, inside in earlier)
        case _:
            return True


def segment_trigger(entered_at: datetime) -> str:
    """What started a run when a customer entered a segment."""
    return f"segment:{to_us(entered_at)}"


def slot_trigger(slot: str) -> str:
    """What started a run that began with many others: a broadcast or an occurrence of a schedule."""
    return f"{SLOT}{slot}"


def of_a_slot(trigger: str) -> bool:
    """Whether a run began with many others."""
    return trigger.startswith(SLOT)


def handed_trigger(campaign_id: int, trigger: str) -> str:
    """What started a run to which another campaign's led: once for each run of that one."""
    return _short(f"from:{campaign_id}:{trigger}")


def keyed_trigger(entry: Entry, about: str, other: str) -> str:
    """What started a run that is about one thing: one for each, unless the campaign lets it begin again."""
    return _short(f"key:{about}" if entry.again.how == "each" else f"key:{about}:{other}")


def about_of(value: str) -> str:
    """A cart's or order's number as runs keep it; long ones are told apart by their digest."""
    return _short(value)


def fact_trigger(fact: Fact) -> str:
    """What started a run when a fact arrived; an order counts once however often it is told."""
    order = fact.properties.get("order_id") or fact.properties.get("orderId")
    return _short(f"order:{fact.source}:{order}" if order else f"fact:{fact.source}:{fact.message_id}")


def _short(given: str) -> str:
    if len(given) <= LONGEST_TRIGGER:
        return given
    return given[:80] + ":" + hashlib.sha256(given.encode()).hexdigest()[:32]


def context_of(fact: Fact) -> dict[str, Any]:
    """What templates may say about the fact that started a run."""
    return {"event": {"name": fact.name, "at": fact.at.isoformat(), "properties": fact.properties}}


def reaches_goal(definition: Definition, trigger: str, entered_at: datetime, fact: Fact) -> bool:
    """Whether a fact is the goal of a run that began at `entered_at`, by name and time.

    The fact that started the run never is. Where start and goal go by one name, the goal is a later one; otherwise a
    fact from shortly before the start counts too if it arrives after it: the order that crossed the reminder.
    """
    goal = definition.goal
    if goal is None or not goal.fact or not named(Pattern(goal.fact), fact):
        return False
    if definition.entry.fact == goal.fact:
        return fact.at > entered_at and fact_trigger(fact) != trigger
    return fact.at > entered_at or crossed(fact, entered_at)


def crossed(fact: Fact, since: datetime) -> bool:
    """Whether a fact happened shortly before `since` and arrived after it; what was there by then is no crossing."""
    return not fact.imported and fact.received_at > since and fact.at > since - LATE


def further(runs: Sequence[tuple[int, bool]]) -> int:
    """Which of (step, ended) went further: the one to keep when two runs become one."""
    return max(range(len(runs)), key=lambda index: (runs[index][1], runs[index][0], -index))
