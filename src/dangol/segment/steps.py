"""Who is in which segment.

In: rules that people save; customers whom facts or time have touched.
Out: members, the next flip of every customer, `Segment Entered` and `Segment Left` facts, and the changes themselves.
Promise: membership is what the rule says of the customer's whole history at that instant, not a millisecond early or
late; a rule that was accepted never fails when it is evaluated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec
from django.db.models import Min

from dangol.base.clock import from_us, to_us
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.identity.rules import Merged
from dangol.segment import evaluation, explanation, rules, sentences
from dangol.segment.engines import Plan, Plans
from dangol.segment.language import Rule
from dangol.segment.models import Flip, Member, Segment
from dangol.segment.parse import Shape, read_rule, read_segment
from dangol.segment.rules import Change

__all__ = [
    "Change", "all_active", "archive", "check", "count", "evaluate", "evaluate_all", "explain", "forget", "get",
    "holding", "keys_of", "members", "merge", "next_flip", "recompute", "refresh", "save", "wake", "words",
]  # fmt: skip

AT_ONCE = 300  # values in one IN (…)
WALK_AT_MOST = 200  # flips of one customer that one call of wake follows; the rest waits for the next
ASKED = "\x00"  # begins no segment's key: stands before rules that are asked about and not saved

_plans = Plans()


def zone() -> tzinfo:
    """The shop's zone; UTC before there is a shop."""
    shop = Shop.objects.first()
    return shop.zone if shop else UTC


# --- segments ---------------------------------------------------------------------------------------------------------


def save(key: str, shape: Mapping[str, Any], now: datetime) -> Segment:
    """Make or change a segment; its members are computed over all history there is, and nobody is told.

    Raises Invalid with every fault; what is stored is then unchanged.
    """
    with turn():
        told = check(shape, key)
        segment = Segment.objects.filter(key=told.key).first()
        if segment and segment.state == "active" and segment.rule == told.where:
            if segment.name != told.name:
                segment.name, segment.updated_at = told.name, now
                segment.save(update_fields=["name", "updated_at"])
            return segment
        if segment is None:
            segment = Segment(key=told.key, created_at=now, version=0)
        segment.name, segment.rule, segment.state = told.name, told.where, "active"
        segment.version += 1
        segment.updated_at = now
        segment.save()
        _compute({told.key}, now)
        return segment


def check(shape: Mapping[str, Any], key: str | None = None) -> Shape:
    """The segment that a shape says, if it can be saved. Raises Invalid with every fault."""
    told = read_segment(shape, zone(), key)
    others = {other: rule for other, rule in _rules(all_active(), zone()).items() if other != told.key}
    faults = rules.reference_faults(told.key, told.rule, others)
    if faults:
        raise Invalid(faults)
    return told


def archive(key: str, now: datetime) -> None:
    """Put a segment away: nobody is in it any more. Raises NotFound, and Conflict while another refers to it."""
    with turn():
        segment = get(key)
        others = _rules(all_active(), zone())
        users = sorted(other for other, rule in others.items() if key in rules.references(rule))
        if users:
            raise Conflict(f"segment {key} is used by {', '.join(users)}; change that first")
        Segment.objects.filter(pk=segment.pk).update(state="archived", updated_at=now)
        Member.objects.filter(segment_id=segment.pk).delete()


def get(key: str) -> Segment:
    """An active segment. Raises NotFound."""
    segment = Segment.objects.filter(key=key, state="active").first()
    if segment is None:
        raise NotFound(f"no segment {key}")
    return segment


def all_active() -> list[Segment]:
    """Every active segment, by key."""
    return list(Segment.objects.filter(state="active").order_by("key"))


def _rules(segments: Sequence[Segment], where: tzinfo) -> dict[str, Rule]:
    return {segment.key: read_rule(segment.rule, where) for segment in segments}


def recompute(now: datetime) -> None:
    """Compute every segment anew over all history, and tell nobody: after the shop has moved to another time zone."""
    with turn():
        _compute({segment.key for segment in all_active()}, now)


