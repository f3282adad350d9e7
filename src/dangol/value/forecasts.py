"""What each customer is expected to do, as means and as quantiles of what may come.

In: what is known of the shop, and customers as they stand today. Out: arrays with one row for each customer.
Promise: a quantile is of the outcome itself (orders are whole, money comes in orders), with the doubt about the shop's
parameters and the drift of its pace in it; churn is a probability, so its quantiles are of the doubt about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from dangol.profile.quantiles import FIGURES, NEVER, SHARES
from dangol.value import future, gammagamma
from dangol.value.bgnbd import Counts
from dangol.value.climb import Array
from dangol.value.draws import Draws
from dangol.value.priors import DAYS_A_WEEK

END = 0.001  # the first and the last quantile stand for 0.1 % and 99.9 %: the ends themselves are 0 and beyond all
LEVELS = np.clip(SHARES, END, 1 - END)
OUTCOMES = 200  # possible years of a customer, for the quantiles of money
WAITS = np.geomspace(1.0, NEVER, 48)  # days at which the chance of having ordered again is looked at
SAMPLE = 20_000  # kinds of customers that a shop's totals are worked out from; more are sampled


@dataclass(frozen=True, slots=True)
class Standing:
    """Customers as they stand today; columns of one entry for each."""

    x: Array  # repeated purchase days
    last: Array  # weeks from the first to the last
    age: Array  # weeks from the first to today
    paid: Array  # purchase days on which money came in
    spent: Array  # in all

    @staticmethod
    def of(counts: Counts, paid: Array | None = None, spent: Array | None = None) -> Standing:
        none = np.zeros(len(counts.x))
        return Standing(
            counts.x.astype(float), counts.last / DAYS_A_WEEK, counts.age / DAYS_A_WEEK,
            none if paid is None else paid, none if spent is None else spent,
        )  # fmt: skip

    def columns(self) -> tuple[Array, Array, Array]:
        return self.x[:, None], self.last[:, None], self.age[:, None]


def orders(draws: Draws, standing: Standing, days: float) -> Array:
    """The mean number of orders in the next `days`, in each possible shop: customers by draws."""
    weeks = days / DAYS_A_WEEK * draws.pace
    return future.expected(draws.purchases, *standing.columns(), weeks, draws.early)


def value(draws: Draws, standing: Standing, days: float) -> Array | None:
    """The mean money of the next `days`, customers by draws; None where nothing is known of money."""
    if draws.money is None:
        return None
    each = gammagamma.mean_of_customer(draws.money, standing.paid[:, None], standing.spent[:, None])
    return orders(draws, standing, days) * each


def churned(draws: Draws, standing: Standing) -> Array:
    """The probability that a customer has stopped for good, customers by draws."""
    return 1 - future.alive(draws.purchases, *standing.columns(), draws.early)


def quantiles(draws: Draws, standing: Standing, rng: np.random.Generator) -> dict[str, Array]:
    """Of every figure of FIGURES that can be told: customers by SHARES."""
    churn = np.quantile(churned(draws, standing), LEVELS, axis=1).T
    told = churn, order_counts(draws, standing, 90, LEVELS), _waits(draws, standing)
    found = dict(zip(FIGURES[1:], told, strict=True))
    if draws.money is not None:
        found["value_365d"] = values(draws, standing, 365, LEVELS, rng)
    return found


def order_counts(draws: Draws, standing: Standing, days: float, levels: Array) -> Array:
    """Quantiles of the number of orders in the next `days`: customers by levels.

    The quantile at a level is how many counts k have P(at least k) above 1 - level.
    """
    weeks = days / DAYS_A_WEEK * draws.pace
    counts = np.zeros((len(standing.x), len(levels)))
    above = 1 - levels
    chances = future.at_least(draws.purchases, *standing.columns(), weeks, draws.early)
    for _ in range(int(days) + 1):  # purchase days: there cannot be more of them than days
        reached = next(chances).mean(axis=1)[:, None] > above
        if not reached.any():
            break
        counts += reached
    return np.minimum(counts, days)


def ordered_within(draws: Draws, standing: Standing, days: Array) -> Array:
    """The probability that the next order comes within so many days: customers by days."""
    found = np.empty((len(standing.x), len(days)))
    for number, wait in enumerate(days / DAYS_A_WEEK):
        chance = future.ordered_within(draws.purchases, *standing.columns(), wait * draws.pace, draws.early)
        found[:, number] = chance.mean(axis=1)
    return found


def _waits(draws: Draws, standing: Standing) -> Array:
    """Quantiles of the days until the next order, interpolated between WAITS on a logarithmic scale."""
    chance, logs = ordered_within(draws, standing, WAITS), np.log(WAITS)
    found = np.array([np.exp(np.interp(LEVELS, one, logs)) for one in chance])
    found[chance[:, -1:] <= LEVELS] = NEVER
    return found


def values(draws: Draws, standing: Standing, days: float, levels: Array, rng: np.random.Generator) -> Array:
    """Quantiles of the money of the next `days`, from OUTCOMES possible futures of each customer."""
    if draws.money is None:
        raise ValueError("nothing is known of what orders are worth")
    even = (np.arange(OUTCOMES) + 0.5) / OUTCOMES
    counts = order_counts(draws, standing, days, even)
    which = rng.permutation(OUTCOMES) % draws.pace.shape[1]
    p, q, v = (number[:, which] for number in draws.money)
    shape = q + p * standing.paid[:, None]
    each = (v + standing.spent[:, None]) / rng.standard_gamma(np.broadcast_to(shape, counts.shape))
    money = each * rng.standard_gamma(counts * p)
    found: Array = np.quantile(money, levels, axis=1).T
    return found


def totals(draws: Draws, counts: Counts, days: float, levels: Array) -> tuple[float, Array]:
    """The mean and quantiles of all these customers' orders in the next `days`, drift included.

    Given the shop, customers are independent of each other, and a sum of many is nearly normal.
    """
    if len(counts.x) == 0:
        return 0.0, np.zeros(len(levels))
    step = -(-len(counts.x) // SAMPLE)
    few = Counts(counts.x[::step], counts.last[::step], counts.age[::step], counts.n[::step])
    weight = few.n * (counts.customers / few.customers)
    standing = Standing.of(few)
    mean = orders(draws, standing, days)
    here = np.maximum(1 - churned(draws, standing), 1e-300)
    shape = draws.purchases.r + standing.x[:, None]
    variance = mean + mean**2 * ((1 + 1 / shape) / here - 1)
    middle, spread = weight @ mean, np.sqrt(weight @ variance)
    steps = ndtri((np.arange(101) + 0.5) / 101)
    possible = np.maximum(middle[:, None] + spread[:, None] * steps, 0)
    return float(middle.mean()), np.quantile(possible, levels)
