"""Who starts a run: by a segment entered, a fact, a day, a call; once for each trigger, again as the campaign says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dangol.base import bulk
from dangol.base.errors import Fault, Invalid
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign import rules, runs, trails, waits, walking
from dangol.campaign.book import Book, Plan
from dangol.campaign.definition import Definition, TraitDay
from dangol.campaign.models import Campaign, Run
from dangol.campaign.people import Cohort
from dangol.campaign.walking import RUNNING, Walk
from dangol.collect.facts import Fact
from dangol.segment import hidden
from dangol.segment.matching import Pattern, matching, value_at
from dangol.segment.rules import Change

NONE = timedelta(0)
MISSED = timedelta(days=1)  # a day's message that is later than this is not begun
Told = Sequence[tuple[Fact, int]]  # facts, each with its customer


@dataclass(frozen=True, slots=True)
class Starting:
    """Somebody who would start a run."""

    customer: int
    trigger: str
    since: datetime
    context: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""


def from_news(campaign: Campaign, plan: Plan, changes: Sequence[Change], told: Told, now: datetime) -> list[Starting]:
    """Whom a turn's changes of segments and facts let start."""
    entry = plan.definition.entry
    if entry.fact:
        return list(by_fact(plan.definition, told, now))
    if entry.kind == "segment":
        return list(_by_segment(plan.definition, changes, told))
    if entry.day:
        return list(_by_day(entry.day, hidden.key_of(day_segment(plan.definition)), changes, now))
    return []


def _by_segment(definition: Definition, changes: Sequence[Change], told: Told) -> Iterator[Starting]:
    entered = [c for c in changes if c.entered and not c.imported and c.segment == definition.entry.segment]
    if not entered:
        return
    newest = {who: fact for fact, who in told if fact.type == "track" and not fact.own}
    led = {who: trail for fact, who in told if (trail := trails.told_by(fact))}
    for change in entered:
        fact = newest.get(change.customer_id)
        context = {"segment": definition.entry.segment} | (rules.context_of(fact) if fact else {})
        if change.customer_id in led:
            context["trail"] = led[change.customer_id]
        yield Starting(change.customer_id, rules.segment_trigger(change.at), change.at, context)


def by_fact(definition: Definition, told: Told, now: datetime) -> Iterator[Starting]:
    """Whom facts let start that are not older than a month at `now`; each is judged then or, if it is later, at its
    own time."""
    entry = definition.entry
    some = [(fact, who) for fact, who in told if rules.starts(entry, fact, now)]
    if not some:
        return
    pattern = Pattern(entry.fact, entry.where)
    fitting = matching([pattern], [fact for fact, _ in some], now, Shop.objects.get().zone)[pattern]
    for number in sorted(fitting):
        fact, who = some[number]
        trigger, about = rules.fact_trigger(fact), ""
        if entry.key:
            about = rules.about_of(value_at(entry.key, fact))
            if not about:
                continue  # a cart without a number cannot be told from another
            trigger = rules.keyed_trigger(entry, about, trigger)
        trail = trails.told_by(fact)
        yield Starting(who, trigger, fact.at, rules.context_of(fact) | ({"trail": trail} if trail else {}), about)


def day_segment(definition: Definition) -> dict[str, Any] | None:
    """The rule of those whose day is near: kept like a segment, it tells the loop when to look. None for other entries.

    It begins a day early, for somewhere on earth the day has begun by then.
    """
    day = definition.entry.day
    if day is None:
        return None
    days = abs(round(day.offset / timedelta(days=1)))
    before = {"in_next": f"{days + 1}d"}
    if day.yearly:
        near: dict[str, Any] = {"anniversary": before if day.offset <= NONE else {"in_last": f"{days + 2}d"}}
    else:
        near = before if day.offset <= NONE else {"within": f"{days + 2}d"}
    near = {"trait": day.trait} | near
    return {"all": [near, {"segment": definition.entry.segment}]} if definition.entry.segment else near


def _by_day(day: TraitDay, window: str, changes: Sequence[Change], now: datetime) -> Iterator[Starting]:
    """Whoever's day has come near begins now and waits for its hour where they live."""
    near = [c.customer_id for c in changes if c.entered and c.segment == window]
    if not near:
        return
    people = Cohort(near, (), Shop.objects.get(), now)
    for customer in near:
        found = waits.next_day(day, now, people.person(customer))
        if found is not None and found[1] > now - MISSED:
            on, at = found
            yield Starting(customer, f"date:{on.isoformat()}", at, {"date": {"on": on.isoformat(), "trait": day.trait}})


