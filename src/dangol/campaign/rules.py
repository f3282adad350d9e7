"""What a campaign definition means, and what a run does next. Pure: values in, values out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dangol.base.clock import to_us
from dangol.base.errors import Invalid
from dangol.base.shares import share
from dangol.campaign.shape import Reader
from dangol.collect.facts import Fact

TREATED, HOLDOUT = "treated", "holdout"
MARKETING, TRANSACTIONAL = "marketing", "transactional"
KEEPS = timedelta(hours=72)  # how long after its time a message is still worth sending
STALE = timedelta(days=30)  # a fact that arrives later than this is history and starts nothing
LATE = timedelta(days=1)  # how late a goal fact from just before the start may arrive and still end the run
LONGEST_TRIGGER = 120

# Facts that campaigns themselves cause: a campaign that one of them starts could feed on itself.
OUR_DOING = frozenset(
    {
        "Message Sent",
        "Email Delivered",
        "Email Opened",
        "Email Link Clicked",
        "Email Bounced",
        "Journey Entered",
        "Journey Left",
        "Survey Asked",
    }
)
NAMES_OF_KINDS = {"page": "Page Viewed", "screen": "Screen Viewed"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What starts a run: entering a segment, or a fact."""

    segment: str = ""
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """The fact a campaign is for, and how soon after the start it counts as reached."""

    fact: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a journey, and how long to wait before it."""

    key: str
    wait: timedelta
    channel: str = ""
    message_class: str = ""
    message: Mapping[str, Any] = field(default_factory=dict)  # templates by language, survey, tracking
    keeps: timedelta = KEEPS  # how long after it was due it is still sent


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole campaign, read and checked."""

    entry: Entry
    steps: tuple[Step, ...]
    goal: Goal | None = None
    include_existing: bool = False
    holdout_percent: float = 0
    exit_on_goal: bool = True


@dataclass(frozen=True, slots=True)
class Send:
    """A message that a run asks for; deliver decides whether and when it leaves."""

    campaign: str
    step: str
    customer_id: int
    trigger: str
    channel: str
    message_class: str
    message: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None  # empty: at once
    expires_at: datetime | None = None


def parse(definition: object, at: str = "") -> Definition:
    """Read a definition; `at` is where it stands in what was sent. Raises Invalid with every fault."""
    reader = Reader()
    found = _definition(reader, definition, at)
    if reader.faults:
        raise Invalid(reader.faults)
    return found


KNOWN = ("entry", "include_existing", "holdout_percent", "goal", "steps", "exit_on_goal")


def _definition(read: Reader, given: object, at: str) -> Definition:
    shape = read.mapping(given, at, KNOWN)
    return Definition(
        entry=_entry(read, shape.get("entry"), f"{at}/entry"),
        steps=_steps(read, shape.get("steps"), f"{at}/steps"),
        goal=_goal(read, shape["goal"], f"{at}/goal") if shape.get("goal") is not None else None,
        include_existing=read.flag(shape, "include_existing", at, default=False),
        holdout_percent=read.percent(shape, "holdout_percent", at, most=90),
        exit_on_goal=read.flag(shape, "exit_on_goal", at, default=True),
    )


def _entry(read: Reader, given: object, at: str) -> Entry:
    before = len(read.faults)
    shape = read.mapping(given, at, ("segment", "fact"))
    if len(shape) != 1:
        if len(read.faults) == before:
            read.fault(at, given, 'one of {"segment": key} or {"fact": name}')
        return Entry()
    if "segment" in shape:
        return Entry(segment=read.key(shape["segment"], f"{at}/segment"))
    name = read.text(shape["fact"], f"{at}/fact", most=300)
    if name in OUR_DOING:
        read.fault(f"{at}/fact", name, "a fact that campaigns do not cause themselves")
    return Entry(fact=name)


def _goal(read: Reader, given: object, at: str) -> Goal:
    shape = read.mapping(given, at, ("fact", "within"))
    within = read.span(shape.get("within", "7d"), f"{at}/within")
    return Goal(read.text(shape.get("fact"), f"{at}/fact", most=300), within)


def _steps(read: Reader, given: object, at: str) -> tuple[Step, ...]:
    steps = read.items(given, at, least=1, most=20)
    found = tuple(_step(read, step, f"{at}/{index}") for index, step in enumerate(steps))
    keys = [step.key for step in found]
    for index, key in enumerate(keys):
        if key and key in keys[:index]:
            read.fault(f"{at}/{index}/key", key, "a key that no other step of this campaign has")
    return found


def _step(read: Reader, given: object, at: str) -> Step:
    shape = read.mapping(given, at, ("key", "wait", "send"))
    send = read.mapping(shape.get("send"), f"{at}/send", SEND)
    step = Step(
        key=read.key(shape.get("key"), f"{at}/key"),
        wait=read.span(shape["wait"], f"{at}/wait") if shape.get("wait") is not None else timedelta(0),
    )
    return _with_message(read, step, send, f"{at}/send") if isinstance(shape.get("send"), Mapping) else step