def _compute(keys: set[str], now: datetime) -> None:
    """Members and flips of segments that are new or were changed, and of those that refer to them."""
    active, where = all_active(), zone()
    known = _rules(active, where)
    changed = keys.union(*(rules.referring(key, known) for key in keys))
    plan = Plan(rules.with_references(changed, known), where)
    found: dict[str, set[int]] = {one: set() for one in changed}
    for judged in evaluation.judge_all(plan, to_us(now)):
        for customer, one in judged.items():
            for held in one.keys & changed:
                found[held].add(customer)
        flips = {customer: one.flip for customer, one in judged.items() if one.flip is not None}
        _write_flips(flips, earlier_only=True)
    for segment in active:
        if segment.key in changed:
            _replace_members(segment, found[segment.key], now)


def _replace_members(segment: Segment, customers: set[int], now: datetime) -> None:
    before = set(Member.objects.filter(segment=segment).values_list("customer_id", flat=True))
    for part in parts(sorted(before - customers)):
        Member.objects.filter(segment=segment, customer_id__in=part).delete()
    new = [Member(segment=segment, customer_id=customer, since=now) for customer in sorted(customers - before)]
    Member.objects.bulk_create(new, batch_size=AT_ONCE)


# --- the live path ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Live:
    """The active segments, ready to run."""

    plan: Plan
    ids: dict[str, int]


def _live() -> Live | None:
    rows = list(Segment.objects.filter(state="active").order_by("key").values_list("key", "id", "rule"))
    if not rows:
        return None
    where = zone()
    signature = msgspec.json.encode([(key, rule) for key, _, rule in rows]).decode()
    plan = _plans.get(signature, lambda: rules.ordered({key: read_rule(rule, where) for key, _, rule in rows}), where)
    return Live(plan, {key: number for key, number, _ in rows})


def refresh(customer_ids: Collection[int], now: datetime, imported: Collection[int] = ()) -> list[Change]:
    """Judge customers whom facts have touched, at `now`; what was due before that happens first, at its instant."""
    live = _live()
    touched = sorted(set(customer_ids) - {0})
    if live is None or not touched:
        return []
    due = {
        customer: at
        for part in parts(touched)
        for customer, at in Flip.objects.filter(customer_id__in=part, at__lt=now).values_list("customer_id", "at")
    }
    changes = _walk(live, due, now)
    last, _ = _judge(live, dict.fromkeys(touched, now), set(imported))
    return changes + last


def wake(now: datetime, limit: int = 500) -> list[Change]:
    """Judge customers whose time has come, each at its flip's instant, and again until its next one lies ahead."""
    live = _live()
    due = dict(Flip.objects.filter(at__lte=now).order_by("at").values_list("customer_id", "at")[:limit])
    if live is None:
        Flip.objects.filter(customer_id__in=list(due)).delete()
        return []
    return _walk(live, due, now)


def _walk(live: Live, due: Mapping[int, datetime], until: datetime) -> list[Change]:
    """From flip to flip, up to `until`."""
    changes: list[Change] = []
    for _ in range(WALK_AT_MOST):
        if not due:
            break
        some, flips = _judge(live, due, set())
        changes += some
        due = {customer: at for customer, at in flips.items() if at <= until}
    return sorted(changes, key=lambda change: change.at)


def _judge(live: Live, at: Mapping[int, datetime], imported: set[int]) -> tuple[list[Change], dict[int, datetime]]:
    """Judge each customer at its instant and write what came of it; the changes, and the next flips."""
    judged = evaluation.judge(live.plan, {customer: to_us(when) for customer, when in at.items()})
    forget([customer for customer in at if customer not in judged])
    before = keys_of(judged)
    after = {customer: one.keys for customer, one in judged.items()}
    changes = rules.crossings({c: set(keys) for c, keys in before.items()}, after, at, imported)
    _write_changes(live, changes)
    _write_flips({customer: one.flip for customer, one in judged.items()})
    return changes, {customer: from_us(one.flip) for customer, one in judged.items() if one.flip is not None}


def _write_changes(live: Live, changes: Sequence[Change]) -> None:
    left: dict[str, list[int]] = defaultdict(list)
    for change in changes:
        if not change.entered:
            left[change.segment].append(change.customer_id)
    for key, customers in left.items():
        for part in parts(customers):
            Member.objects.filter(segment_id=live.ids[key], customer_id__in=part).delete()
    Member.objects.bulk_create(
        [Member(segment_id=live.ids[c.segment], customer_id=c.customer_id, since=c.at) for c in changes if c.entered],
        batch_size=AT_ONCE,
    )
    told = [change for change in changes if not change.imported]
    if told:
        collect.emit_all([_fact(change) for change in told])


