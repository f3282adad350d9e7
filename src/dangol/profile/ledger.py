"""Orders and refunds of customers, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from dangol.base import bulk
from dangol.base.clock import to_us
from dangol.base.fields import ten_thousandths
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.profile import rows, rules
from dangol.profile.file import File
from dangol.profile.models import Order, Refund

COMPLETED, UPDATED, CANCELLED, REFUNDED = "Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"
ABOUT_ORDERS = {COMPLETED, UPDATED, CANCELLED}
WRITTEN = (
    "customer_id", "at", "position", "completed", "cancelled", "revenue", "currency", "cost", "categories", "items",
    "channel", "told_at", "told_position",
)  # fmt: skip
Placed = tuple[Fact, int]  # a fact and its customer


def book(facts: Sequence[Placed], currency: str) -> set[int]:
    """Enter the orders and refunds among these facts; the customers whose figures they change."""
    told = [placed for placed in facts if placed[0].type == "track"]
    touched = _book_orders([placed for placed in told if placed[0].name in ABOUT_ORDERS], currency)
    refunds = [_refund(*placed) for placed in told if placed[0].name == REFUNDED]
    bulk.insert(refunds, ignore=True)
    return touched | {refund.customer_id for refund in refunds}


def _book_orders(told: Sequence[Placed], currency: str) -> set[int]:
    orders = _known({(fact.source, rules.order_id(fact)) for fact, _ in told})
    touched: set[int] = set()
    for fact, customer in told:
        place = fact.source, rules.order_id(fact)
        order = orders.get(place)
        if order is None:
            order = orders[place] = Order(
                source=place[0], order_id=place[1], customer_id=customer, at=fact.at, position=fact.position,
                completed=False, currency=currency,
            )  # fmt: skip
        touched.add(order.customer_id)
        _tell(order, fact, customer, currency)
        touched.add(order.customer_id)
    bulk.upsert(orders.values(), ["source", "order_id"], WRITTEN)
    return touched


def _known(places: Collection[tuple[str, str]]) -> dict[tuple[str, str], Order]:
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, order_id in sorted(places):
        by_source[source].append(order_id)
    return {
        (order.source, order.order_id): order
        for source, ids in by_source.items()
        for part in parts(ids)
        for order in Order.every.filter(source=source, order_id__in=part)
    }


def _tell(order: Order, fact: Fact, customer: int, currency: str) -> None:
    """What one report adds to an order: the earliest completion says whose and when, the newest amount what it is."""
    completes = fact.name == COMPLETED
    earlier = (fact.at, fact.position) < (order.at, order.position)
    if (completes and (earlier or not order.completed)) or (earlier and not order.completed):
        order.customer_id, order.at, order.position = customer, fact.at, fact.position
        order.channel = rules.channel(fact.context) or order.channel
    order.completed |= completes
    order.cancelled |= fact.name == CANCELLED
    told = rules.order_of(fact)
    newer = order.told_at is None or (order.told_at, order.told_position) <= (fact.at, fact.position)
    if fact.name != CANCELLED and told.amount is not None and newer:
        order.revenue, order.currency, order.cost = told.amount, told.currency or currency, told.cost
        order.categories, order.told_at, order.told_position = told.categories, fact.at, fact.position
        order.items = told.items or order.items


def _refund(fact: Fact, customer: int) -> Refund:
    told = rules.order_of(fact)
    return Refund(
        position=fact.position, source=fact.source, order_id=told.order_id, customer_id=customer, at=fact.at,
        amount=told.amount, currency=told.currency,
    )  # fmt: skip


def recount(profiles: Mapping[int, File], customers: Iterable[int], currency: str) -> None:
    """Count these customers' figures again from their orders and refunds."""
    wanted = sorted(set(customers))
    orders: dict[int, list[Order]] = defaultdict(list)
    refunds: dict[int, list[Refund]] = defaultdict(list)
    for part in parts(wanted):
        for order in Order.objects.filter(customer_id__in=part):
            orders[order.customer_id].append(order)
        for refund in Refund.objects.filter(customer_id__in=part):
            refunds[refund.customer_id].append(refund)
    for customer in wanted:
        _put(profiles[customer], orders[customer], refunds[customer], currency)


def _put(profile: File, orders: Sequence[Order], refunds: Sequence[Refund], currency: str) -> None:
    sums = rules.add_up([_as_booked(order) for order in orders], [_as_given_back(one) for one in refunds], currency)
    profile.orders, profile.foreign = sums.orders, sums.foreign
    profile.revenue, profile.refunded = ten_thousandths(sums.revenue), ten_thousandths(sums.refunded)
    profile.margin = None if sums.margin is None else ten_thousandths(sums.margin)
    profile.first_order_at = None if sums.first_at is None else to_us(sums.first_at)
    profile.last_order_at = None if sums.last_at is None else to_us(sums.last_at)
    profile.tally.pop("bought", None)
    if sums.categories:
        profile.tally["bought"] = sums.categories


def _as_booked(order: Order) -> rules.Booked:
    return rules.Booked(
        place=(order.source, order.order_id), at=order.at, cancelled=order.cancelled, revenue=order.revenue,
        currency=order.currency, cost=order.cost, categories=order.categories,
    )  # fmt: skip


def _as_given_back(refund: Refund) -> rules.GivenBack:
    return rules.GivenBack((refund.source, refund.order_id), refund.amount, refund.currency)


def follow(customers: Collection[int]) -> None:
    """Orders and refunds of these customers go where the facts that reported them have gone."""
    for table in ("profile_order", "profile_refund"):
        rows.follow(table, customers)
