"""Orders and refunds of customers, and what they add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from dangol.collect.facts import Fact
from dangol.profile import rules
from dangol.profile.models import Order, Profile, Refund

Placed = tuple[Fact, int, int | None]  # a fact, its customer, the identifier it came with


def book(facts: Sequence[Placed], currency: str) -> set[int]:
    """Enter the orders and refunds among these facts; the customers whose figures they change."""
    touched: set[int] = set()
    for fact, customer, identifier in facts:
        if fact.type == "track" and (enter := ENTRIES.get(fact.name)):
            enter(fact, customer, identifier, currency)
            touched.add(customer)
    return touched


def _completed(fact: Fact, customer: int, identifier: int | None, currency: str) -> None:
    told = rules.order_of(fact)
    Order.objects.bulk_create(
        [
            Order(
                source=fact.source, order_id=told.order_id, customer_id=customer, at=fact.at,
                revenue=told.amount or Decimal(0), currency=told.currency or currency,
                position=fact.position, identifier_id=identifier,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _updated(fact: Fact, _customer: int, _identifier: int | None, _currency: str) -> None:
    told = rules.order_of(fact)
    if told.amount is not None:
        Order.objects.filter(source=fact.source, order_id=told.order_id, position__lt=fact.position).update(
            revenue=told.amount, position=fact.position
        )


def _cancelled(fact: Fact, _customer: int, _identifier: int | None, _currency: str) -> None:
    told = rules.order_of(fact)
    Order.objects.filter(source=fact.source, order_id=told.order_id).update(cancelled=True)


def _refunded(fact: Fact, customer: int, identifier: int | None, _currency: str) -> None:
    told = rules.order_of(fact)
    amount = told.amount
    if amount is None:  # without an amount the whole order is given back
        order = Order.objects.filter(source=fact.source, order_id=told.order_id).first()
        amount = order.revenue if order else Decimal(0)
    Refund.objects.bulk_create(
        [
            Refund(
                position=fact.position, source=fact.source, order_id=told.order_id, customer_id=customer, at=fact.at,
                amount=amount, identifier_id=identifier,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip


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
        row: dict[str, Any] = orders.get(customer) or {}
        profile.orders = row.get("orders", 0)
        profile.revenue = row.get("money") or Decimal(0)
        profile.first_order_at, profile.last_order_at = row.get("first"), row.get("last")
        profile.refunded = min(refunds.get(customer) or Decimal(0), profile.revenue)  # never below nothing


def move(absorbed: int, survivor: int) -> None:
    """What one customer bought becomes another's."""
    Order.objects.filter(customer_id=absorbed).update(customer_id=survivor)
    Refund.objects.filter(customer_id=absorbed).update(customer_id=survivor)
