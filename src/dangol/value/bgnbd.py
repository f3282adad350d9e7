"""When customers buy and when they stop: the BG/NBD model and its sister MBG/NBD, on counted statistics.

A customer buys at a rate of their own (gamma distributed: shape r, alpha in weeks) and may stop for good after each
purchase with a probability of their own (beta distributed: a, b). In the MBG/NBD they may stop after the first one
already (`early` 1), in the BG/NBD only after a repeated one (`early` 0).

Sources: Fader, Hardie, Lee, "Counting Your Customers" the Easy Way, Marketing Science 2005; Batislam, Denizel,
Filiztekin, Empirical validation and comparison of models for customer base analysis, IJRM 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, log_expit, polygamma, psi

from dangol.value.climb import Array, Peak, Slope, climb
from dangol.value.priors import DAYS_A_WEEK, Prior

Days = NDArray[np.int64]


class Parameters(NamedTuple):
    """r, alpha (weeks), a, b; each a number, or an array of draws."""

    r: Any
    alpha: Any
    a: Any
    b: Any


def parameters(at: Array) -> Parameters:
    """From log(r/alpha), log r, logit(a/(a+b)), log(a+b): the numbers that beliefs are about."""
    rate, shape, leaving, alike = at
    return Parameters(
        np.exp(shape), np.exp(shape - rate), np.exp(alike + log_expit(leaving)), np.exp(alike + log_expit(-leaving))
    )


def numbers(p: Parameters) -> Array:
    """The way back."""
    return np.array([np.log(p.r / p.alpha), np.log(p.r), np.log(p.a / p.b), np.log(p.a + p.b)])


@dataclass(frozen=True, slots=True)
class Counts:
    """How many customers there are of each kind; all arrays of one length, times in days from the first purchase.

    `x`: days on which they bought again; `last`: the last of these (0 for x = 0); `age`: today; `n`: customers.
    """

    x: Days
    last: Days
    age: Days
    n: Array

    @staticmethod
    def of(x: object, last: object, age: object, n: object = 1.0) -> Counts:
        xs = np.asarray(x, np.int64)
        return Counts(
            xs, np.asarray(last, np.int64), np.asarray(age, np.int64), np.zeros(xs.shape) + np.asarray(n, float)
        )

    @property
    def customers(self) -> float:
        return float(self.n.sum())


class Likelihood:
    """The log likelihood of counts, with gradient and Hessian, as a function of the four numbers.

    It falls apart: what depends on x alone or on age alone is summed over their histograms, and only the doubt whether
    a customer has stopped needs every row: one logarithm looked up by day, one exponential, one log1p.
    """

    def __init__(self, counts: Counts, early: int = 0) -> None:
        self._early, self._customers = early, counts.customers
        longest = int(counts.age.max(initial=0))
        self._weeks = np.arange(longest + 1) / DAYS_A_WEEK
        self._of_age = np.bincount(counts.age, counts.n, longest + 1)
        self._bought_at_age = np.bincount(counts.age, counts.n * counts.x, longest + 1)
        self._of_x = np.bincount(counts.x, counts.n, 1)
        kept = np.nonzero((counts.n > 0) & ((counts.x > 0) | (early == 1)))[0]
        self._x, self._last, self._age = counts.x[kept], counts.last[kept], counts.age[kept]
        self._n = counts.n[kept]

    def __call__(self, at: Array) -> Slope:
        p = parameters(at)
        one, other = self._together(p), self._stopped(p)
        return _in_numbers(at, one[0] + other[0], one[1] + other[1], one[2] + other[2])

    def _together(self, p: Parameters) -> Slope:
        """What needs the histograms only, by the logarithms of r, alpha, a, b."""
        r, alpha, a, b = p
        n, xs = self._customers, np.nonzero(self._of_x)[0]
        h, rx, bx = self._of_x[xs], r + xs, b + xs + self._early
        weeks = alpha + self._weeks
        logs, inverse = np.log(weeks), 1 / weeks
        exponent = r * self._of_age + self._bought_at_age
        value = (
            h @ (gammaln(rx) + gammaln(bx) - gammaln(a + bx)) - exponent @ logs
            + n * (r * np.log(alpha) - gammaln(r) - gammaln(b) + gammaln(a + b))
        )  # fmt: skip
        both = n * psi(a + b) - h @ psi(a + bx)
        gradient = np.array([
            h @ psi(rx) + n * (np.log(alpha) - psi(r)) - self._of_age @ logs,
            n * r / alpha - exponent @ inverse, both, both + h @ psi(bx) - n * psi(b),
        ])  # fmt: skip
        hessian = np.zeros((4, 4))
        hessian[0, 0] = h @ polygamma(1, rx) - n * polygamma(1, r)
        hessian[0, 1] = hessian[1, 0] = n / alpha - self._of_age @ inverse
        hessian[1, 1] = -n * r / alpha**2 + exponent @ inverse**2
        hessian[2:, 2:] = n * polygamma(1, a + b) - h @ polygamma(1, a + bx)
        hessian[3, 3] += h @ polygamma(1, bx) - n * polygamma(1, b)
        return _logarithmic(p, float(value), gradient, hessian)

    def _stopped(self, p: Parameters) -> Slope:
        """Σ n·log(1 + e^z), z the log odds that a customer has stopped, by the logarithms of r, alpha, a, b."""
        r, alpha, a, b = p
        weeks = alpha + self._weeks
        logs, inverse = np.log(weeks), 1 / weeks
        by_x = b + np.arange(len(self._of_x)) + self._early - 1.0
        by_x[by_x <= 0] = 1.0  # x = 0 of the BG/NBD, which has no rows here
        later = logs[self._age] - logs[self._last]
        rx = r + self._x
        z = rx * later + (np.log(a) - np.log(by_x))[self._x]
        rest = np.exp(-np.abs(z))
        value = self._n @ (np.maximum(z, 0) + np.log1p(rest))
        stopped = np.where(z > 0, 1.0, rest) / (1 + rest)
        weight = self._n * stopped
        spread = weight * (1 - stopped)
        shorter = inverse[self._age] - inverse[self._last]
        slopes = np.empty((4, len(z)))
        slopes[0], slopes[1], slopes[2], slopes[3] = r * later, alpha * rx * shorter, 1.0, (-b / by_x)[self._x]
        gradient = slopes @ weight
        hessian = (slopes * spread) @ slopes.T
        bends = inverse**2
        hessian[0, 0] += gradient[0]
        across = r * alpha * (weight @ shorter)
        hessian[0, 1] += across
        hessian[1, 0] += across
        hessian[1, 1] += gradient[1] + alpha**2 * ((weight * rx) @ (bends[self._last] - bends[self._age]))
        hessian[3, 3] += gradient[3] + slopes[3] ** 2 @ weight
        return float(value), gradient, hessian


def _logarithmic(p: Parameters, value: float, gradient: Array, hessian: Array) -> Slope:
    """Derivatives by parameters as derivatives by their logarithms."""
    by = np.array(p)
    return value, gradient * by, hessian * np.outer(by, by) + np.diag(gradient * by)


def _in_numbers(at: Array, value: float, gradient: Array, hessian: Array) -> Slope:
    """Derivatives by log r, log alpha, log a, log b as derivatives by the numbers that beliefs are about."""
    share = expit(at[2])
    turn = np.array([[0, 1, 0, 0], [-1, 1, 0, 0], [0, 0, 1 - share, 1], [0, 0, -share, 1]], dtype=float)
    turned = turn.T @ hessian @ turn
    turned[2, 2] -= share * (1 - share) * (gradient[2] + gradient[3])
    return value, turn.T @ gradient, turned


def fit(counts: Counts, prior: Prior, early: int = 0) -> Peak:
    """The most probable four numbers, with their curvature; without customers, the prior's own."""
    likelihood = Likelihood(counts, early)
    return climb(lambda at: prior.on(at, likelihood(at)), np.array(prior.mean))
