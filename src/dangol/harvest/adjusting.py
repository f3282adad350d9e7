"""CUPED: what customers spent before they entered explains part of what they spent after. Pure.

Deng, Xu, Kohavi, Walker, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment data"
(WSDM 2013). The draw does not know what was spent before, so what it explains can be taken off in either arm: the mean
difference stays what it was in the long run, and its error shrinks by √(1 - ρ²).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dangol.harvest.lifts import Lift, Spending, revenue_lift

Floats = npt.NDArray[np.float64]
FEWEST_BEFORE = 100  # customers who had spent something before, else ρ is chance
WORTH_IT = 0.05  # of the variance explained: below, the plain difference is told


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What came of it: the share of the variance that is explained, and whether it was taken off."""

    explained: float
    used: bool

    @property
    def narrower(self) -> float:
        """By how much an interval is narrower, as a share of its width."""
        return 1 - math.sqrt(1 - self.explained) if self.used else 0.0


PLAIN = Adjusted(0.0, False)


def slope(before: Floats, after: Floats) -> tuple[float, float]:
    """θ = cov / var of before, and ρ², over both arms together."""
    if len(before) < 2:
        return 0.0, 0.0
    x, y = before - before.mean(), after - after.mean()
    spread, other, together = float(x @ x), float(y @ y), float(x @ y)
    if spread <= 0 or other <= 0:
        return 0.0, 0.0
    return together / spread, min(together * together / (spread * other), 1.0)


def adjust(before: Floats, after: Floats) -> tuple[Floats, Adjusted]:
    """Each customer's spending, less what their spending before explains of it where that is worth it."""
    theta, explained = slope(before, after)
    used = explained >= WORTH_IT and int(np.count_nonzero(before)) >= FEWEST_BEFORE
    if not used:
        return after, Adjusted(explained, False)
    return after - theta * (before - before.mean()), Adjusted(explained, True)


@dataclass(frozen=True, slots=True)
class Side:
    """One arm: an amount of each customer, what they spent before, and how many of them bought."""

    amounts: Floats
    before: Floats
    buyers: int


def lift(treated: Side, held_out: Side, alpha: float, *, adjusts: bool = True) -> tuple[Lift, Adjusted]:
    """The lift of an amount per customer; what spending before explains is taken off where that is worth it."""
    after, told = np.concatenate([treated.amounts, held_out.amounts]), PLAIN
    if adjusts:
        after, told = adjust(np.concatenate([treated.before, held_out.before]), after)
    count = len(treated.amounts)
    arms = [
        Spending(len(part), side.buyers, float(part.sum()), float(part @ part))
        for part, side in ((after[:count], treated), (after[count:], held_out))
    ]
    return revenue_lift(arms[0], arms[1], alpha), told
