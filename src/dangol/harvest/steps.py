"""Harvest.

In: who was treated and who was held out (runs), what they bought and gave back.
Out: what a campaign brought that would not have come without it, and how sure that is.
Promise: an interval that may be read on any day; "not enough evidence yet" is an answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from dangol.base.models import Shop
from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign_steps
from dangol.campaign.models import Campaign, Run
from dangol.campaign.rules import Goal
from dangol.harvest import rules
from dangol.harvest.rules import Harvest, Outcome, Question
from dangol.profile.models import Fact, Order, Refund
from dangol.strategy.rules import Measured

ORDER = "Order Completed"
USUAL = Goal(ORDER, timedelta(days=7))  # what a campaign without a goal of its own is measured by
AT_ONCE = 500

Window = tuple[datetime, datetime]  # after the first, up to the second
Bought = tuple[datetime, Decimal]  # when, and what it brought net of refunds


def results(key: str, now: datetime) -> Harvest:
    """The harvest of one campaign up to now. Raises NotFound."""
    campaign = campaign_steps.get(key)
    definition = campaigns.parse(campaign.definition)
    goal = definition.goal or USUAL
    asked = Question(
        campaign=key,
        goal=goal.fact,
        within=goal.within,
        share=1 - definition.holdout_percent / 100,
        currency=Shop.objects.values_list("currency", flat=True).first() or "",
    )
    return rules.harvest(asked, _outcomes(campaign.pk, goal, now))


def measured(now: datetime) -> dict[str, Measured]:
    """What this shop has seen of its plays so far, for the plan to learn from; plays without a holdout are missing."""
    found = {}
    for campaign in Campaign.objects.exclude(play=""):
        goal = campaigns.parse(campaign.definition).goal or USUAL
        seen = rules.measured(_outcomes(campaign.pk, goal, now)) if goal.fact == ORDER else None
        if seen:
            found[campaign.play] = seen
    return found


def _outcomes(campaign_id: int, goal: Goal, now: datetime) -> list[Outcome]:
    treated, windows = _runs(campaign_id, goal, now)
    bought = _bought(goal, windows)
    return [_outcome(treated[who], windows[who], bought.get(who, ()), now) for who in windows]


def _runs(campaign_id: int, goal: Goal, now: datetime) -> tuple[dict[int, bool], dict[int, list[Window]]]:
    """Each customer's goal windows in their order, and the arm of the first: whoever was merged stays in that one."""
    treated: dict[int, bool] = {}
    windows: dict[int, list[Window]] = defaultdict(list)
    runs = Run.objects.filter(campaign_id=campaign_id, entered_at__lte=now).order_by("entered_at", "id")
    for customer, arm, entered_at in runs.values_list("customer_id", "arm", "entered_at"):
        treated.setdefault(customer, arm == campaigns.TREATED)
        windows[customer].append((entered_at, entered_at + goal.within))
    return treated, dict(windows)


def _outcome(treated: bool, windows: Sequence[Window], bought: Sequence[Bought], now: datetime) -> Outcome:
    """What a customer did inside any of their windows; the order that started a run is not its harvest."""
    counted = [net for at, net in bought if at <= now and any(start < at <= end for start, end in windows)]
    return Outcome(treated, bool(counted), sum(counted, Decimal(0)), windows[-1][1] > now)


def _bought(goal: Goal, windows: Mapping[int, Sequence[Window]]) -> dict[int, list[Bought]]:
    found: dict[int, list[Bought]] = defaultdict(list)
    for part in _parts(windows):
        since = min(start for who in part for start, _ in windows[who])
        rows = _orders(part, since) if goal.fact == ORDER else _facts(goal.fact, part, since)
        for who, at, net in rows:
            found[who].append((at, net))
    return found


def _orders(customers: Collection[int], since: datetime) -> Iterator[tuple[int, datetime, Decimal]]:
    refunds = Refund.objects.filter(customer_id__in=customers, at__gt=since).values("source", "order_id")
    given_back = {(r["source"], r["order_id"]): r["total"] for r in refunds.annotate(total=Sum("amount"))}
    orders = Order.objects.filter(customer_id__in=customers, at__gt=since, cancelled=False)
    for order in orders:
        net = order.revenue - given_back.get((order.source, order.order_id), Decimal(0))
        yield order.customer_id, order.at, max(net, Decimal(0))  # more cannot be lost than was paid


def _facts(name: str, customers: Collection[int], since: datetime) -> Iterator[tuple[int, datetime, Decimal]]:
    kinds = [kind for kind, called in campaigns.NAMES_OF_KINDS.items() if called == name]
    named = Q(type="track", name=name) | Q(type__in=kinds)
    rows = Fact.objects.filter(named, customer_id__in=customers, at__gt=since)
    for customer, at in rows.values_list("customer_id", "at"):
        yield customer, at, Decimal(0)


def _parts(customers: Collection[int]) -> Iterator[list[int]]:
    ids = sorted(customers)
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
