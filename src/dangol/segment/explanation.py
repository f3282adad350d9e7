"""Why a customer is in a segment or not: each leaf, what decided it, and when it will change if nothing happens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dangol.base.clock import from_us, to_us
from dangol.profile import predictions
from dangol.profile import steps as profile
from dangol.segment import ahead, evaluation, groups, project
from dangol.segment.engines import Plan
from dangol.segment.evidence import Deciding, Evidence, ForecastSaid, StepSaid
from dangol.segment.language import (
    Events,
    Forecast,
    Leaf,
    Picked,
    Primitive,
    Rule,
    Sequence,
    Window,
    leaves,
    primitives,
)
from dangol.segment.sentences import LANGUAGES, words

EARLIEST = -62_135_596_800_000_000  # the first microsecond of the year 1
LEAF = "\x00"  # before the pointer of a leaf that is judged alone: no segment's key begins so


@dataclass(frozen=True, slots=True)
class Looks:
    """From when to when a leaf looks at events, as seen from now; an end that is empty is open."""

    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class LeafSaid:
    """What one leaf says of the customer."""

    pointer: str  # where it stands in the segment, a JSON Pointer
    words: dict[str, str]  # by language
    holds: bool
    value: Any  # the count, sum …, or the trait's value; empty where the leaf has none
    facts: tuple[Deciding, ...]  # the newest that count; of a sequence those of its chain
    changes_at: datetime | None  # the next instant at which it may change by time alone
    looks: Looks | None  # the span of time it looks at now; empty where the leaf has none
    steps: tuple[StepSaid, ...] = ()  # of a sequence
    forecast: ForecastSaid | None = None  # of `predicted`


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer."""

    segment: str
    customer_id: int
    at: datetime
    member: bool
    since: datetime | None  # since when, as it was noticed
    leaves: tuple[LeafSaid, ...]
    changes_at: datetime | None  # when membership changes if nothing happens
    certain: bool  # whether it changes then; otherwise it does not change before
    words: dict[str, str]  # the whole answer in a sentence, by language


def explain(
    key: str, rules: Mapping[str, Rule], customer: int, now: datetime, zone: tzinfo, since: datetime | None
) -> Explanation:
    """`rules` hold the segment and all it refers to, in order."""
    parts = {LEAF + leaf.pointer: leaf for leaf in leaves(rules[key])}
    plan = Plan({**rules, **parts}, zone)
    t = to_us(now)
    first = profile.first_seen([customer])
    first_at = first.get(customer, evaluation.LATEST)
    rows = _facts(plan, rules.values(), customer, t)
    tables = plan.projector.tables({customer: (t, first_at)}, rows)
    result = plan.on_polars(tables).row(0, named=True)
    numbers = {name: number for number, name in enumerate(plan.keys)}
    forecasts = predictions.of([customer]).get(customer, {}) if plan.needs.forecasts else {}
    evidence = Evidence.gather(plan, tables, rows, t, forecasts, zone)
    told = tuple(
        _leaf(leaf, bool(result[f"m{numbers[name]}"]), result[f"w{numbers[name]}"], evidence)
        for name, leaf in parts.items()
    )
    member = bool(result[f"m{numbers[key]}"])
    changes_at, certain = ahead.change(key, rules, (customer, first_at), rows, t, zone) if first else (None, True)
    return Explanation(
        key, customer, now, member, since, told, changes_at, certain, _sentences(member, changes_at, certain, zone)
    )


def _facts(plan: Plan, rules: Iterable[Rule], customer: int, t: int) -> list[profile.History]:
    """The facts that leaves look at, now or later."""
    names = plan.needs.fact_names()
    if names == set():
        return []
    since = groups.begin(groups.leaves_of(rules).values(), t)
    return list(profile.histories([customer], names, since=since, columns=project.columns_read(plan.needs)))


def _leaf(leaf: Leaf, holds: bool, flip: int | None, evidence: Evidence) -> LeafSaid:
    written = json.loads(leaf.written)
    about = [one for one in primitives(leaf) if repr(one) in evidence.numbers]
    steps = next((evidence.steps(one, written) for one in about if isinstance(one, Sequence)), ())
    return LeafSaid(
        leaf.pointer,
        {language: words(written, language) for language in LANGUAGES},
        holds,
        evidence.value(about[0]) if about else None,
        _counting(about, steps, evidence),
        from_us(flip) if flip is not None and flip <= evaluation.LATEST else None,
        next((_looks(one.window, evidence.t) for one in about if isinstance(one, Events | Picked | Sequence)), None),
        steps,
        next((evidence.forecast(one) for one in about if isinstance(one, Forecast)), None),
    )


def _counting(about: Iterable[Primitive], steps: Iterable[StepSaid], evidence: Evidence) -> tuple[Deciding, ...]:
    """The newest first; of a sequence those of the chain that is told."""
    facts = {step.fact for step in steps if step.fact is not None}
    if not facts:
        facts = {fact for one in about for fact in evidence.facts.get(evidence.numbers[repr(one)], ())}
    return tuple(sorted(facts, key=lambda fact: fact.at, reverse=True))


def _looks(window: Window, t: int) -> Looks:
    ends = [low for low in (None if window.until is None else t - window.until, window.low) if low is not None]
    first = max(ends, default=None)
    last = min(t - window.after, t if window.high is None else window.high)
    return Looks(_instant(first), _instant(last))


def _instant(at: int | None) -> datetime | None:
    """The instant, where a calendar has one."""
    return from_us(at) if at is not None and EARLIEST <= at <= evaluation.LATEST else None


def _sentences(member: bool, changes_at: datetime | None, certain: bool, zone: tzinfo) -> dict[str, str]:
    english, korean = ("In", "속해 있음") if member else ("Not in", "속해 있지 않음")
    if changes_at is None:
        return {"en": f"{english}; time alone will not change that.", "ko": f"{korean}. 시간만으로는 바뀌지 않음."}
    when = f"{changes_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if not certain:
        return {
            "en": f"{english}; will not change before {when} if nothing happens.",
            "ko": f"{korean}. 아무 일이 없으면 {when} 전에는 바뀌지 않음.",
        }
    verb_en, verb_ko = ("leaves", "빠짐") if member else ("enters", "들어감")
    return {
        "en": f"{english}; {verb_en} at {when} if nothing happens.",
        "ko": f"{korean}. 아무 일이 없으면 {when}에 {verb_ko}.",
    }
