"""How much more often one arm buys than the other: an exact interval that may be read on any day. Pure.

Within one batch (the customers who entered on one day), given how many bought in all, the number of buyers among the
treated follows Fisher's noncentral hypergeometric distribution with the odds ratio e^θ as its only unknown. A wrong
θ₀ is told apart by the likelihood ratio against θ₀ + δ, δ mixed over Normal(0, 0.6²): an e-process, so that by Ville's
inequality the chance that it ever reaches 1/α is at most α. The interval is every θ₀ that it has not ruled out.
Batches keep a season or a drift common to both arms out of the comparison (no Simpson's paradox).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ALPHA = 0.05
SPREAD = 0.6  # of the log odds ratio under the alternative: a few tens of per cent more or less
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
FARTHEST = 5.0  # log odds ratios beyond are called unbounded
STEP = 0.025
GRID = np.arange(-FARTHEST, FARTHEST + STEP / 2, STEP)
REACH = np.arange(-2 * FARTHEST, 2 * FARTHEST + STEP / 2, STEP)  # where the likelihood itself is calculated


@dataclass(frozen=True, slots=True)
class Batch:
    """One day's customers: how many, and how many of them bought."""

    treated: int
    treated_bought: int
    held_out: int
    held_out_bought: int


@dataclass(frozen=True, slots=True)
class Interval:
    """Log odds ratios that the data have not ruled out, and the one that fits best."""

    low: float
    best: float
    high: float


def interval(batches: Sequence[Batch], alpha: float = ALPHA) -> Interval:
    """The confidence sequence of the log odds ratio, up to now."""
    points = (GRID[:, None] + SPREAD * NODES[None, :]).ravel()
    known = log_likelihood(batches, REACH)
    # Between its points the concave likelihood is taken a little too low, which errs on the side of doubt.
    at_grid, at_points = np.interp(GRID, REACH, known), np.interp(points, REACH, known)
    ratios = at_points.reshape(len(GRID), len(NODES)) - at_grid[:, None]
    peak = ratios.max(axis=1, keepdims=True)
    log_e = peak[:, 0] + np.log(np.exp(ratios - peak) @ WEIGHTS)
    kept = GRID[log_e < -math.log(alpha)]
    best = float(GRID[int(np.argmax(at_grid))])
    if not len(kept):  # between two points of the grid
        return Interval(best, best, best)
    low, high = float(kept[0]), float(kept[-1])
    return Interval(-math.inf if low <= -FARTHEST else low, best, math.inf if high >= FARTHEST else high)


def log_likelihood(batches: Sequence[Batch], thetas: Any) -> Any:
    """log P(treated buyers | all buyers) summed over batches, at each log odds ratio; constants are left out."""
    total = np.zeros(len(thetas))
    for batch in batches:
        bought = batch.treated_bought + batch.held_out_bought
        lowest, highest = max(0, bought - batch.held_out), min(batch.treated, bought)
        if lowest == highest:  # nothing can be learnt from a batch that could not have come out otherwise
            continue
        counts = np.arange(lowest, highest + 1)
        ways = _log_choose(batch.treated, counts) + _log_choose(batch.held_out, bought - counts)
        terms = ways[None, :] + np.multiply.outer(thetas, counts)
        peak = terms.max(axis=1)
        total += thetas * batch.treated_bought - (peak + np.log(np.exp(terms - peak[:, None]).sum(axis=1)))
    return total


def _log_choose(n: int, k: Any) -> Any:
    logs = _log_factorials(n)
    return logs[n] - logs[k] - logs[n - k]


def _log_factorials(n: int) -> Any:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def difference(theta: float, rate: float, treated_share: float) -> float:
    """What a log odds ratio means in the share who buy: p₁ - p₀ where both together buy at `rate`.

    Solves f·σ(logit p₀ + θ) + (1 - f)·p₀ = rate for p₀ by bisection.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if treated_share * _shifted(middle, theta) + (1 - treated_share) * middle < rate:
            low = middle
        else:
            high = middle
    return _shifted(low, theta) - low


def _shifted(rate: float, theta: float) -> float:
    if math.isinf(theta):
        return (1.0 if rate > 0 else 0.0) if theta > 0 else (0.0 if rate < 1 else 1.0)
    odds = math.exp(theta)
    return rate * odds / (1 - rate + rate * odds)
