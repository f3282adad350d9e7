"""Who was drawn to be treated, with which chance, and what came of it: what uplift and backtests rest on. Pure.

Only customers whom chance treated or left alone can be compared. Where nobody kept the chance, or it was 0 or 1 for
somebody, or the two sides differed before anything was sent, no answer is honest, and none is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST = 300  # effective customers below which the error of a backtest is as large as any effect: docs/models.md
RARE = 4.9  # standard errors that chance exceeds once in a million: a draw that differs so much was none
UNKNOWN, CERTAIN, UNEVEN, DIFFERED, FEW = "unknown", "certain", "uneven", "differed", "few"


class Refused(ValueError):
    """No honest answer can be given; `reason` is one of the above, `effective` how many customers it would rest on."""

    def __init__(self, reason: str, effective: float = 0.0) -> None:
        self.reason, self.effective = reason, effective
        super().__init__(f"{reason} (effective {effective:.0f})")


@dataclass(frozen=True, slots=True)
class Draw:
    """Customers of one campaign, in the same order in every array of length n."""

    treated: Flags
    share: Floats  # the chance with which each was drawn to be treated
    reached: Floats  # 1 where the goal was reached, else 0; or any other outcome
    before: Floats  # what was spent before entering, in the shop's currency; zeros where nobody knows

    def __len__(self) -> int:
        return len(self.treated)

    @property
    def weights(self) -> Floats:
        """One over the chance of what happened to each."""
        return np.where(self.treated, 1 / self.share, 1 / (1 - self.share))

    def part(self, chosen: Flags) -> Draw:
        return Draw(self.treated[chosen], self.share[chosen], self.reached[chosen], self.before[chosen])


def sound(draw: Draw) -> None:
    """Whether the draw was one. Raises Refused."""
    if not len(draw) or not np.isfinite(draw.share).all():
        raise Refused(UNKNOWN)
    if (draw.share <= 0).any() or (draw.share >= 1).any():
        raise Refused(CERTAIN)
    expected, spread = draw.share.sum(), math.sqrt((draw.share * (1 - draw.share)).sum())
    if abs(draw.treated.sum() - expected) > RARE * spread + 1:
        raise Refused(UNEVEN)
    if abs(_difference(draw)) > RARE:
        raise Refused(DIFFERED)
    if (count := effective(draw.weights)) < FEWEST:
        raise Refused(FEW, count)


def _difference(draw: Draw) -> float:
    """By how many standard errors the sides differed in log(1 + spending before)."""
    logs = np.log1p(np.maximum(draw.before, 0))
    one, other = logs[draw.treated], logs[~draw.treated]
    if len(one) < 2 or len(other) < 2:
        return 0.0
    error = math.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return float((one.mean() - other.mean()) / error) if error > 0 else 0.0


def effective(weights: Floats) -> float:
    """Kish's effective number: (Σw)² / Σw²."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
