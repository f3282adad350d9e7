"""What orders come to, what moves a forecast, how one is scored. Pure: values in, values out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

BEGINS = timedelta(hours=3)  # after midnight in the shop's zone a day's forecast is due
STEPS_PER_E = 50  # steps of the scale of amounts within a factor of e: 2 % each
MOVES = 1.2  # a young shop's forecast is made anew when it has so many times the customers
YOUNG = 10_000  # customers; older shops wait for the night


@dataclass(frozen=True, slots=True)
class Placed:
    """One order that stands."""

    at: datetime
    revenue: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Bought:
    """What a customer's orders come to; days as date.toordinal."""

    days: int
    first_day: int
    last_day: int
    paid_days: int
    spent: Decimal


def bought(orders: Sequence[Placed], refunded: Decimal, currency: str, zone: tzinfo) -> Bought | None:
    """Several orders of one day are one purchase; what was refunded is taken off; None where nothing stands."""
    if not orders:
        return None
    days = {_day(order.at, zone) for order in orders}
    ours = [order for order in orders if order.currency in {"", currency} and order.revenue > 0]
    spent = max(sum((order.revenue for order in ours), Decimal(0)) - refunded, Decimal(0))
    paid = len({_day(order.at, zone) for order in ours}) if spent else 0
    return Bought(len(days), min(days), max(days), paid, spent)


def _day(at: datetime, zone: tzinfo) -> int:
    return at.astimezone(zone).date().toordinal()


def today(now: datetime, zone: tzinfo) -> int:
    """The day whose forecast is due at an instant."""
    return _day(now - BEGINS, zone)


def step_of(paid_days: int, spent: Decimal) -> int:
    """Where the mean of a customer's orders lies on the scale of amounts."""
    return round(STEPS_PER_E * math.log(spent / paid_days))


def amount_of(step: float) -> float:
    """The amount at a step of the scale."""
    return math.exp(step / STEPS_PER_E)


def outgrown(customers: int, told: int) -> bool:
    """Whether a young shop has gained so many customers that this day's forecast is made again."""
    return customers < YOUNG and customers > told * MOVES
