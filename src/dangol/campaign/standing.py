"""What became of runs since they asked for a message: the gate asks before it lets one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign import rules
from dangol.campaign.book import ARCHIVED, PAUSED, Book, Plan
from dangol.campaign.definition import Definition, Goal
from dangol.campaign.models import Campaign, Run
from dangol.campaign.stored import fact_of, named_rows
from dangol.campaign.walking import LEFT
from dangol.collect.facts import Fact
from dangol.profile.models import Fact as Row
from dangol.segment.matching import Pattern, matching

OF_ITSELF = ("exited", "no_date", "no_coupon")  # a way that ends so: what was asked for on it is still wanted
Key = tuple[str, int, str]  # campaign, customer, trigger
Facts = dict[tuple[str, int], list[Fact]]  # by name and customer


def standing(keys: Iterable[Key]) -> dict[Key, str]:
    """By run: "paused" where its campaign rests, "reached" where the goal was reached meanwhile, "left" where the
    campaign was left or put away. Runs that still want their message are missing.
    """
    wanted = set(keys)
    states = dict(Campaign.objects.filter(key__in={key[0] for key in wanted}).values_list("key", "state"))
    found = {key: "paused" for key in wanted if states.get(key[0]) == PAUSED}
    found |= {key: "left" for key in wanted if states.get(key[0]) == ARCHIVED}
    book = Book(tuple(set(states.values())))
    goals = {c.pk for c in book.campaigns.values() if c.key in states and _any_may_end(book, c)}
    for part in parts(sorted({customer for _, customer, _ in wanted}) if goals else []):
        runs = list(Run.objects.filter(customer_id__in=part, campaign_id__in=goals))
        for run in runs:
            run.campaign = book.campaigns[run.campaign_id]
        runs = [run for run in runs if _key(run) in wanted]
        facts = _goal_facts(runs, book)
        for run in runs:
            if told := _ended(run, book.plan(run.campaign_id, run.version), book, facts):
                found[_key(run)] = told
    return found


def _key(run: Run) -> Key:
    return run.campaign.key, run.customer_id, run.trigger


def _goal(plan: Plan) -> Goal | None:
    return plan.definition.goal if plan.definition.exit_on_goal else None


def _goal_facts(runs: Sequence[Run], book: Book) -> Facts:
    """The facts that may be the goals of these runs: one question for each name, however many runs."""
    asking: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        goal = _goal(book.plan(run.campaign_id, run.version))
        if goal and goal.fact and run.reached_at is None:
            asking[goal.fact].append(run)
    found: Facts = defaultdict(list)
    for name, those in asking.items():
        since = min(run.entered_at for run in those) - rules.LATE
        customers = {run.customer_id for run in those}
        for row in Row.objects.filter(named_rows(name), customer_id__in=customers, at__gt=since):
            found[name, row.customer_id].append(fact_of(row))
    return found


def _any_may_end(book: Book, campaign: Campaign) -> bool:
    """Whether runs by any version may end before their message: also of those that are over its last may be waiting."""
    return _may_end(book.plan(campaign.pk)) or any(
        _may_end(book.plan(campaign.pk, number)) for number in book.versions(campaign.pk) if number != campaign.version
    )


def _may_end(plan: Plan) -> bool:
    definition = plan.definition
    return bool(definition.exit) or bool(definition.goal and definition.exit_on_goal)


def _ended(run: Run, plan: Plan, book: Book, facts: Facts) -> str:
    """Of a run that is over already the goal is still looked up: its last message may be under way."""
    goal = _goal(plan)
    if goal and run.reached_at is not None:
        return "reached"
    if goal and goal.fact and _happened(run, plan.definition, goal, book.shop, facts.get((goal.fact, run.customer_id))):
        return "reached"
    return "left" if run.state == LEFT and run.ended_for not in OF_ITSELF else ""


def _happened(run: Run, definition: Definition, goal: Goal, shop: Shop, facts: Sequence[Fact] | None) -> bool:
    late = run.entered_at - rules.LATE
    counting = [
        one for one in facts or () if one.at > late and rules.reaches_goal(definition, run.trigger, run.entered_at, one)
    ]
    if not counting:
        return False
    pattern = Pattern(goal.fact, goal.where)
    return bool(matching([pattern], counting, max(fact.at for fact in counting), shop.zone)[pattern])