# --- beginning ------------------------------------------------------------------------------------------------------


def start(book: Book, campaign: Campaign, starting: Iterable[Starting], now: datetime) -> list[Run]:
    """Begin a run for each who may; those that were new and are under way or held out. Nothing is walked yet."""
    plan = book.plan(campaign.pk)
    first = {(one.customer, one.trigger): one for one in reversed(_led_on(campaign, starting))}
    if not first:
        return []
    earlier = _earlier(campaign, sorted({customer for customer, _ in first}))
    people = Cohort([customer for customer, _ in first], (), Shop.objects.get(), now)
    walk, new = Walk(), []
    for one in sorted(first.values(), key=lambda one: (one.since, one.customer)):
        before = earlier[one.customer]
        if one.trigger in {run.trigger for run in before} or not _may(plan.definition, before, one):
            continue
        run = make(campaign, plan, one, book.holdout_percent)
        walking.begin(run, plan, one.since, people, now, walk)
        before.append(run)
        new.append(run)
    runs.add(new)
    runs.tell_entered(new)
    runs.tell_left(walk, now)
    return new


def _led_on(campaign: Campaign, starting: Iterable[Starting]) -> list[Starting]:
    """Those whom no trail keeps out; where one does, the run that led here says so."""
    on: list[Starting] = []
    back: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for one in starting:
        trail = tuple(one.context.get("trail", ()))
        if trails.leads_on(trail, campaign.key):
            on.append(one)
        else:
            back[trail].append(one.customer)
    for trail, customers in back.items():
        trails.mark_newest(trail, customers, campaign.key)
    return on


def make(campaign: Campaign, plan: Plan, one: Starting, of_all: float) -> Run:
    """A run that is not stored yet; `of_all` per cent are held out of every campaign that goes by that."""
    of_all = of_all if plan.definition.shop_holdout else 0
    return Run(
        campaign=campaign, customer_id=one.customer, home=one.customer, trigger=one.trigger, context=dict(one.context),
        entered_at=one.since, version=campaign.version, about=one.about,
        share=rules.treated_share(plan.definition, of_all),
        arm=rules.arm(campaign.key, one.customer, plan.definition.holdout_percent, of_all),
    )  # fmt: skip


def alike(campaign: Campaign, plan: Plan, some: Sequence[Starting], of_all: float) -> list[Run]:
    """What `make` gives for each of these, who have everything but the customer in common."""
    if not some:
        return []
    first, percent = make(campaign, plan, some[0], of_all), plan.definition.holdout_percent
    of_all = of_all if plan.definition.shop_holdout else 0
    return [
        bulk.like(first, customer_id=who, home=who, arm=rules.arm(campaign.key, who, percent, of_all))
        for who in (one.customer for one in some)
    ]


def _may(definition: Definition, before: Sequence[Run], one: Starting) -> bool:
    """Whether the campaign's word on coming again lets somebody in: of a cart or order by its own runs."""
    alike = [run for run in before if not definition.entry.key or run.about == one.about]
    return rules.may_start(definition.entry.again, [(run.entered_at, run.state == RUNNING) for run in alike], one.since)


def _earlier(campaign: Campaign, customers: Sequence[int]) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = defaultdict(list)
    for part in parts(customers):
        rows = Run.objects.filter(campaign=campaign, customer_id__in=part)
        for run in rows.only("customer_id", "trigger", "entered_at", "state", "about"):
            found[run.customer_id].append(run)
    return found


def by_call(
    book: Book, campaign: Campaign, customer: int, properties: Mapping[str, Any], trigger: str, now: datetime
) -> Run | None:
    """Begin a run that somebody asked for. Raises Invalid where the campaign is entered in another way."""
    entry = book.plan(campaign.pk).definition.entry
    if not entry.api:
        raise Invalid([Fault("/entry", entry.kind, "a campaign with entry {api: true}")])
    event = Fact(0, "api", trigger, "track", "called", now, now, properties=dict(properties))
    about = rules.about_of(value_at(entry.key, event)) if entry.key else ""
    if entry.key and not about:
        raise Invalid([Fault("/properties", "nothing at " + entry.key, "what the run is about")])
    told = rules.keyed_trigger(entry, about, f"api:{trigger}") if entry.key else rules.fact_trigger(event)
    new = start(book, campaign, [Starting(customer, told, now, rules.context_of(event), about)], now)
    return new[0] if new else None
