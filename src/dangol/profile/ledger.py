"""Orders and refunds of customers, and what they add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from dangol.collect.facts import Fact
from dangol.profile import rules
from dangol.profile.models import Order, Profile, Refund

Placed = tuple[Fact, int, int | None]  # a fact, its customer, the identifier it came with


def book(facts: Sequence[Placed], currency: str) -> set[int]:
    """Enter the orders and refunds among these facts; the customers whose figures they change.

    Runs of facts of one kind are written together; the order of unlike facts is kept.
    """
    touched: set[int] = set()
    about_money = [placed for placed in facts if placed[0].type == "track" and placed[0].name in ENTRIES]
    for name, run in groupby(about_money, key=lambda placed: placed[0].name):
        placed = list(run)
        ENTRIES[name](placed, currency)
        touched.update(customer for _, customer, _ in placed)
    return touched


def _completed(placed: Sequence[Placed], currency: str) -> None:
    Order.objects.bulk_create([_order(*one, currency) for one in placed], ignore_conflicts=True)


def _order(fact: Fact, customer: int, identifier: int | None, currency: str) -> Order:
    told = rules.order_of(fact)
    return Order(
        source=fact.source,
        order_id=told.order_id,
        customer_id=customer,
        at=fact.at,
        revenue=told.amount or Decimal(0),
        currency=told.currency or currency,
        position=fact.position,
        identifier_id=identifier,
    )


def _updated(placed: Sequence[Placed], _currency: str) -> None:
    for fact, _, _ in placed:
        told = rules.order_of(fact)
        if told.amount is not None:
            Order.objects.filter(source=fact.source, order_id=told.order_id, position__lt=fact.position).update(
                revenue=told.amount, position=fact.position
            )


def _cancelled(placed: Sequence[Placed], _currency: str) -> None:
    for fact, _, _ in placed:
        Order.objects.filter(source=fact.source, order_id=rules.order_of(fact).order_id).update(cancelled=True)


def _refunded(placed: Sequence[Placed], _currency: str) -> None:
    Refund.objects.bulk_create([_refund(*one) for one in placed], ignore_conflicts=True)


def _refund(fact: Fact, customer: int, identifier: int | None) -> Refund:
    told = rules.order_of(fact)
    amount = told.amount
    if amount is None:  # without an amount the whole order is given back
        order = Order.objects.filter(source=fact.source, order_id=told.order_id).first()
        amount = order.revenue if order else Decimal(0)
    return Refund(
        position=fact.position,
        source=fact.source,
        order_id=told.order_id,
        customer_id=customer,
        at=fact.at,
        amount=amount,
        identifier_id=identifier,
    )


ENTRIES = {
    "Order Completed": _completed,
    "Order Updated": _updated,
    "Order Cancelled": _cancelled,
    "Order Refunded": _refunded,
}


def recount(profiles: Mapping[int, Profile], customers: Collection[int]) -> None:
    """Count these customers' figures again from their orders and refunds."""
    if not customers:
        return
    orders = {
        row["customer_id"]: row
        for row in Order.objects.filter(customer_id__in=customers, cancelled=False)
        .values("customer_id")
        .annotate(orders=Count("id"), money=Sum("revenue"), first=Min("at"), last=Max("at"))
    }
    cancelled = Order.objects.filter(customer_id__in=customers, cancelled=True).values_list("source", "order_id")
    given_back = Refund.objects.filter(customer_id__in=customers)
    for source, order_id in cancelled:  # a cancelled order brought nothing: what was paid back for it is not lost twice
        given_back = given_back.exclude(Q(source=source) & Q(order_id=order_id))
    refunds = dict(given_back.values("customer_id").annotate(total=Sum("amount")).values_list("customer_id", "total"))
    for customer in customers:
        profile: Profile = profiles[customer]
        row: Mapping[str, Any] = orders.get(customer) or {}
        profile.orders = row.get("orders", 0)
        profile.revenue = row.get("money") or Decimal(0)
        profile.first_order_at, profile.last_order_at = row.get("first"), row.get("last")
        profile.refunded = min(refunds.get(customer) or Decimal(0), profile.revenue)  # never below nothing


def move(absorbed: int, survivor: int) -> None:
    """What one customer bought becomes another's."""
    Order.objects.filter(customer_id=absorbed).update(customer_id=survivor)
    Refund.objects.filter(customer_id=absorbed).update(customer_id=survivor)
