"""Rates of many plays learnt together: each play's own counts, shrunk to what the others show. Pure.

A play's rate is beta distributed about the shop's; how high that is and how alike plays are is believed only weakly
(log rate .02 ± .8, strength 100, a factor of 2.7 to either side) and learnt from all counts, by a sum over a grid
(empirical Bayes with a weak hyperprior). Beta(1, 1) would be worse than the raw rate: it believes in 50 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

USUAL, RARE = 0.02, 0.002  # rates of answering, and of leaving
SPREAD = 0.8  # of the logarithm of the rate
STRENGTH, STRENGTH_FACTOR = 100.0, 2.7
STEPS = np.linspace(-3.0, 3.0, 25)  # standard deviations at which both beliefs are looked at
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it is known: moments of what it may be, as a beta distribution's."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    def quantile(self, share: float) -> float:
        return float(special.betaincinv(self.a, self.b, share))


def rates(counts: Sequence[tuple[int, int]], usual: float = USUAL) -> list[Rate]:
    """What is known of each rate from (hits, tries) of all of them; `usual` is what is believed before."""
    if not counts:
        return []
    hits, tries = np.array(counts, dtype=float).reshape(-1, 2).T
    a, b, weight = _believed(hits, tries, usual)
    means = (a + hits[:, None]) / (a + b + tries[:, None])
    squares = means * (a + hits[:, None] + 1) / (a + b + tries[:, None] + 1)
    return [_of(mean, square) for mean, square in zip(means @ weight, squares @ weight, strict=True)]


def _believed(hits: Floats, tries: Floats, usual: float) -> tuple[Floats, Floats, Floats]:
    """The grid of beta distributions, and how probable each is after all counts."""
    level = np.minimum(usual * np.exp(SPREAD * STEPS), 0.95)
    strength = STRENGTH * np.exp(np.log(STRENGTH_FACTOR) * STEPS)
    m, s = (grid.ravel() for grid in np.meshgrid(level, strength, indexing="ij"))
    a, b = m * s, (1 - m) * s
    before = -0.5 * (STEPS[:, None] ** 2 + STEPS[None, :] ** 2).ravel()
    like = special.betaln(a + hits[:, None], b + (tries - hits)[:, None]) - special.betaln(a, b)
    log = before + like.sum(axis=0)
    weight = np.exp(log - log.max())
    return a, b, weight / weight.sum()


def _of(mean: float, square: float) -> Rate:
    spread = max(square - mean**2, 1e-15)
    size = mean * (1 - mean) / spread - 1
    return Rate(mean * size, (1 - mean) * size)
