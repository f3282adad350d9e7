"""Why a customer is in a segment or not: each leaf, what decided it, and when it will change if nothing happens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dangol.base.clock import from_us, to_us
from dangol.profile import steps as profile
from dangol.segment import evaluation, project
from dangol.segment.engines import Plan
from dangol.segment.language import Events, Leaf, Primitive, Rule, Trait, leaves, primitives
from dangol.segment.sentences import LANGUAGES, words

FACTS_SHOWN = 10
FLIPS_FOLLOWED = 60
LEAF = "\x00"  # before the pointer of a leaf that is judged alone: no segment's key begins so


@dataclass(frozen=True, slots=True)
class Deciding:
    """A fact that counts for a leaf."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeafSaid:
    """What one leaf says of the customer."""

    pointer: str  # where it stands in the segment, a JSON Pointer
    words: dict[str, str]  # by language
    holds: bool
    value: Any  # the count, sum …, or the trait's value; empty where the leaf has none
    facts: tuple[Deciding, ...]  # the newest that count, at most FACTS_SHOWN
    changes_at: datetime | None  # the next instant at which it may change by time alone


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
    rows = list(profile.histories([customer], plan.needs.fact_names()))
    tables = plan.projector.tables({customer: (t, first.get(customer, evaluation.LATEST))}, rows)
    result = plan.on_polars(tables).row(0, named=True)
    numbers = {name: number for number, name in enumerate(plan.keys)}
    evidence = _Evidence.gather(plan, tables, rows, t)
    told = tuple(
        _leaf(leaf, bool(result[f"m{numbers[name]}"]), result[f"w{numbers[name]}"], evidence)
        for name, leaf in parts.items()
    )
    member = bool(result[f"m{numbers[key]}"])
    changes_at, certain = _change(Plan(rules, zone), key, customer, t, member)
    return Explanation(
        key, customer, now, member, since, told, changes_at, certain, _sentences(member, changes_at, certain, zone)
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    numbers: Mapping[str, int]  # primitive → number of its columns
    measures: Mapping[str, Any]
    facts: Mapping[int, tuple[Deciding, ...]]  # by leaf number
    rows: Sequence[profile.History]
    t: int

    @classmethod
    def gather(cls, plan: Plan, tables: project.Tables, rows: Sequence[profile.History], t: int) -> _Evidence:
        compiled = plan.compiled
        facts: dict[int, tuple[Deciding, ...]] = {}
        measures = plan.on_polars(tables, compiled.measures).row(0, named=True)
        if compiled.marked is not None:
            frame = plan.on_polars(tables, compiled.marked).sort("at", descending=True)
            for number in compiled.leaves.values():
                if f"in{number}" in frame.columns:
                    counting = frame.filter(frame[f"in{number}"])
                    if f"p{number}" in measures:
                        counting = counting.filter(counting["row"] == measures[f"p{number}"])
                    shown = counting.head(FACTS_SHOWN).select("name", "at").rows()
                    facts[number] = tuple(Deciding(name, from_us(at)) for name, at in shown)
        return cls(compiled.leaves, measures, facts, rows, t)

    def value(self, rule: Primitive) -> Any:
        if isinstance(rule, Trait):
            return _trait_value(rule, self.rows, self.t)
        if isinstance(rule, Events):
            found = self.measures[f"n{self.numbers[repr(rule)]}"]
            if rule.measure.kind == "average" and found is not None:
                return found / max(self.measures[f"k{self.numbers[repr(rule)]}"], 1)
            return 0 if found is None and rule.measure.kind in {"count", "distinct", "sum"} else found
        return None


def _trait_value(rule: Trait, rows: Sequence[profile.History], t: int) -> Any:
    told = [row for row in rows if row[3] == "identify" and row[7] and row[1] <= t]
    key = rule.path.keys[0]
    changes = [(row[1], traits[key]) for row in told if key in (traits := json.loads(row[7]))]
    found = project.spells(changes, rule.path.keys[1:])
    return found[-1][3] if found else None


def _leaf(leaf: Leaf, holds: bool, flip: int | None, evidence: _Evidence) -> LeafSaid:
    written = json.loads(leaf.written)
    about = [one for one in primitives(leaf) if repr(one) in evidence.numbers]
    facts = {fact for one in about for fact in evidence.facts.get(evidence.numbers[repr(one)], ())}
    return LeafSaid(
        leaf.pointer,
        {language: words(written, language) for language in LANGUAGES},
        holds,
        evidence.value(about[0]) if about else None,
        tuple(sorted(facts, key=lambda fact: fact.at, reverse=True)),
        from_us(flip) if flip is not None and flip <= evaluation.LATEST else None,
    )


def _change(plan: Plan, key: str, customer: int, t: int, member: bool) -> tuple[datetime | None, bool]:
    """The first instant after t at which membership is another, from flip to flip."""
    for _ in range(FLIPS_FOLLOWED):
        judged = evaluation.judge(plan, {customer: t}).get(customer)
        if judged is None or judged.flip is None:
            return (from_us(t), True) if judged and (key in judged.keys) != member else (None, True)
        if (key in judged.keys) != member:
            return from_us(t), True
        t = judged.flip
    return from_us(t), False


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
