"""Draws from what is believed after the data, and from how the world may drift: evenly spread, the same every time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from dangol.value import bgnbd, gammagamma
from dangol.value.climb import Array, Peak

YOUNG, OLD, GROWN_UP = 0.4, 0.25, 90  # the log of next months' rate differs by so much; days until a shop is grown up


def drift(span_days: float) -> float:
    """How much a shop's rate drifts: the standard deviation of its logarithm, after `span_days` of history.

    Seasons, advertising and fashion move a shop more than its parameters are uncertain. The two ends were read off
    four public data sets: see docs/models.md.
    """
    return OLD + (YOUNG - OLD) * max(0.0, 1 - span_days / GROWN_UP)


@lru_cache(maxsize=8)
def normal(count: int, dimensions: int) -> Array:
    """`count` points of a standard normal distribution, evenly spread, with mean 0 and covariance exactly 1.

    A Kronecker sequence on the generalised golden ratio (Roberts 2018), through the normal quantile function.
    """
    ratio = 2.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    points = ndtri((0.5 + np.outer(np.arange(1, count + 1), steps)) % 1)
    points -= points.mean(axis=0)
    factor = np.linalg.cholesky(points.T @ points / count)
    found: Array = np.linalg.solve(factor, points.T).T
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a shop: the top of the posterior and its covariance, and what customers' money is like."""

    at: Array  # the four numbers of bgnbd
    covariance: Array
    drift: float
    early: int = 0
    money_at: Array | None = None  # the three numbers of gammagamma; None: nothing is known of money
    money_covariance: Array | None = None


@dataclass(frozen=True, slots=True)
class Draws:
    """Possible shops, each as likely as another; every number an array of one row."""

    purchases: bgnbd.Parameters
    pace: Array  # the factor by which the coming months are faster
    early: int
    money: gammagamma.Parameters | None


def known(purchases: Peak, money: Peak | None, span_days: float, early: int = 0) -> Known:
    """What two peaks say, after `span_days` of history."""
    return Known(
        purchases.at,
        purchases.covariance(),
        drift(span_days),
        early,
        money.at if money else None,
        money.covariance() if money else None,
    )


def draw(from_: Known, count: int) -> Draws:
    """`count` possible shops."""
    points = normal(count, 8)
    ahead = from_.at[:, None] + _root(from_.covariance) @ points[:, :4].T
    money = None
    if from_.money_at is not None and from_.money_covariance is not None:
        spread = from_.money_at[:, None] + _root(from_.money_covariance) @ points[:, 5:].T
        money = gammagamma.parameters(spread[:, None, :])
    pace = np.exp(from_.drift * points[None, :, 4])
    return Draws(bgnbd.parameters(ahead[:, None, :]), pace, from_.early, money)


def _root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    found: Array = vectors * np.sqrt(np.maximum(values, 0))
    return found
