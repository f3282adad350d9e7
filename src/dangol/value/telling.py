"""What is told of single customers: rows for the customer file, and a sheet for whoever opens one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dangol.value import forecasts, known
from dangol.value.climb import Array
from dangol.value.draws import Draws
from dangol.value.forecasts import Standing
from dangol.value.models import Buyer, Forecast
from dangol.value.words import Range

SEED = 20  # of the possible years: the same customer on the same day is told the same
SHEET_DRAWS = 32
ENDS = np.array([0.1, 0.9])
SOON = 730  # days that a next order is looked for in
SCARCELY = 0.02  # a chance of one below which no date is named


def figures(forecast: Forecast, buyers: list[Buyer], today: int) -> Iterator[tuple[int, str, Sequence[float]]]:
    """Customer, figure and quantiles, for profile.predictions."""
    if not buyers:
        return
    draws, standing = known.possible_shops(forecast), known.standing(buyers, today)
    found = forecasts.quantiles(draws, standing, np.random.default_rng(SEED))
    for figure, quantiles in found.items():
        for buyer, row in zip(buyers, quantiles.tolist(), strict=True):
            yield buyer.customer_id, figure, row


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is expected of one customer; ranges hold 80 %, that of churn the doubt about the probability."""

    orders: dict[int, Range]  # days ahead → purchase days
    value: dict[int, Range]  # days ahead → money in the shop's currency; empty where nothing is known of money
    churn: Range  # the probability of having stopped for good
    again: float  # the probability of ordering again within SOON days …
    when: tuple[float, float, float] | None  # … and after how many days then: 50 %, 10 %, 90 %


def sheet(forecast: Forecast, buyer: Buyer, today: int, ahead: Sequence[int] = (90, 365)) -> Sheet:
    """Everything of one customer, worked out anew for the day."""
    draws, standing = known.possible_shops(forecast, SHEET_DRAWS), known.standing([buyer], today)
    counts, money = {}, {}
    for days in ahead:
        counts[days] = _range(
            forecasts.orders(draws, standing, days), forecasts.order_counts(draws, standing, days, ENDS)
        )
        worth = forecasts.value(draws, standing, days)
        if worth is not None:
            rng = np.random.default_rng(SEED)
            money[days] = _range(worth, forecasts.values(draws, standing, days, ENDS, rng))
    churn = forecasts.churned(draws, standing)
    return Sheet(counts, money, _range(churn, np.quantile(churn, ENDS, axis=1).T), *_next(draws, standing))


def _range(means: Array, ends: Array) -> Range:
    return Range(float(means.mean()), float(ends[0, 0]), float(ends[0, 1]))


def _next(draws: Draws, standing: Standing) -> tuple[float, tuple[float, float, float] | None]:
    """How likely another order is, and when that is if it comes."""
    waits = np.geomspace(1.0, SOON, 60)
    chance = forecasts.ordered_within(draws, standing, waits)[0]
    again = float(chance[-1])
    if again < SCARCELY:
        return again, None
    middle, low, high = (float(np.interp(share * again, chance, waits)) for share in (0.5, 0.1, 0.9))
    return again, (middle, low, high)
