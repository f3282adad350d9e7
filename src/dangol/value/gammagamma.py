"""What an order is worth: the gamma-gamma model of a customer's orders about their own mean.

Orders of one customer are gamma distributed (shape p) about a mean that differs between customers (shape q, scale v)
and is independent of how often they buy. Source: Fader, Hardie, The Gamma-Gamma Model of Monetary Value, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import gammaln, polygamma, psi

from dangol.value.climb import Array, Peak, Slope, climb
from dangol.value.priors import Prior


class Parameters(NamedTuple):
    """p, q > 1, v; each a number, or an array of draws."""

    p: Any
    q: Any
    v: Any

    @property
    def mean(self) -> Any:
        """Of all customers' means."""
        return self.p * self.v / (self.q - 1)


def parameters(at: Array) -> Parameters:
    """From log of the mean, log p, log(q - 1): the numbers that beliefs are about."""
    mean, shape, alike = at
    return Parameters(np.exp(shape), 1 + np.exp(alike), np.exp(mean + alike - shape))


@dataclass(frozen=True, slots=True)
class Purses:
    """How many customers (`n`) have made `x` orders of `mean` each on average."""

    x: Array
    mean: Array
    n: Array

    @staticmethod
    def of(x: object, mean: object, n: object = 1.0) -> Purses:
        xs = np.asarray(x, float)
        return Purses(xs, np.asarray(mean, float), np.zeros(xs.shape) + np.asarray(n, float))

    @property
    def average(self) -> float:
        """Of all customers' means, each counted as what it tells: x orders by x + 1."""
        weight = self.n * self.x / (self.x + 1)
        return float(np.exp(weight @ np.log(self.mean) / weight.sum()))


def likelihood(purses: Purses, at: Array) -> Slope:
    """The log likelihood at log mean, log p, log(q - 1), with gradient and Hessian."""
    p, q, v = parameters(at)
    x, n, spent = purses.x, purses.n, purses.x * purses.mean
    px, log_all = p * x, np.log(v + spent)
    held = v / (v + spent)
    value = n @ (
        gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v) + px * np.log(spent) - np.log(purses.mean)
        - (px + q) * log_all
    )  # fmt: skip
    both, curve = psi(px + q), polygamma(1, px + q)
    slope_p = n @ (x * (both - psi(px) + np.log(spent) - log_all))
    slope_q = n @ (both - psi(q) + np.log(v) - log_all)
    slope_v = n @ (q - (px + q) * held)
    cross_pq, cross_pv, cross_qv = n @ (x * curve), -(n @ (x * held)), n @ (1 - held)
    bends = np.array([
        [n @ (x**2 * (curve - polygamma(1, px))), cross_pq, cross_pv],
        [cross_pq, n @ (curve - polygamma(1, q)), cross_qv],
        [cross_pv, cross_qv, -(n @ ((px + q) * held * (1 - held)))],
    ])  # fmt: skip
    turn = np.array([[0, p, 0], [0, 0, q - 1], [1, -1, 1]])  # of p, q, log v, by the three numbers
    gradient = turn.T @ np.array([slope_p, slope_q, slope_v])
    hessian = turn.T @ bends @ turn
    hessian[1, 1] += slope_p * p
    hessian[2, 2] += slope_q * (q - 1)
    return float(value), gradient, hessian


def fit(purses: Purses, prior: Prior) -> Peak:
    """The most probable three numbers, with their curvature; without customers, the prior's own."""
    return climb(lambda at: prior.on(at, likelihood(purses, at)), np.array(prior.mean))


def of_customer(p: Parameters, x: Array, spent: Array) -> tuple[Array, Array]:
    """Shape and scale of a customer's own: an order is gamma(p) / gamma(shape) · scale, a sum of k gamma(k · p)."""
    return np.asarray(p.q + p.p * x), np.asarray(p.v + spent)


def mean_of_customer(p: Parameters, x: Array, spent: Array) -> Array:
    """The expected amount of a customer's next order."""
    shape, scale = of_customer(p, x, spent)
    found: Array = p.p * scale / (shape - 1)
    return found
