"""CUPED: what customers spent before they entered explains part of what they spent after. Pure.

Deng, Xu, Kohavi, Walker, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment data"
(WSDM 2013). The draw does not know what was spent before, so what it explains can be taken off in either arm: the mean
difference stays what it was in the long run, and its error shrinks by √(1 - ρ²).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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


def slope(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """θ = cov / var of before, and ρ², over both arms together."""
    count = len(before)
    if count < 2:
        return 0.0, 0.0
    mean_before, mean_after = sum(before) / count, sum(after) / count
    spread = math.fsum((x - mean_before) ** 2 for x in before)
    other = math.fsum((y - mean_after) ** 2 for y in after)
    together = math.fsum((x - mean_before) * (y - mean_after) for x, y in zip(before, after, strict=True))
    if spread <= 0 or other <= 0:
        return 0.0, 0.0
    return together / spread, together * together / (spread * other)


def adjust(before: Sequence[float], after: Sequence[float]) -> tuple[list[float], Adjusted]:
    """Each customer's spending, less what their spending before explains of it where that is worth it."""
    theta, explained = slope(before, after)
    used = explained >= WORTH_IT and sum(x != 0 for x in before) >= FEWEST_BEFORE
    if not used:
        return list(after), Adjusted(explained, False)
    mean = sum(before) / len(before)
    return [y - theta * (x - mean) for x, y in zip(before, after, strict=True)], Adjusted(explained, True)
