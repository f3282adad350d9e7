"""Reads what a campaign's customers did: their runs, their orders and refunds, and what was spent on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q, Sum

from dangol.base.clock import from_us, to_us
from dangol.base.fields import AMOUNT_SCALE
from dangol.base.models import Shop
from dangol.campaign import rules as campaigns
from dangol.campaign.models import Run
from dangol.campaign.rules import Goal
from dangol.campaign.stored import fact_of, named_rows
from dangol.deliver.models import Delivery
from dangol.harvest.history import ITEMS, RETURNED, decode
from dangol.harvest.margins import Costing, Earned, Sold, earned
from dangol.harvest.models import Terms
from dangol.harvest.rules import Costs, Outcome
from dangol.offer import costs
from dangol.offer.models import Product
from dangol.profile.models import Fact
from dangol.segment.matching import Pattern, matching

ORDER = "Order Completed"
USUAL = Goal(ORDER, timedelta(days=7))  # what a campaign without a goal of its own is measured by
BEFORE = (
    90 * 86_400_000_000
)  # microseconds: spending in this time before somebody entered may explain what they spent after
NOTHING = Decimal(0)
UNTOLD = Earned(NOTHING, NOTHING, True)
FOREIGN = (0, 0, 0, "")  # an order that brings nothing anybody can add up

Window = tuple[int, int]  # in microseconds since 1970: after the first, up to the second
Drawn = tuple[bool, float | None]  # whether to be treated, and the share of customers who were drawn so at that time
Row = tuple[int, int, int | None, str]  # what an order came to, what was given back of it, its goods' cost, its items
Bought = tuple[int, Row]

# Read by hand: through the ORM a campaign of 12,000 customers took three times as long.
RUNS = """SELECT customer_id, arm, share, entered_at FROM campaign_run
    WHERE campaign_id = %s AND NOT aside AND entered_at <= %s ORDER BY entered_at, id"""
OF_CAMPAIGN = f"""SELECT o.customer_id, o.at, o.revenue, COALESCE(r.back, 0), o.cost, o.currency, {{items}}
    FROM profile_order o LEFT JOIN ({RETURNED}) r ON r.source = o.source AND r.order_id = o.order_id
    WHERE o.completed AND NOT o.cancelled AND o.at > %s AND o.at <= %s
    AND o.customer_id IN (SELECT customer_id FROM campaign_run WHERE campaign_id = %s)"""  # noqa: S608 - our own names


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
    """What messages of a campaign cost by the price list, and the discounts of coupons that it gave which the revenue
    of their orders still has; as far as it is in the shop's currency.
    """
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    left = Delivery.objects.filter(campaign=campaign, finished_at__lte=now, state__in=("accepted", "unknown"))
    priced = left.filter(cost__isnull=False, currency__in=("", money))
    on: dict[int, Decimal] = defaultdict(Decimal)
    for customer, cost in priced.values_list("customer_id").annotate(Sum("cost")).order_by():
        on[customer] += cost or NOTHING
    messages, coupons = sum(on.values(), NOTHING), NOTHING
    for one in costs.redeemed(campaign=campaign, until=now):
        if one.currency in {"", money}:
            on[one.customer_id] += one.to_subtract
            coupons += one.to_subtract
    unpriced = left.filter(cost__isnull=True).exclude(outbox__isnull=False).aggregate(n=Count("pk"))["n"]
    return Spent(Costs(messages, coupons, unpriced), dict(on))


def outcomes(campaign_id: int, goal: Goal, now: datetime, known: Costing, spending: Spent) -> list[Outcome]:
    """What each customer of a campaign did up to now."""
    return list(by_customer(campaign_id, goal, now, known, spending).values())


def by_customer(campaign_id: int, goal: Goal, now: datetime, known: Costing, spending: Spent) -> dict[int, Outcome]:
    """The same, by customer."""
    drawn, windows = _runs(campaign_id, goal, now)
    if not windows:
        return {}
    since = min(spans[0][0] for spans in windows.values())
    money = goal.fact == ORDER and goal.plain and not goal.holds
    bought: dict[int, list[Bought]] = defaultdict(list)
    found = _orders(campaign_id, since - BEFORE, now, known) if money else _reached(campaign_id, goal, since, now)
    for who, at, what in found:
        bought[who].append((at, what))
    end = to_us(now)
    return {
        who: _outcome(drawn[who], spans, bought.get(who, ()), end, spending.on.get(who, NOTHING), known)
        for who, spans in windows.items()
    }


def entries(campaign_id: int, goal: Goal, now: datetime) -> dict[int, datetime]:
    """When each customer entered first."""
    return {who: from_us(windows[0][0]) for who, windows in _runs(campaign_id, goal, now)[1].items()}


def _runs(campaign_id: int, goal: Goal, now: datetime) -> tuple[dict[int, Drawn], dict[int, list[Window]]]:
    """Each customer's goal windows in their order, and the arm of the first: whoever was merged stays in that one."""
    drawn: dict[int, Drawn] = {}
    windows: dict[int, list[Window]] = defaultdict(list)
    within = goal.within // timedelta(microseconds=1)
    with connection.cursor() as cursor:
        cursor.execute(RUNS, [campaign_id, to_us(now)])
        for customer, arm, share, entered in cursor.fetchall():
            drawn.setdefault(customer, (arm == campaigns.TREATED, share))
            windows[customer].append((entered, entered + within))
    return drawn, dict(windows)


