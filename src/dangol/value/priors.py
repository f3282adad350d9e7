"""What is believed of a shop before its own data speak, and how the data are added to that.

A prior is a normal distribution over numbers that people can read: logarithms of rates and sizes, log odds of shares.
Centres: medians over four shops' fits (CDNOW, an apparel shop, a grocer, a gift wholesaler); spreads: argued, wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from dangol.value.climb import Array, Slope

DAYS_A_WEEK = 7.0


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal belief about each of some numbers, independent of each other."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]  # standard deviations

    def on(self, at: Array, slope: Slope) -> Slope:
        """A log likelihood at `at`, with this belief added (up to a constant)."""
        value, gradient, hessian = slope
        precision = 1 / np.array(self.spread) ** 2
        off = at - np.array(self.mean)
        return value - float(off @ (precision * off)) / 2, gradient - precision * off, hessian - np.diag(precision)


FLAT = math.inf  # as a spread: nothing is believed

# log of purchases a week, log of how alike customers are (gamma shape), log odds of leaving after a purchase, log of
# how alike customers are in that
PURCHASES = Prior((-2.9, -0.85, -1.9, 1.2), (1.2, 0.9, 1.05, 0.9))
# log of an order's mean, log of how alike orders of one customer are, log of how alike customers are (q - 1)
MONEY = Prior((0.0, 1.2, 1.3), (1.0, 0.8, 0.8))
# of a season: log odds of buying, log of how alike customers are, log odds of leaving, log of how alike
SEASONS = Prior((0.0, 0.7, -1.9, 1.2), (1.5, 1.0, 1.05, 0.9))

SAID_SPREAD = 0.5  # of what an owner says: two of three times within a factor of 1.65


def flat(prior: Prior) -> Prior:
    """The same numbers without a belief: what maximum likelihood uses."""
    return replace(prior, spread=(FLAT,) * len(prior.mean))


def purchases(weeks_between: float | None = None) -> Prior:
    """The belief about purchases; `weeks_between`: a good customer buys about every so many weeks, the owner says.

    A good customer is one of the better tenth, and the better tenth buys about `GOOD` times as often as the mean.
    """
    if weeks_between is None:
        return PURCHASES
    rate = -math.log(weeks_between * GOOD)
    return Prior((rate, *PURCHASES.mean[1:]), (SAID_SPREAD, *PURCHASES.spread[1:]))


GOOD = 2.8  # the 90 % quantile of a gamma distribution of shape exp(-0.85), by its mean


def money(centre: float, said: bool) -> Prior:
    """The belief about an order's amount: `centre`, which an owner `said`, or else the shop's own average so far."""
    return Prior((math.log(centre), *MONEY.mean[1:]), (SAID_SPREAD if said else MONEY.spread[0], *MONEY.spread[1:]))
