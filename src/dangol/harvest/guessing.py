"""What a play's prior makes of a campaign that has not shown enough yet. Pure.

An estimate for deciding meanwhile, never a claim: it stands beside the measured interval and never in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dangol.strategy.rules import Measured, Prior, learn, weight_of


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate with its 80 % range."""

    low: float
    mean: float
    high: float

    def times(self, factor: float) -> Range:
        return Range(self.low * factor, self.mean * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Guess:
    """What the prior and the few customers so far say together."""

    orders: Range  # extra ones, over all treated customers so far
    money: Range | None  # what they leave, messages and coupons paid; empty before the first order
    own: float  # how much of it is the shop's own, from 0 to 1
    customers: int  # whose time is over


def guess(prior: Prior, seen: Measured | None, treated: int, per_order: float | None, spent: float) -> Guess:
    """`per_order` is what an order brings or, where costs of goods are known, leaves; `spent` on all treated.

    A normal prior and a normal measurement (strategy.rules.learn); how much orders differ in value is not in the range.
    """
    learnt = learn(prior, seen)
    orders = Range(learnt.low, learnt.mean, learnt.high).times(treated)
    money = None
    if per_order is not None:
        worth = orders.times(per_order)
        money = Range(worth.low - spent, worth.mean - spent, worth.high - spent)
    own = weight_of(prior, seen) if seen and seen.error > 0 else 0.0
    return Guess(orders, money, own, seen.customers if seen else 0)
