"""Past forecasts against what came: every one is scored once its time has passed.

In: a forecast, and the orders since. Out: a score kept with it. What was said of each customer is not stored but said
again: from the parameters of that day and the orders before it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, time

import numpy as np

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.profile.models import Order
from dangol.value import bgnbd, forecasts, known, rules
from dangol.value.climb import Array
from dangol.value.models import Buyer, Forecast, Kind

FIFTHS = 5


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one forecast: purchase days of the customers it was made for."""

    expected: float
    low: float  # the range said to hold the outcome in 8 of 10 cases
    high: float
    came: int
    deviance: float  # mean Poisson deviance of single customers' forecasts; 0 is perfect
    fifths: list[list[float]]  # customers by what was expected of them: how many, expected, came


def score_next(now: datetime) -> bool:
    """Score one forecast whose time has passed; whether there was one."""
    shop = Shop.objects.first()
    if shop is None:
        return False
    today = rules.today(now, shop.zone)
    for forecast in Forecast.objects.filter(customers__gt=0, day__lt=today).order_by("-day"):
        for ahead in sorted(map(int, forecast.totals)):
            if str(ahead) not in forecast.scores and forecast.day + ahead <= today:
                forecast.scores[str(ahead)] = asdict(_score(forecast, ahead, shop))
                forecast.save(update_fields=["scores"])
                return True
    return False


def _score(forecast: Forecast, ahead: int, shop: Shop) -> Score:
    unchanged = _unchanged(forecast.day)
    changed, came = _changed(forecast.day, ahead, shop)
    counts = bgnbd.Counts(*(np.concatenate([getattr(one, name) for one in (unchanged, changed)]) for name in FIELDS))
    outcome = np.concatenate([np.zeros(len(unchanged.x)), came])
    standing = forecasts.Standing.of(counts)
    expected = forecasts.orders(known.possible_shops(forecast), standing, ahead).mean(axis=1)
    _, low, _, high = forecast.totals[str(ahead)]
    return Score(
        float(counts.n @ expected), low, high, int(came.sum()), _deviance(expected, outcome, counts.n),
        _fifths(expected, outcome, counts.n),
    )  # fmt: skip


FIELDS = ("x", "last", "age", "n")


def _unchanged(day: int) -> bgnbd.Counts:
    """Customers who have not bought since a day, as they stood then: their kinds are still the same."""
    rows = list(Kind.objects.filter(last_day__lt=day).values_list("days", "first_day", "last_day", "n"))
    days, first, last, n = np.array(rows, np.int64).reshape(-1, 4).T
    return bgnbd.Counts.of(days - 1, last - first, day - first, n)


def _changed(day: int, ahead: int, shop: Shop) -> tuple[bgnbd.Counts, Array]:
    """Customers from before a day who have bought since, as they stood then, and their purchase days ahead of it."""
    buyers = list(Buyer.objects.filter(first_day__lt=day, last_day__gte=day).values_list("pk", flat=True))
    days: dict[int, set[int]] = defaultdict(set)
    for part in parts(buyers):
        rows = Order.objects.filter(customer_id__in=part, cancelled=False, at__lt=_begin(day + ahead, shop))
        for customer, at in rows.values_list("customer_id", "at"):
            days[customer].add(at.astimezone(shop.zone).date().toordinal())
    before = [sorted(one for one in bought if one < day) for bought in days.values()]
    came = [sum(one >= day for one in bought) for bought in days.values()]
    stood = [
        (len(one) - 1, one[-1] - one[0], day - one[0], told) for one, told in zip(before, came, strict=True) if one
    ]
    x, last, age, outcome = np.array(stood, np.int64).reshape(-1, 4).T
    return bgnbd.Counts.of(x, last, age), outcome.astype(float)


def _begin(day: int, shop: Shop) -> datetime:
    return datetime.combine(date.fromordinal(day), time(), shop.zone)


def _deviance(expected: Array, came: Array, n: Array) -> float:
    expected = np.maximum(expected, 1e-9)
    logs = np.where(came > 0, came * np.log(np.maximum(came, 1) / expected), 0)
    return float(n @ (2 * (logs - (came - expected))) / max(n.sum(), 1))


def _fifths(expected: Array, came: Array, n: Array) -> list[list[float]]:
    """Customers in five equal groups by what was expected of them, the least first."""
    order = np.argsort(expected, kind="stable")
    place = (np.cumsum(n[order]) - n[order] / 2) / max(n.sum(), 1)
    group = np.minimum((place * FIFTHS).astype(int), FIFTHS - 1)
    sums = [np.bincount(group, column[order], FIFTHS) for column in (n, n * expected, n * came)]
    return [[float(one) for one in group] for group in np.array(sums).T]
