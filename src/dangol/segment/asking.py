"""Questions about segments: for whom a rule holds, who is in what, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

import polars as pl

from dangol.base.clock import to_us
from dangol.base.errors import Invalid
from dangol.base.parts import parts
from dangol.profile.topics import opt_out
from dangol.segment import evaluation, everybody, explanation, rules, sentences
from dangol.segment.active import get, makings, rules_of, visible, zone
from dangol.segment.engines import Plan
from dangol.segment.language import Rule
from dangol.segment.models import Member, Segment
from dangol.segment.parse import read_rule

NONE_BESIDE: Mapping[str, Rule] = {}
ASKED = "\x00"  # begins no segment's key: stands before rules that are asked about and not saved


def evaluate(where: Any, at: datetime) -> list[int]:
    """The customers for whom a rule holds at an instant, over all history, in no order. Raises Invalid."""
    return evaluate_all({"": where}, at)[""]


def evaluate_all(
    wheres: Mapping[str, Any], at: datetime, beside: Mapping[str, Rule] = NONE_BESIDE
) -> dict[str, list[int]]:
    """The customers of many rules, by the name each goes by here; all history is read once. Raises Invalid.

    `beside`: segments by key that the rules may refer to, though they are not saved, or not so.
    """
    plan = _plan_of(wheres, beside)
    columns = {name: f"m{plan.keys.index(ASKED + name)}" for name in wheres}
    found: dict[str, list[int]] = {name: [] for name in wheres}
    for frame in everybody.judge(plan, to_us(at), list(columns.values())):
        for name, column in columns.items():
            found[name] += frame.filter(pl.col(column))["customer_id"].to_list()
    return found


def count_all(wheres: Mapping[str, Any], at: datetime) -> dict[str, int]:
    """For how many customers each of many rules holds; history is read once, nobody is listed. Raises Invalid."""
    plan = _plan_of(wheres)
    columns = {name: f"m{plan.keys.index(ASKED + name)}" for name in wheres}
    found = dict.fromkeys(wheres, 0)
    for frame in everybody.judge(plan, to_us(at), list(columns.values())):
        for name, column in columns.items():
            found[name] += int(frame[column].sum())
    return found


def judge(wheres: Mapping[str, Any], at: datetime, customer_ids: Collection[int]) -> dict[str, list[int]]:
    """Of these customers, those for whom each of many rules holds at an instant. Raises Invalid."""
    return judge_then(wheres, dict.fromkeys(customer_ids, at))


def judge_then(wheres: Mapping[str, Any], then: Mapping[int, datetime]) -> dict[str, list[int]]:
    """Of these customers, those for whom each of many rules holds, each at an instant of their own. Raises Invalid."""
    plan = _plan_of(wheres)
    found: dict[str, list[int]] = {name: [] for name in wheres}
    for customer, one in evaluation.judge(plan, {customer: to_us(at) for customer, at in then.items()}).items():
        for key in one.keys:
            if key.startswith(ASKED):
                found[key.removeprefix(ASKED)].append(customer)
    return found


def count(where: Any, at: datetime) -> int:
    """For how many customers a rule holds at an instant. Raises Invalid."""
    return len(evaluate(where, at))


def _plan_of(wheres: Mapping[str, Any], beside: Mapping[str, Rule] = NONE_BESIDE) -> Plan:
    here, silent, makes = zone(), opt_out(), makings()
    asked = {ASKED + name: read_rule(where, here, silent, makes) for name, where in wheres.items()}
    known = {**rules_of(visible(), here), **beside}
    faults = [fault for key, rule in asked.items() for fault in rules.reference_faults(key, rule, known)]
    if faults:
        raise Invalid(faults)
    return _compiled(tuple(rules.with_references(list(asked), {**known, **asked}).items()), here)


@lru_cache(maxsize=4)
def _compiled(asked: tuple[tuple[str, Rule], ...], here: tzinfo) -> Plan:
    """Compiling takes longer than asking, and the plan's page asks the same each time it is looked at."""
    return Plan(dict(asked), here)


def members(key: str, cursor: int = 0, limit: int = 100) -> list[Member]:
    """Who is in a segment now, by customer id, after the id `cursor`. Raises NotFound."""
    found = Member.objects.filter(segment=get(key), customer_id__gt=cursor).order_by("customer_id")
    return list(found[:limit])


def keys_of(customer_ids: Collection[int]) -> dict[int, list[str]]:
    """The segments that customers are in; customers who are in none are missing."""
    found: dict[int, list[str]] = defaultdict(list)
    for part in parts(sorted(customer_ids)):
        active = Segment.shown.filter(state="active")
        rows = Member.objects.filter(customer_id__in=part, segment__in=active).order_by("segment__key")
        for customer, key in rows.values_list("customer_id", "segment__key"):
            found[customer].append(key)
    return dict(found)


def holding(key: str, customer_ids: Collection[int]) -> set[int]:
    """Those of some customers who are in a segment now; nobody where there is no such segment."""
    return {
        customer
        for part in parts(sorted(customer_ids))
        for customer in Member.objects.filter(
            segment__key=key, segment__state="active", customer_id__in=part
        ).values_list("customer_id", flat=True)
    }


def explain(key: str, customer_id: int, now: datetime) -> explanation.Explanation:
    """Why a customer is in a segment or not, and when that will change if nothing happens. Raises NotFound."""
    segment, here = get(key), zone()
    member = Member.objects.filter(segment=segment, customer_id=customer_id).first()
    known = rules.with_references([key], rules_of(visible(), here))
    return explanation.explain(key, known, customer_id, now, here, member.since if member else None)


def explain_rule(where: Any, customer_id: int, now: datetime) -> explanation.Explanation:
    """The same for a rule that is not saved. Raises Invalid."""
    here = zone()
    rule, known = read_rule(where, here, opt_out(), makings()), rules_of(visible(), here)
    faults = rules.reference_faults(ASKED, rule, known)
    if faults:
        raise Invalid(faults)
    told = rules.with_references([ASKED], {**known, ASKED: rule})
    return explanation.explain(ASKED, told, customer_id, now, here, None)


def words(where: Any, language: str = "en") -> str:
    """The rule in a sentence, in English or Korean."""
    return sentences.words(where, language)
