"""Who came back: customers by the month of their first order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from dangol.harvest.history import Ints, Orders
from dangol.harvest.periods import edges, next_month

MOST_MONTHS = 12  # cohorts shown, and months that each is followed


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order fell into one month."""

    month: date  # its first day
    customers: int
    back: tuple[int, ...]  # who ordered in the month itself (all of them), the next, …; up to the present one
    net: tuple[float, ...]  # what they brought in each, refunds taken off

    @property
    def shares(self) -> list[float]:
        """Of those who began, in per cent."""
        return [100 * count / self.customers for count in self.back]

    @property
    def worth(self) -> float:
        """What one of them brought so far on average."""
        return sum(self.net) / self.customers


def cohorts(orders: Orders, today: date, zone: ZoneInfo, months: int = MOST_MONTHS) -> list[Cohort]:
    """The cohorts of the last months, the oldest first; months in which nobody began are left out."""
    starts = _months(today, months)
    who, first, month = _placed(orders, edges([*starts, next_month(starts[-1])], zone))
    found = []
    for place, start in enumerate(starts):
        mine = first == place
        members = np.unique(who[mine & (month == place)])
        if not len(members):
            continue
        spans = [mine & (month == later) for later in range(place, len(starts))]
        back = tuple(len(np.unique(who[chosen])) for chosen in spans)
        found.append(Cohort(start, len(members), back, tuple(float(orders.net[chosen].sum()) for chosen in spans)))
    return found


def members(orders: Orders, month: date, later: int, zone: ZoneInfo) -> list[int]:
    """Who began in a month and ordered `later` months after it."""
    starts = [month]
    while len(starts) <= later + 1:
        starts.append(next_month(starts[-1]))
    who, first, placed = _placed(orders, edges(starts, zone))
    return sorted(map(int, np.unique(who[(first == 0) & (placed == later)])))


def _placed(orders: Orders, borders: Sequence[int]) -> tuple[Ints, Ints, Ints]:
    """For each order: whose it is, the place of the month of their first order, and of its own; -1 before all."""
    placed = np.searchsorted(np.array(borders, np.int64), orders.at, side="right") - 1
    who, first_of, inverse = np.unique(orders.customers, return_index=True, return_inverse=True)
    return orders.customers, placed[first_of][inverse] if len(who) else placed, placed


def _months(today: date, count: int) -> list[date]:
    month = today.year * 12 + today.month - 1
    return [date(place // 12, place % 12 + 1, 1) for place in range(month - count + 1, month + 1)]
