"""What happens to runs that are under way: goals and exits at once, and what they wait for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign import rules, runs, walking
from dangol.campaign.book import ANSWERED, Book, Plan
from dangol.campaign.definition import Branch, Definition, Happens, Holds, WaitFor, Webhook, When
from dangol.campaign.models import Run
from dangol.campaign.people import Cohort
from dangol.campaign.stored import fact_of, named_rows
from dangol.campaign.walking import INSIDE, RUNNING, Walk
from dangol.collect.facts import Fact
from dangol.profile.models import Fact as Row
from dangol.segment.matching import Pattern, matching, value_at
from dangol.segment.rules import Change


@dataclass(frozen=True, slots=True)
class News:
    """What is new of customers: the facts that fit each pattern, in their order, and the rules that began to hold."""

    facts: Mapping[int, Mapping[Pattern, Sequence[Fact]]]
    holds: Mapping[int, frozenset[str]]

    @property
    def customers(self) -> list[int]:
        return sorted({*self.facts, *self.holds})


def news(book: Book, changes: Sequence[Change], told: Sequence[tuple[Fact, int]], now: datetime) -> News:
    """What of a turn's facts and changes anybody can wait for."""
    facts: dict[int, dict[Pattern, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    if told and book.patterns:
        zone = Shop.objects.get().zone
        for pattern, numbers in matching(book.patterns, [fact for fact, _ in told], now, zone).items():
            for number in sorted(numbers):
                fact, who = told[number]
                facts[who][pattern].append(fact)
    holds: dict[int, set[str]] = defaultdict(set)
    for change in changes:
        if change.entered and change.segment in book.segments:
            holds[change.customer_id].add(change.segment)
    return News(facts, {customer: frozenset(keys) for customer, keys in holds.items()})


def apply(book: Book, new: News, now: datetime) -> None:
    """End runs whose goal is reached or whose exit holds; let go those that waited for what has happened."""
    walk, changed = Walk(), []
    for part in parts(new.customers):
        some = list(Run.objects.filter(customer_id__in=part, campaign_id__in=book.campaigns, state=RUNNING))
        people = Cohort([run.customer_id for run in some], (), Shop.objects.get(), now) if some else None
        for run in some:
            run.campaign = book.campaigns[run.campaign_id]
            if people and _touch(run, book.plan(run.campaign_id, run.version), new, people, now, walk):
                changed.append(run)
        _reach_afterwards(book, part, new, now)
    runs.save(changed)
    runs.tell_left(walk, now)


def _touch(run: Run, plan: Plan, new: News, people: Cohort, now: datetime, walk: Walk) -> bool:
    """Whether anything that is new changes this run."""
    facts, holds = new.facts.get(run.customer_id, {}), new.holds.get(run.customer_id, frozenset())
    reached = _reached(plan.definition, run, facts, holds)
    if reached and plan.definition.exit_on_goal:
        run.reached_at = now
        walking.end(run, "goal", now, walk)
        return True
    if plan.definition.exit and _true(plan.definition.exit, run, run.entered_at, facts, holds):
        walking.end(run, "exit", now, walk)
        return True
    step = plan.way.steps.get(run.step)
    if run.phase == INSIDE and step and isinstance(step.act, WaitFor):
        taken = first_true(step.act.branches, run, facts, holds)
        if taken is not None:
            walking.go(run, plan, plan.way.into[step.key, taken], people, now, walk)
            return True
    if run.phase == INSIDE and step and isinstance(step.act, Webhook):
        told = next((fact for fact in facts.get(ANSWERED, ()) if _answers(fact, run)), None)
        if told is not None:
            answered = {**(run.context.get("webhooks") or {}), step.key: told.properties.get("answer")}
            run.context = {**run.context, "webhooks": answered}
            walking.go(run, plan, plan.way.behind[step.key], people, now, walk)
            return True
    return False


def _answers(fact: Fact, run: Run) -> bool:
    """Whether a fact is the answer to the call that this run waits for."""
    told = fact.properties
    return fact.own and (told.get("campaign"), told.get("step"), told.get("trigger")) == (
        run.campaign.key, run.step, run.trigger,
    )  # fmt: skip


def _reached(definition: Definition, run: Run, facts: Mapping[Pattern, Sequence[Fact]], holds: frozenset[str]) -> bool:
    goal = definition.goal
    if goal is None:
        return False
    if goal.holds:
        return goal.holds.segment in holds
    some = facts.get(Pattern(goal.fact, goal.where), ())
    return any(rules.reaches_goal(definition, run.trigger, run.entered_at, fact) for fact in some)


def _true(
    when: When, run: Run, since: datetime, facts: Mapping[Pattern, Sequence[Fact]], holds: frozenset[str]
) -> bool:
    if isinstance(when, Holds):
        return when.segment in holds
    some = facts.get(Pattern(when.fact, when.where), ())
    return any(_counts(when, run, since, fact) for fact in some)


def _counts(when: Happens, run: Run, since: datetime, fact: Fact) -> bool:
    """Whether a fact is what was waited for: later than what began the waiting, and about the same thing."""
    if fact.at <= since:
        return False
    return not when.match or rules.about_of(value_at(when.match, fact)) == run.about


def first_true(
    branches: Iterable[Branch], run: Run, facts: Mapping[Pattern, Sequence[Fact]], holds: frozenset[str]
) -> str | None:
    """The first branch, as they are written, that has come true since the run began to wait."""
    since = run.since or run.entered_at
    return next((one.key for one in branches if _true(one.when, run, since, facts, holds)), None)


def look_back(book: Book, arrived: Sequence[Run], now: datetime, walk: Walk) -> None:
    """Let those go who came to wait for what had happened by then: facts come in before time passes in a turn."""
    waiting = [run for run in arrived if run.phase == INSIDE and run.state == RUNNING and run.since and run.since < now]
    by_run = [(run, _branches(book, run)) for run in waiting]
    patterns = {Pattern(w.fact, w.where) for _, branches in by_run for w in _facts_of(branches)}
    if not patterns:
        return
    shop = Shop.objects.get()
    stored = _stored(waiting, patterns, now)
    people = Cohort([run.customer_id for run in waiting], (), shop, now)
    for run, branches in by_run:
        mine = stored.get(run.customer_id, [])
        fitting = matching(patterns, mine, now, shop.zone)
        facts = {pattern: [mine[number] for number in sorted(numbers)] for pattern, numbers in fitting.items()}
        taken = first_true(branches, run, facts, frozenset())
        if taken is not None:
            plan = book.plan(run.campaign_id, run.version)
            walking.go(run, plan, plan.way.into[run.step, taken], people, now, walk)


def _branches(book: Book, run: Run) -> Sequence[Branch]:
    act = book.plan(run.campaign_id, run.version).way.steps[run.step].act
    return act.branches if isinstance(act, WaitFor) else ()


def _facts_of(branches: Iterable[Branch]) -> list[Happens]:
    return [branch.when for branch in branches if isinstance(branch.when, Happens)]


def _stored(waiting: Sequence[Run], patterns: Iterable[Pattern], now: datetime) -> dict[int, list[Fact]]:
    """The facts of these names since the earliest of them began to wait, by customer."""
    since = min(run.since or now for run in waiting)
    called = Q()
    for pattern in patterns:
        called |= named_rows(pattern.event)
    found: dict[int, list[Fact]] = defaultdict(list)
    for part in parts(sorted({run.customer_id for run in waiting})):
        for row in Row.objects.filter(called, customer_id__in=part, at__gte=since, at__lte=now).order_by("at"):
            found[row.customer_id].append(fact_of(row))
    return found


def _reach_afterwards(book: Book, customers: Sequence[int], new: News, now: datetime) -> None:
    """A rule that is a goal may come to hold when the run is over already: that is kept for the harvest."""
    goals = {
        pk: goal
        for pk in book.campaigns
        if (goal := book.plan(pk).definition.goal) is not None and goal.holds is not None
    }
    if not goals or not any(new.holds.get(customer) for customer in customers):
        return
    ended = Run.objects.filter(customer_id__in=customers, campaign_id__in=goals, reached_at=None).exclude(state=RUNNING)
    for run in ended.only("pk", "customer_id", "campaign_id", "entered_at"):
        goal = goals[run.campaign_id]
        held = goal.holds is not None and goal.holds.segment in new.holds.get(run.customer_id, ())
        if held and run.entered_at < now <= run.entered_at + goal.within:
            Run.objects.filter(pk=run.pk).update(reached_at=now)
