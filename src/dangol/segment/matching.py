"""Which of some facts fit a name and conditions: the plan of every leaf about events, over histories of one fact.

A campaign that waits for a fact means by `where` what a segment means by it, because it is the same compiled rule.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from dangol.base.clock import to_us
from dangol.base.errors import Fault
from dangol.collect.facts import EVENT_NAMES, Fact
from dangol.segment import values
from dangol.segment.comparisons import conditions
from dangol.segment.engines import Plan
from dangol.segment.language import Events, Name, Path
from dangol.segment.operands import Reading, below
from dangol.segment.paths import property_path
from dangol.segment.project import matches, row_of
from dangol.segment.shapes import name_of

NOTHING_ASKED = "[]"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Facts of a name (or of all that begin so: `Order *`) for which all conditions hold."""

    event: str
    where: str = NOTHING_ASKED  # JSON: the conditions as they are written


def faults(event: object, where: object, at: str) -> list[Fault]:
    """What is wrong with a name and conditions; they stand at `at`/fact and `at`/where."""
    reading = Reading(UTC)
    name_of(reading, below(at, "fact"), event)
    conditions(reading, below(at, "where"), where)
    return reading.faults


def called(fact: Fact) -> str:
    """What rules call a fact; empty for one that is no event."""
    return fact.name if fact.type == "track" else EVENT_NAMES.get(fact.type, "")


def named(pattern: Pattern, fact: Fact) -> bool:
    """Whether a fact has the name that is asked for."""
    return _fits(pattern, called(fact), fact.own)


def _fits(pattern: Pattern, told: str, own: bool) -> bool:
    name = _name(pattern.event)
    return name is not None and matches(name, told, own)


@lru_cache(maxsize=1024)
def _name(event: str) -> Name | None:
    return name_of(Reading(UTC), "", event)


def matching(
    patterns: Collection[Pattern], facts: Sequence[Fact], now: datetime, zone: tzinfo
) -> dict[Pattern, set[int]]:
    """The facts, by their number in the list, that fit each pattern; a pattern that none fits has an empty set."""
    alike: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for number, fact in enumerate(facts):
        alike[called(fact), fact.own].append(number)
    found: dict[Pattern, set[int]] = {}
    for pattern in patterns:
        some = [number for about in alike if _fits(pattern, *about) for number in alike[about]]
        if some and pattern.where != NOTHING_ASKED:
            some = _judged(pattern, [(number, facts[number]) for number in some], now, zone)
        found[pattern] = set(some)
    return found


def _judged(pattern: Pattern, facts: Sequence[tuple[int, Fact]], now: datetime, zone: tzinfo) -> list[int]:
    """Each fact is the whole history of a customer of its own, who is judged now or, where it lies ahead, then."""
    plan = _plan(pattern, zone)
    customers = {number: (max(to_us(now), to_us(fact.at)), to_us(fact.at)) for number, fact in facts}
    frame = plan.on_polars(plan.projector.tables(customers, [row_of(number, fact) for number, fact in facts]))
    held = zip(frame["customer_id"].to_list(), frame["m0"].to_list(), strict=True)
    return [number for number, holds in held if holds]


@lru_cache(maxsize=256)
def _plan(pattern: Pattern, zone: tzinfo) -> Plan:
    reading = Reading(zone)
    name = name_of(reading, "", pattern.event)
    where = conditions(reading, "", json.loads(pattern.where))
    if name is None or where is None:
        raise ValueError(f"a pattern that was not checked: {reading.faults}")
    return Plan({"": Events(name, where)}, zone)


def value_at(path: str, fact: Fact) -> str:
    """The value at a property's path as text, to tell one cart or order from another; empty where there is none."""
    found = property_path(path)
    if not isinstance(found, Path) or found.root not in {"", "$context"}:
        return ""
    value: Any = values.at_path(fact.context if found.root else fact.properties, found.keys)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)
