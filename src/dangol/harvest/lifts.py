"""How far two arms differ, with intervals that may be read on any day. Pure.

Who is held out is drawn by a hash: independent of anything a customer would do, with a share that is known. Both
intervals rest on that draw. They hold together, over all looks, in at least 95 of 100 campaigns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# The chance that an interval is ever wrong, over all looks: 5 % for both together. Conversions tell sooner than money.
ALPHA_CONVERSIONS, ALPHA_MONEY = 0.03, 0.02
SPREAD = 0.6  # of the log odds that the bet on conversions expects
TUNED_FOR = 1_000  # customers at which the interval of money is tightest
FEWEST_BUYERS = 5  # in each arm, before the interval of money is believed


@dataclass(frozen=True, slots=True)
class Lift:
    """Treated minus held out, with an interval that holds at every look; empty where nothing can be said."""

    value: float | None
    low: float | None
    high: float | None

    def times(self, factor: float) -> Lift:
        return Lift(*(None if number is None else number * factor for number in (self.value, self.low, self.high)))

    def plus(self, amount: float) -> Lift:
        """Moved by an amount that is known."""
        return Lift(*(None if number is None else number + amount for number in (self.value, self.low, self.high)))

    def __add__(self, other: Lift) -> Lift:
        """End added to end: both intervals hold together as surely as their doubts allow together."""
        mine, its = (self.value, self.low, self.high), (other.value, other.low, other.high)
        return Lift(*(None if a is None or b is None else a + b for a, b in zip(mine, its, strict=True)))

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


UNKNOWN = Lift(None, None, None)


@dataclass(frozen=True, slots=True)
class Spending:
    """What one arm spent, as far as a mean and its error need it."""

    customers: int
    buyers: int
    total: float
    squares: float  # sum of each customer's total, squared


def drawn_share(treated: int, held_out: int, planned: float) -> float:
    """The share of customers drawn to be treated, of whom nobody wrote down what it was: as it is planned now, or as it
    came out where that plan cannot have held all the time.
    """
    customers = treated + held_out
    doubt = 4 * math.sqrt(customers * planned * (1 - planned))
    return planned if abs(treated - customers * planned) <= doubt or not customers else treated / customers


def over_groups(groups: Sequence[tuple[int, Lift]]) -> tuple[int, Lift]:
    """How many treated customers can be compared, and the lift of them all together, from each group's number of
    treated customers and lift per treated customer.

    Groups were drawn by different shares, so customers are compared within them only: seasons differ as shares did. A
    group about which nothing can be said is left out as long as there is another.
    """
    told = [(count, lift) for count, lift in groups if lift.low is not None]
    told = told or [(count, lift) for count, lift in groups if lift.value is not None]
    if not told:
        return 0, UNKNOWN
    customers = sum(count for count, _ in told)
    total = told[0][1].times(told[0][0])
    for count, lift in told[1:]:
        total += lift.times(count)
    return customers, total


# --- conversions ----------------------------------------------------------------------------------------------------


def conversion_lift(
    treated: tuple[int, int], held_out: tuple[int, int], share: float, alpha: float = ALPHA_CONVERSIONS
) -> Lift:
    """The lift per treated customer, from (customers, conversions) of both arms; `share` of all are drawn as treated.

    Low and high are exact at any size: see `unprompted`.
    """
    (customers, conversions), (left_alone, by_themselves) = treated, held_out
    if not customers or not left_alone or not 0 < share < 1:
        return UNKNOWN
    fewest, most = unprompted(by_themselves, share, alpha)
    low, high = (conversions - min(most, customers)) / customers, (conversions - min(fewest, customers)) / customers
    value = conversions / customers - by_themselves / left_alone
    return Lift(min(max(value, low), high), low, high)


def unprompted(held_out: int, share: float, alpha: float = ALPHA_CONVERSIONS) -> tuple[int, int]:
    """How many treated customers would have converted by themselves, given how many held-out ones did: fewest and most.

    Take the customers who convert unprompted in the order in which they do. Each was drawn to be treated with
    probability `share`, whatever they do: a coin with a known side. A bettor who spreads a beta prior over that side
    wins, after k treated and c held out, M(k, c) = B(a+k, b+c) / B(a, b) / share^k / (1-share)^c, a martingale that
    begins at 1. By Ville's inequality it ever reaches 1/α with probability at most α. So the k with M(k, c) < 1/α hold
    the true one at all times at once, however rare conversions are, however customers and seasons differ, and however
    many goal windows are still open (Ville 1939; Robbins 1970; attributable effects: Rosenbaum 2001).
    """
    limit = -math.log(alpha)

    def inside(prompted_by_nobody: int) -> bool:
        return log_wins(prompted_by_nobody, held_out, share) < limit

    expected = round(held_out * share / (1 - share))
    beyond = expected + 1
    while inside(beyond):
        beyond *= 2
    return _first(inside, 0, expected), _first(lambda k: not inside(k), expected + 1, beyond) - 1


def log_wins(treated: int, held_out: int, share: float) -> float:
    """log M(treated, held_out): how much the bet against the known share has won."""
    strength = 1 / (SPREAD**2 * share * (1 - share))
    a, b = strength * share, strength * (1 - share)
    fair = treated * math.log(share) + held_out * math.log(1 - share)
    return _log_beta(a + treated, b + held_out) - _log_beta(a, b) - fair


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from low to high for which `holds`, which stays true from there on; `high` holds."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


# --- money ----------------------------------------------------------------------------------------------------------


def revenue_lift(treated: Spending, held_out: Spending, alpha: float = ALPHA_MONEY) -> Lift:
    """The difference of mean spending, with an asymptotic confidence sequence.

    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence
    sequences" (Annals of Statistics 2024), theorem 2.2. Each arm's variance is never taken to be less than that of both
    together: a small arm in which no large order happened to fall would otherwise look surer than it is, and the
    textbook interval would raise a false alarm in 8 to 28 of 100 campaigns that hold out one customer in ten.
    The interval stays empty until each arm has `FEWEST_BUYERS`: before that no asymptotics help.
    """
    if not treated.customers or not held_out.customers:
        return UNKNOWN
    value = treated.total / treated.customers - held_out.total / held_out.customers
    if min(treated.buyers, held_out.buyers) < FEWEST_BUYERS:
        return Lift(value, None, None)
    together = _variance(_pooled(treated, held_out))
    error = sum(max(_variance(arm), together) / arm.customers for arm in (treated, held_out))
    half = math.sqrt(error) * boundary(treated.customers + held_out.customers, alpha)
    return Lift(value, value - half, value + half)


def boundary(customers: int, alpha: float = ALPHA_MONEY, tuned_for: int = TUNED_FOR) -> float:
    """How many standard errors the interval reaches to either side: √(2(tρ²+1)/(tρ²) · log(√(tρ²+1)/α))."""
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuned_for
    grown = customers * rho2 + 1
    return math.sqrt(2 * grown / (customers * rho2) * math.log(math.sqrt(grown) / alpha))


def _pooled(one: Spending, other: Spending) -> Spending:
    return Spending(
        one.customers + other.customers, one.buyers + other.buyers, one.total + other.total, one.squares + other.squares
    )


def _variance(arm: Spending) -> float:
    mean = arm.total / arm.customers
    return max(arm.squares / arm.customers - mean * mean, 0.0)