def _with_message(read: Reader, step: Step, send: Mapping[str, Any], at: str) -> Step:
    message: dict[str, Any] = {"templates": _templates(read, send.get("templates"), f"{at}/templates")}
    if send.get("survey") is not None:
        message["survey"] = read.key(send["survey"], f"{at}/survey")
    if not read.flag(send, "tracking", at, default=True):
        message["tracking"] = False
    return replace(
        step,
        channel=read.choice(send.get("channel"), f"{at}/channel", ("email",)),
        message_class=read.choice(send.get("class"), f"{at}/class", (MARKETING, TRANSACTIONAL)),
        message=message,
        keeps=read.span(send["keeps"], f"{at}/keeps") if send.get("keeps") is not None else KEEPS,
    )


SEND = ("channel", "class", "survey", "templates", "tracking", "keeps")
TEMPLATE = ("subject", "html", "preheader")
# The law's label is `(광고)` and nothing else; Dangol puts it there. A look-alike at the start would void it.
LOOKS_LIKE_LABEL = re.compile(r"\s*[\[(（<【{\"']\s*광[\s.·]*고\s*[\])）>】}\"']")
LABEL = "(광고)"


def _templates(read: Reader, given: object, at: str) -> dict[str, dict[str, str]]:
    shape = read.mapping(given, at, ("en", "ko"))
    if not shape and isinstance(given, Mapping):
        read.fault(at, given, "templates in en, ko or both")
    return {language: _template(read, template, f"{at}/{language}") for language, template in shape.items()}


def _template(read: Reader, given: object, at: str) -> dict[str, str]:
    shape = read.mapping(given, at, TEMPLATE)
    found = {
        "subject": read.liquid(shape.get("subject"), f"{at}/subject", most=500),
        "html": read.liquid(shape.get("html"), f"{at}/html", most=200_000),
    }
    if shape.get("preheader") is not None:
        found["preheader"] = read.liquid(shape["preheader"], f"{at}/preheader", most=500)
    if LOOKS_LIKE_LABEL.match(found["subject"]) and not found["subject"].startswith(LABEL):
        read.fault(f"{at}/subject", found["subject"], f"no label: {LABEL} is put there where the law asks for it")
    return found


# --- decisions ------------------------------------------------------------------------------------------------------


def arm(campaign: str, customer: int, holdout_percent: float) -> str:
    """Whether a customer is treated or held out: always the same answer for the same customer and campaign."""
    return HOLDOUT if share(f"holdout:{campaign}", customer) < holdout_percent else TREATED


def starts(entry: Entry, fact: Fact, now: datetime) -> bool:
    """Whether a fact starts a run. What was imported, or comes a month late, is history."""
    return bool(entry.fact) and name_of(fact) == entry.fact and not fact.imported and fact.at >= now - STALE


def name_of(fact: Fact) -> str:
    """What a fact is called where campaigns name facts; empty for those that cannot be named."""
    return fact.name if fact.type == "track" else NAMES_OF_KINDS.get(fact.type, "")


def segment_trigger(entered_at: datetime) -> str:
    """What started a run when a customer entered a segment."""
    return f"segment:{to_us(entered_at)}"


def fact_trigger(fact: Fact) -> str:
    """What started a run when a fact arrived; an order counts once however often it is told."""
    order = fact.properties.get("order_id") or fact.properties.get("orderId")
    given = f"order:{fact.source}:{order}" if order else f"fact:{fact.source}:{fact.message_id}"
    if len(given) <= LONGEST_TRIGGER:
        return given
    return given[:80] + ":" + hashlib.sha256(given.encode()).hexdigest()[:32]


def context_of(fact: Fact) -> dict[str, Any]:
    """What templates may say about the fact that started a run."""
    return {"event": {"name": fact.name, "at": fact.at.isoformat(), "properties": fact.properties}}


def first_due(definition: Definition, at: datetime, now: datetime) -> datetime:
    """When the first step is due: its wait counts from what started the run."""
    return max(at + definition.steps[0].wait, now)


def next_due(definition: Definition, step: int, now: datetime) -> datetime | None:
    """When step number `step` is due if the one before was taken now; None behind the last one."""
    return now + definition.steps[step].wait if step < len(definition.steps) else None


def reaches_goal(definition: Definition, trigger: str, entered_at: datetime, fact: Fact) -> bool:
    """Whether a fact is the goal of a run that began at `entered_at`.

    The fact that started the run never is. Where start and goal go by one name, the goal is a later one; otherwise a
    fact from shortly before the start counts too if it arrives after it: the order that crossed the reminder.
    """
    goal = definition.goal
    if goal is None or name_of(fact) != goal.fact:
        return False
    if definition.entry.fact == goal.fact:
        return fact.at > entered_at and fact_trigger(fact) != trigger
    crossed = not fact.imported and fact.received_at >= entered_at and fact.at > entered_at - LATE
    return fact.at > entered_at or crossed


def further(runs: Sequence[tuple[int, bool]]) -> int:
    """Which of (step, ended) went further: the one to keep when two runs become one."""
    return max(range(len(runs)), key=lambda index: (runs[index][1], runs[index][0], -index))
