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

Holding = Mapping[str, datetime]  # the rules that began to hold for one customer, and when


@dataclass(frozen=True, slots=True)
class News:
    """What is new of customers: the facts that fit each pattern, in their order, and the rules that began to hold."""

    facts: Mapping[int, Mapping[Pattern, Sequence[Fact]]]
    holds: Mapping[int, Holding]

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
    holds: dict[int, dict[str, datetime]] = defaultdict(dict)
    for change in changes:
        if change.entered and change.segment in book.segments:
            holds[change.customer_id].setdefault(change.segment, change.at)
    return News(facts, holds)


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
    definition = plan.definition
    facts, holds = new.facts.get(run.customer_id, {}), new.holds.get(run.customer_id, {})
    reached = _reached(definition, run, facts, holds)
    noted = reached and run.reached_at is None and (definition.exit_on_goal or _is_rule(definition))
    if noted:
        run.reached_at = now
    if reached and definition.exit_on_goal:
        walking.end(run, "goal", now, walk)
        return True
    if definition.exit and _true(definition.exit, run, Window(run.entered_at), facts, holds):
        walking.end(run, "exit", now, walk)
        return True
    step = plan.way.steps.get(run.step)
    if run.phase == INSIDE and step and isinstance(step.act, WaitFor):
        window = Window(run.since or run.entered_at, run.due_at, now)
        taken = first_true(step.act.branches, run, window, facts, holds)
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
    return noted


def _answers(fact: Fact, run: Run) -> bool:
    """Whether a fact is the answer to the call that this run waits for."""
    told = fact.properties
    return fact.own and (told.get("campaign"), told.get("step"), told.get("trigger")) == (
        run.campaign.key, run.step, run.trigger,
    )  # fmt: skip


def _is_rule(definition: Definition) -> bool:
    return definition.goal is not None and definition.goal.holds is not None


def _reached(definition: Definition, run: Run, facts: Mapping[Pattern, Sequence[Fact]], holds: Holding) -> bool:
    goal = definition.goal
    if goal is None:
        return False
    if goal.holds:
        return goal.holds.segment in holds
    some = facts.get(Pattern(goal.fact, goal.where), ())
    return any(rules.reaches_goal(definition, run.trigger, run.entered_at, fact) for fact in some)


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which something counts: after `since`, up to `until`; looked at in the turn of `now`."""

    since: datetime
    until: datetime | None = None
    now: datetime | None = None

    def has(self, at: datetime) -> bool:
        return self.since < at and (self.until is None or at <= self.until)

    def has_change(self, at: datetime) -> bool:
        """Whether a rule came to hold in time. What facts brought about bears the time of the turn, not theirs."""
        return self.until is None or at <= self.until or at == self.now


def _true(when: When, run: Run, window: Window, facts: Mapping[Pattern, Sequence[Fact]], holds: Holding) -> bool:
    if isinstance(when, Holds):
        return when.segment in holds and window.has_change(holds[when.segment])
    some = facts.get(Pattern(when.fact, when.where), ())
    return any(window.has(fact.at) and _is_about(when, run, fact) for fact in some)


def _is_about(when: Happens, run: Run, fact: Fact) -> bool:
    return not when.match or rules.about_of(value_at(when.match, fact)) == run.about


def first_true(
    branches: Iterable[Branch], run: Run, window: Window, facts: Mapping[Pattern, Sequence[Fact]], holds: Holding
) -> str | None:
    """The first branch, as they are written, that came true in a window."""
    return next((one.key for one in branches if _true(one.when, run, window, facts, holds)), None)


def look_back(book: Book, arrived: Sequence[tuple[Run, datetime]], now: datetime, walk: Walk) -> None:
    """Let those go who came to wait for what had happened by then: facts come in before time passes in a turn."""
    by_run = [
        (run, until, _branches(book, run))
        for run, until in arrived
        if run.phase == INSIDE and run.state == RUNNING and run.since and run.since < now
    ]
    waiting = [run for run, _, _ in by_run]
    patterns = {Pattern(w.fact, w.where) for _, _, branches in by_run for w in _facts_of(branches)}
    if not patterns:
        return
    shop = Shop.objects.get()
    stored = _stored(waiting, patterns, now)
    people = Cohort([run.customer_id for run in waiting], (), shop, now)
    for run, until, branches in by_run:
        mine = stored.get(run.customer_id, [])
        fitting = matching(patterns, mine, now, shop.zone)
        facts = {pattern: [mine[number] for number in sorted(numbers)] for pattern, numbers in fitting.items()}
        taken = first_true(branches, run, Window(run.since or run.entered_at, until), facts, {})
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
    reached = []
    for run in ended.only("pk", "customer_id", "campaign_id", "entered_at"):
        goal = goals[run.campaign_id]
        held = goal.holds is not None and goal.holds.segment in new.holds.get(run.customer_id, ())
        if held and run.entered_at < now <= run.entered_at + goal.within:
            reached.append(run.pk)
    for some in parts(reached):
        Run.objects.filter(pk__in=some).update(reached_at=now)