def _fact(change: Change) -> tuple[str, int, Mapping[str, Any], str, datetime]:
    verb = "entered" if change.entered else "left"
    message_id = f"segment:{change.segment}:{change.customer_id}:{to_us(change.at)}:{verb}"
    return f"Segment {verb.title()}", change.customer_id, {"segment": change.segment}, message_id, change.at


def _write_flips(flips: Mapping[int, int | None], *, earlier_only: bool = False) -> None:
    """Set the next flip of each customer; `earlier_only` where other segments have flips of their own."""
    for part in parts(sorted(flips)):
        known = {c: to_us(at) for c, at in Flip.objects.filter(customer_id__in=part).values_list("customer_id", "at")}
        none = [customer for customer in part if flips[customer] is None and customer in known]
        if none:
            Flip.objects.filter(customer_id__in=none).delete()
        rows = []
        for customer in part:
            flip, old = flips[customer], known.get(customer)
            if flip is not None and flip != old and not (earlier_only and old is not None and old <= flip):
                rows.append(Flip(customer_id=customer, at=from_us(flip)))
        if rows:
            Flip.objects.bulk_create(rows, update_conflicts=True, unique_fields=["customer_id"], update_fields=["at"])


def next_flip() -> datetime | None:
    """The earliest instant at which time alone may change a membership."""
    found: datetime | None = Flip.objects.aggregate(at=Min("at"))["at"]
    return found


def merge(merges: Sequence[Merged]) -> None:
    """Absorbed customers are in nothing any more; their survivors, who have all facts now, are judged by the loop."""
    forget([merged.absorbed for merged in merges])


def forget(customer_ids: Collection[int]) -> None:
    """Customers leave every segment, and nobody is told."""
    for part in parts(sorted(customer_ids)):
        Member.objects.filter(customer_id__in=part).delete()
        Flip.objects.filter(customer_id__in=part).delete()


# --- asking -----------------------------------------------------------------------------------------------------------


def evaluate(where: Any, at: datetime) -> list[int]:
    """The customers for whom a rule holds at an instant, over all history, in no order. Raises Invalid."""
    return evaluate_all({"": where}, at)[""]


def evaluate_all(wheres: Mapping[str, Any], at: datetime) -> dict[str, list[int]]:
    """The customers of many rules, by the name each goes by here; all history is read once. Raises Invalid."""
    plan = _plan_of(wheres)
    found: dict[str, list[int]] = {name: [] for name in wheres}
    for judged in evaluation.judge_all(plan, to_us(at)):
        for customer, one in judged.items():
            for key in one.keys:
                if key.startswith(ASKED):
                    found[key.removeprefix(ASKED)].append(customer)
    return found


def count(where: Any, at: datetime) -> int:
    """For how many customers a rule holds at an instant. Raises Invalid."""
    return len(evaluate(where, at))


def _plan_of(wheres: Mapping[str, Any]) -> Plan:
    here = zone()
    asked = {ASKED + name: read_rule(where, here) for name, where in wheres.items()}
    known = _rules(all_active(), here)
    faults = [fault for key, rule in asked.items() for fault in rules.reference_faults(key, rule, known)]
    if faults:
        raise Invalid(faults)
    return Plan(rules.with_references(list(asked), {**known, **asked}), here)


def members(key: str, cursor: int = 0, limit: int = 100) -> list[Member]:
    """Who is in a segment now, by customer id, after the id `cursor`. Raises NotFound."""
    found = Member.objects.filter(segment=get(key), customer_id__gt=cursor).order_by("customer_id")
    return list(found[:limit])


def keys_of(customer_ids: Collection[int]) -> dict[int, list[str]]:
    """The segments that customers are in; customers who are in none are missing."""
    found: dict[int, list[str]] = defaultdict(list)
    for part in parts(sorted(customer_ids)):
        rows = Member.objects.filter(customer_id__in=part).order_by("segment__key")
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
    known = rules.with_references([key], _rules(all_active(), here))
    return explanation.explain(key, known, customer_id, now, here, member.since if member else None)


def words(where: Any, language: str = "en") -> str:
    """The rule in a sentence, in English or Korean."""
    return sentences.words(where, language)
