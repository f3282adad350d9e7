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

from django.db.models import Sum

from dangol.base.models import Shop
from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign_steps
from dangol.campaign.models import Run
from dangol.campaign.rules import Goal
from dangol.harvest import rules
from dangol.harvest.rules import Harvest, Outcome
from dangol.profile.models import Fact, Order, Refund

ORDER = "Order Completed"
USUAL = Goal(ORDER, timedelta(days=7))  # what a campaign without a goal of its own is measured by
AT_ONCE = 500

Window = tuple[datetime, datetime]  # after the first, up to the second
Bought = tuple[datetime, Decimal]  # when, and what it brought net of refunds


def results(key: str, now: datetime) -> Harvest:
    """The harvest of one campaign up to now. Raises NotFound."""
    campaign = campaign_steps.get(key)
    goal = campaigns.parse(campaign.definition).goal or USUAL
    treated, windows = _runs(campaign.pk, goal)
    bought = _bought(goal, windows)
    outcomes = [_outcome(treated[who], windows[who], bought.get(who, ()), now) for who in windows]
    sides = rules.compare(outcomes)
    extra = sides[3].times(sides[0].customers)
    state = rules.evidence(*sides[:3])
    currency = Shop.objects.values_list("currency", flat=True).first() or ""
    return Harvest(
        campaign=key,
        goal=goal.fact,
        within=goal.within,
        currency=currency,
        treated=sides[0],
        held_out=sides[1],
        conversion=sides[2],
        revenue=sides[3],
        extra_revenue=extra,
        still_open=sum(max(end for _, end in spans) > now for spans in windows.values()),
        evidence=state,
        sentence=rules.sentences(state, sides[0], sides[1], extra, currency),
    )


def _runs(campaign_id: int, goal: Goal) -> tuple[dict[int, bool], dict[int, list[Window]]]:
    """Each customer's arm and goal windows."""
    treated: dict[int, bool] = {}
    windows: dict[int, list[Window]] = defaultdict(list)
    runs = Run.objects.filter(campaign_id=campaign_id).values_list("customer_id", "arm", "entered_at")
    for customer, arm, entered_at in runs:
        treated[customer] = arm == campaigns.TREATED
        windows[customer].append((entered_at, rules.closes_at(entered_at, goal.within)))
    return treated, dict(windows)


def _outcome(treated: bool, windows: Sequence[Window], bought: Sequence[Bought], now: datetime) -> Outcome:
    """What a customer did inside any of their windows; the order that started a run is not its harvest."""
    counted = [net for at, net in bought if at <= now and any(start < at <= end for start, end in windows)]
    entered_on = min(start for start, _ in windows).date()
    return Outcome(treated, bool(counted), sum(counted, Decimal(0)), entered_on)


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
        yield order.customer_id, order.at, order.revenue - given_back.get((order.source, order.order_id), Decimal(0))


def _facts(name: str, customers: Collection[int], since: datetime) -> Iterator[tuple[int, datetime, Decimal]]:
    rows = Fact.objects.filter(customer_id__in=customers, name=name, at__gt=since).values_list("customer_id", "at")
    for customer, at in rows:
        yield customer, at, Decimal(0)


def _parts(customers: Collection[int]) -> Iterator[list[int]]:
    ids = sorted(customers)
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
