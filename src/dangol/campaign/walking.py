"""One run goes on: steps are taken until one has to wait. What it asks of others is given back, nothing else is done.

In: a run that is due, its plan, the customers of its batch. Out: the run changed in place, and what it asks for.
Promise: at most MOST_AT_ONCE steps; a held-out run goes the same way and asks for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dangol.base.shares import share
from dangol.campaign import coupons, rules, waits
from dangol.campaign.book import Plan
from dangol.campaign.definition import (
    OTHERWISE,
    Act,
    Exit,
    Give,
    Holds,
    Shares,
    Split,
    Step,
    WaitFor,
    Webhook,
)
from dangol.campaign.models import Run
from dangol.campaign.people import Cohort
from dangol.campaign.way import END

RUNNING, FINISHED, LEFT = "active", "finished", "left"
WAITING, INSIDE = "wait", "for"  # phases: before a step, and in it until something happens
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a step wants done for a customer, in the transaction of the turn."""

    run: Run
    step: Step
    act: Act
    due_at: datetime  # when the step was due


@dataclass(slots=True)
class Walk:
    """What came of one batch."""

    asked: list[Asked] = field(default_factory=list)
    ended: list[tuple[Run, str]] = field(default_factory=list)  # runs that ended, and why
    arrived: list[tuple[Run, datetime]] = field(default_factory=list)  # to wait for something, up to when


def take(run: Run, plan: Plan, people: Cohort, now: datetime, walk: Walk) -> None:
    """Let a due run take its steps up to `now`."""
    for _ in range(MOST_AT_ONCE):
        if run.state != RUNNING or run.due_at is None or run.due_at > now:
            return
        reason = stops(run, plan, people, now)
        if reason:
            end(run, reason, now, walk)
            return
        step = plan.way.steps.get(run.step)
        if step is None:
            end(run, "finished", now, walk)
            return
        before = run.phase
        _act(run, step, plan, people, now, walk)
        if (before, run.phase) == (WAITING, INSIDE):
            return  # what happened while nobody looked comes before the end of the wait
    run.due_at = now  # goes on in the next turn


def stops(run: Run, plan: Plan, people: Cohort, now: datetime) -> str:
    """Why a run ends before its next step: its goal or its exit rule holds. Empty where it goes on."""
    definition = plan.definition
    goal = definition.goal.holds if definition.goal else None
    if goal and people.holds(goal.segment, run.customer_id):
        run.reached_at = run.reached_at or now
        if definition.exit_on_goal:
            return "goal"
    leaves = definition.exit
    return "exit" if isinstance(leaves, Holds) and people.holds(leaves.segment, run.customer_id) else ""


def _act(run: Run, step: Step, plan: Plan, people: Cohort, now: datetime, walk: Walk) -> None:
    due_at = run.due_at or now
    match step.act:
        case WaitFor() as act if run.phase == WAITING:
            _stay(run, act, due_at, people, plan, now, walk)
        case WaitFor():
            go(run, plan, plan.way.into[step.key, OTHERWISE], people, now, walk)
        case Webhook() as act if run.phase == WAITING and run.arm == rules.TREATED:
            walk.asked.append(Asked(run, step, act.message, due_at))
            run.phase, run.since, run.due_at = INSIDE, due_at, now + act.within
        case Webhook():
            go(run, plan, plan.way.behind[step.key], people, now, walk)
        case Give() as act if run.phase == WAITING and run.arm == rules.TREATED:
            walk.asked.append(Asked(run, step, act, due_at))
            run.phase, run.since, run.due_at = INSIDE, due_at, now  # what came of it is looked at in the next turn
        case Give() as act if run.arm == rules.TREATED and act.without == "exit" and coupons.missing(run, step.key):
            end(run, "no_coupon", now, walk)
        case Give():
            go(run, plan, plan.way.behind[step.key], people, now, walk)
        case Split() as act:
            held = (one.key for one in act.branches if isinstance(one.when, Holds) and _is(one.when, run, people))
            go(run, plan, plan.way.into[step.key, next(held, OTHERWISE)], people, now, walk)
        case Shares() as act:
            drawn = drawn_share(act, run.campaign.key, step.key, run.home)
            go(run, plan, plan.way.into[step.key, drawn], people, now, walk)
        case Exit():
            end(run, "exited", now, walk)
        case act:
            if act is not None and run.arm == rules.TREATED:
                walk.asked.append(Asked(run, step, act, due_at))
            go(run, plan, plan.way.behind[step.key], people, now, walk)


def _is(when: Holds, run: Run, people: Cohort) -> bool:
    return people.holds(when.segment, run.customer_id)


def _stay(run: Run, act: WaitFor, due_at: datetime, people: Cohort, plan: Plan, now: datetime, walk: Walk) -> None:
    """Begin to wait, unless one of the rules holds already; facts since the step was due are for look_back."""
    held = next((one.key for one in act.branches if isinstance(one.when, Holds) and _is(one.when, run, people)), None)
    if held is not None:
        go(run, plan, plan.way.into[run.step, held], people, now, walk)
        return
    until = due_at + act.within
    run.phase, run.since, run.due_at = INSIDE, run.since or due_at, max(until, now)
    walk.arrived.append((run, until))


def go(run: Run, plan: Plan, key: str, people: Cohort, now: datetime, walk: Walk) -> None:
    """Come to a step: its wait counts from now. A step without one was due when the one before it was."""
    was_due = run.due_at if run.phase == WAITING and run.due_at else now
    run.step, run.phase, run.since = key, WAITING, None
    if key == END:
        end(run, "finished", now, walk)
        return
    wait = plan.way.steps[key].wait
    due_at = was_due if wait is None else waits.over(wait, now, people.person(run.customer_id))
    if due_at is None:
        end(run, "no_date", now, walk)
        return
    run.due_at = due_at


def end(run: Run, reason: str, now: datetime, walk: Walk) -> None:
    """End a run: finished where it came to the end, left for any other reason."""
    run.state = FINISHED if reason == "finished" else LEFT
    run.due_at, run.ended_at, run.ended_for = None, now, reason
    walk.ended.append((run, reason))


def drawn_share(act: Shares, campaign: str, step: str, home: int) -> str:
    """The way that a customer goes by chance: always the same one."""
    place, reached = share(f"split:{campaign}:{step}", home), 0.0
    for one in act.shares:
        reached += one.percent
        if place < reached:
            return one.key
    return act.shares[-1].key


def begin(run: Run, plan: Plan, since: datetime, people: Cohort, now: datetime, walk: Walk) -> None:
    """Put a new run before its first step, whose wait counts from what started it."""
    run.step, run.phase = plan.way.first, WAITING
    wait = plan.way.steps[run.step].wait
    due_at = since if wait is None else waits.over(wait, since, people.person(run.customer_id))
    if due_at is None:
        end(run, "no_date", now, walk)
    else:
        run.since, run.due_at = due_at, max(due_at, now)