def _outcome(
    drawn: Drawn, windows: Sequence[Window], bought: Sequence[Bought], now: int, cost: Decimal, known: Costing
) -> Outcome:
    """What a customer did inside any of their windows; the order that started a run is not its harvest."""
    (treated, share), still, first = drawn, windows[-1][1] > now, windows[0][0]
    counted = [_earned(row, known) for at, row in bought if any(start < at <= end for start, end in windows)]
    before = sum(max(row[0] - row[1], 0) for at, row in bought if first - BEFORE <= at < first) / AMOUNT_SCALE
    if not counted:
        return Outcome(treated, False, NOTHING, still, share, NOTHING, cost=cost, before=before)
    margins = [what.margin for what in counted if what.margin is not None]
    return Outcome(
        treated, True, sum((what.net for what in counted), NOTHING), still, share,
        margin=sum(margins, NOTHING) if len(margins) == len(counted) else None,
        known=sum((what.net for what in counted if what.known), NOTHING), cost=cost, before=before,
    )  # fmt: skip


def _earned(row: Row, known: Costing) -> Earned:
    if row is FOREIGN:
        return UNTOLD
    paid, back, cost, items = row
    sold = Sold(exact(paid), exact(min(back, paid)), None if cost is None else exact(cost), decoded(items))
    return earned(sold, known)


def _orders(campaign_id: int, since: int, now: datetime, known: Costing) -> Iterator[tuple[int, int, Row]]:
    """Orders of a campaign's customers, net of what was given back for them, whoever reported that. What came in
    another currency than the shop's counts as an order that brought nothing: nobody knows that day's rate.
    """
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    asks = bool(known.pieces)
    with connection.cursor() as cursor:
        told = f"CASE WHEN o.cost IS NULL THEN {ITEMS} ELSE '' END" if asks else "''"
        cursor.execute(OF_CAMPAIGN.format(items=told), [to_us(now), since, to_us(now), campaign_id])
        rows = cursor.fetchall()
    for who, at, paid, back, cost, currency, items in rows:
        yield who, at, (paid, int(back), cost, items) if currency in {"", money} else FOREIGN


def exact(amount: int) -> Decimal:
    """An amount as the tables keep it, in ten-thousandths."""
    return Decimal(int(amount)) / AMOUNT_SCALE


def decoded(items: str) -> Mapping[str, Sequence[int | None]]:
    return decode(items) if items else {}


def _reached(campaign_id: int, goal: Goal, since: int, now: datetime) -> Iterator[tuple[int, int, Row]]:
    """Who did what the campaign is for, and when, where that is no order: it brings no money of its own."""
    if goal.holds:
        rows = Run.objects.filter(campaign_id=campaign_id, reached_at__gt=since, reached_at__lte=now)
        told = rows.values_list("customer_id", "reached_at")
        return ((who, to_us(at), FOREIGN) for who, at in told if at is not None)
    return _facts(campaign_id, goal, since, now)


def _facts(campaign_id: int, goal: Goal, since: int, now: datetime) -> Iterator[tuple[int, int, Row]]:
    rows = list(Fact.objects.filter(named_rows(goal.fact), _entered(campaign_id), at__gt=since, at__lte=now))
    pattern, zone = Pattern(goal.fact, goal.where), Shop.objects.get().zone
    fitting = matching([pattern], [fact_of(row) for row in rows], now, zone)[pattern]
    for number in sorted(fitting):
        yield rows[number].customer_id, to_us(rows[number].at), FOREIGN


def _entered(campaign_id: int) -> Q:
    return Q(customer_id__in=Run.objects.filter(campaign_id=campaign_id).values("customer_id"))
