"""Reads what a campaign's customers did: their runs, their orders and refunds, and what was spent on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from dangol.base.models import Shop
from dangol.campaign import rules as campaigns
from dangol.campaign.models import Run
from dangol.campaign.rules import Goal
from dangol.campaign.stored import fact_of, named_rows
from dangol.deliver.models import Delivery
from dangol.harvest.margins import Costing, Earned, Sold, earned
from dangol.harvest.models import Terms
from dangol.harvest.rules import Costs, Outcome
from dangol.offer.models import Product
from dangol.profile.models import Fact, Order, Refund
from dangol.segment.matching import Pattern, matching

ORDER = "Order Completed"
WHOLE = Decimal(10) ** 14  # a refund without an amount gives back all there was
USUAL = Goal(ORDER, timedelta(days=7))  # what a campaign without a goal of its own is measured by
BEFORE = timedelta(days=90)  # spending in this time before somebody entered may explain what they spent after
NOTHING = Decimal(0)
UNTOLD = Earned(NOTHING, NOTHING, True)

Window = tuple[datetime, datetime]  # after the first, up to the second
Drawn = tuple[bool, float | None]  # whether to be treated, and the share of customers who were drawn so at that time
Bought = tuple[datetime, Earned]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a campaign spent, in all and on each customer."""

    costs: Costs
    on: dict[int, Decimal]


def costing() -> Costing:
    """What is known of goods: the catalogue's costs in the shop's currency, and the owner's word."""
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    rows = Product.objects.filter(cost__isnull=False, currency__in=("", money)).values_list("key", "cost")
    return Costing({key: cost for key, cost in rows if cost is not None}, usual_percent())


def usual_percent() -> Decimal | None:
    """What usually stays of revenue once goods are paid, in per cent; None: the owner has not said."""
    return Terms.objects.values_list("margin_percent", flat=True).first()


def spent(campaign: str, now: datetime) -> Spent:
    """What messages of a campaign cost by the price list, as far as it is in the shop's currency."""
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    left = Delivery.objects.filter(campaign=campaign, finished_at__lte=now, state__in=("accepted", "unknown"))
    priced = left.filter(cost__isnull=False, currency__in=("", money))
    on = dict(priced.values_list("customer_id").annotate(Sum("cost")).order_by())
    unpriced = left.filter(cost__isnull=True).exclude(outbox__isnull=False).aggregate(n=Count("pk"))["n"]
    return Spent(Costs(sum(on.values(), NOTHING), NOTHING, unpriced), on)


def outcomes(campaign_id: int, goal: Goal, now: datetime, known: Costing, costs: Spent) -> list[Outcome]:
    """What each customer of a campaign did up to now."""
    drawn, windows = _runs(campaign_id, goal, now)
    if not windows:
        return []
    since = min(spans[0][0] for spans in windows.values())
    money = goal.fact == ORDER and goal.plain and not goal.holds
    bought: dict[int, list[Bought]] = defaultdict(list)
    found = _orders(campaign_id, since - BEFORE, now, known) if money else _reached(campaign_id, goal, since, now)
    for who, at, what in found:
        bought[who].append((at, what))
    return [_outcome(drawn[who], windows[who], bought.get(who, ()), now, costs.on.get(who, NOTHING)) for who in windows]


def _runs(campaign_id: int, goal: Goal, now: datetime) -> tuple[dict[int, Drawn], dict[int, list[Window]]]:
    """Each customer's goal windows in their order, and the arm of the first: whoever was merged stays in that one."""
    drawn: dict[int, Drawn] = {}
    windows: dict[int, list[Window]] = defaultdict(list)
    runs = Run.objects.filter(campaign_id=campaign_id, entered_at__lte=now).order_by("entered_at", "id")
    for customer, arm, share, entered_at in runs.values_list("customer_id", "arm", "share", "entered_at"):
        drawn.setdefault(customer, (arm == campaigns.TREATED, share))
        windows[customer].append((entered_at, entered_at + goal.within))
    return drawn, dict(windows)


def _outcome(
    drawn: Drawn, windows: Sequence[Window], bought: Sequence[Bought], now: datetime, cost: Decimal
) -> Outcome:
    """What a customer did inside any of their windows; the order that started a run is not its harvest."""
    treated, share = drawn
    still, first = windows[-1][1] > now, windows[0][0]
    if not bought:
        return Outcome(treated, False, NOTHING, still, share, NOTHING, cost=cost)
    counted = [what for at, what in bought if any(start < at <= end for start, end in windows)]
    margins = [what.margin for what in counted]
    told = [margin for margin in margins if margin is not None]
    return Outcome(
        treated, bool(counted), sum((what.net for what in counted), NOTHING), still, share,
        margin=sum(told, NOTHING) if len(told) == len(margins) else None,
        known=sum((what.net for what in counted if what.known), NOTHING),
        cost=cost,
        before=float(sum((what.net for at, what in bought if first - BEFORE <= at < first), NOTHING)),
    )  # fmt: skip


def _reached(campaign_id: int, goal: Goal, since: datetime, now: datetime) -> Iterator[tuple[int, datetime, Earned]]:
    """Who did what the campaign is for, and when, where that is no order: it brings no money of its own."""
    if goal.holds:
        rows = Run.objects.filter(campaign_id=campaign_id, reached_at__gt=since, reached_at__lte=now)
        told = rows.values_list("customer_id", "reached_at")
        return ((who, at, UNTOLD) for who, at in told if at is not None)
    return _facts(campaign_id, goal, since, now)


def _orders(campaign_id: int, since: datetime, now: datetime, known: Costing) -> Iterator[tuple[int, datetime, Earned]]:
    """Orders of a campaign's customers, net of what was given back for them, whoever reported that. What came in
    another currency than the shop's counts as an order that brought nothing: nobody knows that day's rate.
    """
    returned = given_back(since, now)
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    orders = Order.objects.filter(_entered(campaign_id), at__gt=since, at__lte=now, cancelled=False)
    rows = orders.values_list("customer_id", "at", "source", "order_id", "revenue", "currency", "cost", "items")
    for who, at, source, order_id, paid, currency, cost, items in rows:
        ours = currency in {"", money}
        back = returned.get((source, order_id), NOTHING)
        yield who, at, earned(Sold(paid, min(back, paid), cost, items), known) if ours else UNTOLD


def given_back(since: datetime, now: datetime) -> dict[tuple[str, str], Decimal]:
    """What was given back since, by the order it is for: (source, order id)."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    refunds = Refund.objects.filter(at__gt=since, at__lte=now).values_list("source", "order_id", "amount")
    for source, order_id, amount in refunds:
        found[source, order_id] += amount if amount is not None else WHOLE
    return found


def _facts(campaign_id: int, goal: Goal, since: datetime, now: datetime) -> Iterator[tuple[int, datetime, Earned]]:
    rows = list(Fact.objects.filter(named_rows(goal.fact), _entered(campaign_id), at__gt=since, at__lte=now))
    pattern, zone = Pattern(goal.fact, goal.where), Shop.objects.get().zone
    fitting = matching([pattern], [fact_of(row) for row in rows], now, zone)[pattern]
    for number in sorted(fitting):
        yield rows[number].customer_id, rows[number].at, UNTOLD


def _entered(campaign_id: int) -> Q:
    return Q(customer_id__in=Run.objects.filter(campaign_id=campaign_id).values("customer_id"))
