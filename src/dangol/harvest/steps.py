"""Harvest.

In: who was treated and who was held out (runs), what they bought and gave back.
Out: what a campaign brought that would not have come without it, and how sure that is.
Promise: an interval that may be read on any day; "not enough evidence yet" is an answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from dangol.base.models import Shop
from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign_steps
from dangol.campaign.book import held_out_of_all
from dangol.campaign.models import Campaign, Run
from dangol.campaign.rules import Goal
from dangol.campaign.stored import fact_of, named_rows
from dangol.harvest import rules
from dangol.harvest.rules import Harvest, Outcome, Question
from dangol.profile.models import Fact, Order, Refund
from dangol.segment.matching import Pattern, matching
from dangol.strategy.rules import Measured

ORDER = "Order Completed"
WHOLE = Decimal(10) ** 14  # a refund without an amount gives back all there was
USUAL = Goal(ORDER, timedelta(days=7))  # what a campaign without a goal of its own is measured by

Window = tuple[datetime, datetime]  # after the first, up to the second
Drawn = tuple[bool, float | None]  # whether to be treated, and the share of customers who were drawn so at that time
Bought = tuple[datetime, Decimal]  # when, and what it brought net of refunds


def results(key: str, now: datetime) -> Harvest:
    """The harvest of one campaign up to now. Raises NotFound."""
    campaign = campaign_steps.get(key)
    definition = campaigns.parse(campaign.definition)
    goal = definition.goal or USUAL
    asked = Question(
        campaign=key,
        goal=goal.fact or "rule",
        within=goal.within,
        share=campaigns.treated_share(definition, held_out_of_all()),
        currency=Shop.objects.values_list("currency", flat=True).first() or "",
    )
    return rules.harvest(asked, _outcomes(campaign.pk, goal, now))


def measured(now: datetime) -> dict[str, Measured]:
    """What this shop has seen of its plays so far, for the plan to learn from; plays without a holdout are missing."""
    found = {}
    for campaign in Campaign.objects.exclude(play=""):
        goal = campaigns.parse(campaign.definition).goal or USUAL
        money = goal.fact == ORDER and goal.plain
        seen = rules.measured(_outcomes(campaign.pk, goal, now)) if money else None
        if seen:
            found[campaign.play] = seen
    return found


def _outcomes(campaign_id: int, goal: Goal, now: datetime) -> list[Outcome]:
    drawn, windows = _runs(campaign_id, goal, now)
    if not windows:
        return []
    since = min(spans[0][0] for spans in windows.values())
    bought: dict[int, list[Bought]] = defaultdict(list)
    for who, at, net in _reached(campaign_id, goal, since, now):
        bought[who].append((at, net))
    return [_outcome(drawn[who], windows[who], bought.get(who, ()), now) for who in windows]


def _runs(campaign_id: int, goal: Goal, now: datetime) -> tuple[dict[int, Drawn], dict[int, list[Window]]]:
    """Each customer's goal windows in their order, and the arm of the first: whoever was merged stays in that one."""
    drawn: dict[int, Drawn] = {}
    windows: dict[int, list[Window]] = defaultdict(list)
    runs = Run.objects.filter(campaign_id=campaign_id, entered_at__lte=now).order_by("entered_at", "id")
    for customer, arm, share, entered_at in runs.values_list("customer_id", "arm", "share", "entered_at"):
        drawn.setdefault(customer, (arm == campaigns.TREATED, share))
        windows[customer].append((entered_at, entered_at + goal.within))
    return drawn, dict(windows)


def _outcome(drawn: Drawn, windows: Sequence[Window], bought: Sequence[Bought], now: datetime) -> Outcome:
    """What a customer did inside any of their windows; the order that started a run is not its harvest."""
    counted = [net for at, net in bought if any(start < at <= end for start, end in windows)]
    treated, share = drawn
    return Outcome(treated, bool(counted), sum(counted, Decimal(0)), windows[-1][1] > now, share)


def _reached(campaign_id: int, goal: Goal, since: datetime, now: datetime) -> Iterator[tuple[int, datetime, Decimal]]:
    """Who did what the campaign is for, when, and what it brought."""
    if goal.holds:
        rows = Run.objects.filter(campaign_id=campaign_id, reached_at__gt=since, reached_at__lte=now)
        return ((who, at, Decimal(0)) for who, at in rows.values_list("customer_id", "reached_at") if at is not None)
    return (
        _orders(campaign_id, since, now) if goal.fact == ORDER and goal.plain else _facts(campaign_id, goal, since, now)
    )


def _orders(campaign_id: int, since: datetime, now: datetime) -> Iterator[tuple[int, datetime, Decimal]]:
    """Orders of a campaign's customers, net of what was given back for them, whoever reported that."""
    given_back: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    refunds = Refund.objects.filter(at__gt=since, at__lte=now).values_list("source", "order_id", "amount")
    for source, order_id, amount in refunds:
        given_back[source, order_id] += amount if amount is not None else WHOLE
    orders = Order.objects.filter(_entered(campaign_id), at__gt=since, at__lte=now, cancelled=False)
    for who, at, source, order_id, paid in orders.values_list("customer_id", "at", "source", "order_id", "revenue"):
        net = paid - given_back.get((source, order_id), Decimal(0))
        yield who, at, max(net, Decimal(0))  # more cannot be lost than was paid


def _facts(campaign_id: int, goal: Goal, since: datetime, now: datetime) -> Iterator[tuple[int, datetime, Decimal]]:
    rows = list(Fact.objects.filter(named_rows(goal.fact), _entered(campaign_id), at__gt=since, at__lte=now))
    pattern, zone = Pattern(goal.fact, goal.where), Shop.objects.get().zone
    fitting = matching([pattern], [fact_of(row) for row in rows], now, zone)[pattern]
    for number in sorted(fitting):
        yield rows[number].customer_id, rows[number].at, Decimal(0)


def _entered(campaign_id: int) -> Q:
    return Q(customer_id__in=Run.objects.filter(campaign_id=campaign_id).values("customer_id"))
