"""Customers who can buy once a season at most: the BG/BB model.

In each of `n` seasons a customer buys with a probability of their own (beta: alpha, beta) and before each may stop for
good with a probability of their own (beta: gamma, delta).
Source: Fader, Hardie, Shang, Customer-Base Analysis in a Discrete-Time Noncontractual Setting, Marketing Science 2010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betaln, expit, log_expit, logsumexp, polygamma, psi

from dangol.value.climb import Array, Peak, Slope, climb
from dangol.value.priors import Prior


class Parameters(NamedTuple):
    """alpha, beta of buying; gamma, delta of stopping."""

    alpha: float
    beta: float
    gamma: float
    delta: float


def parameters(at: Array) -> Parameters:
    """From logit(alpha/(alpha+beta)), log(alpha+beta), and the same of gamma and delta."""
    buying, alike, stopping, alike_too = at
    return Parameters(
        np.exp(alike + log_expit(buying)), np.exp(alike + log_expit(-buying)),
        np.exp(alike_too + log_expit(stopping)), np.exp(alike_too + log_expit(-stopping)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seasons:
    """How many customers (`w`) bought in `x` of `n` seasons after the first, in season `last` for the last time."""

    x: Array
    last: Array
    n: Array
    w: Array

    @staticmethod
    def of(x: object, last: object, n: object, w: object = 1.0) -> Seasons:
        xs = np.asarray(x, float)
        return Seasons(xs, np.asarray(last, float), np.asarray(n, float), np.zeros(xs.shape) + np.asarray(w, float))


def likelihood(seasons: Seasons, at: Array) -> Slope:
    """The log likelihood with gradient and Hessian by the four numbers.

    A row is a sum over the seasons before which the customer may have stopped; each term is a product of two beta
    functions, so that the derivatives of its logarithm are digamma functions.
    """
    p, (added, possible) = parameters(at), _terms(seasons)
    logs = np.where(possible, _log_term(p, added), -np.inf)
    whole = logsumexp(logs, axis=1)
    shares = np.exp(logs - whole[:, None])
    slopes, bends = _derivatives(p, added)
    mean = np.einsum("rt,rtk->rk", shares, slopes)
    gradient = seasons.w @ mean
    shares *= seasons.w[:, None]
    hessian = np.einsum("rt,rtj,rtk->jk", shares, slopes, slopes) + np.einsum("rt,rtjk->jk", shares, bends)
    hessian -= (mean * seasons.w[:, None]).T @ mean
    return _in_numbers(p, at, float(seasons.w @ whole), gradient, hessian)


def _terms(seasons: Seasons) -> tuple[Array, Array]:
    """Rows by terms by what is added to (alpha, beta, gamma, delta), and which terms there are.

    The first term is that of a customer who is still there; the others, of one who stopped before season last + i.
    """
    most = int((seasons.n - seasons.last).max(initial=0))
    i = np.arange(most)
    x, last, n = (column[:, None] for column in (seasons.x, seasons.last, seasons.n))
    none = np.zeros((len(seasons.x), most))
    gone = np.stack([x + none, last - x + i, none + 1, last + i], axis=2)
    here = np.stack([x, n - x, 0 * x, n], axis=2)
    return np.concatenate([here, gone], axis=1), np.concatenate([n >= 0, last + i < n], axis=1)


def _log_term(p: Parameters, added: Array) -> Array:
    alpha, beta, gamma, delta = (np.asarray(number) + added[..., k] for k, number in enumerate(p))
    found: Array = betaln(alpha, beta) - betaln(p.alpha, p.beta) + betaln(gamma, delta) - betaln(p.gamma, p.delta)
    return found


def _derivatives(p: Parameters, added: Array) -> tuple[Array, Array]:
    """Of every term's logarithm, by alpha, beta, gamma, delta: gradients and Hessians."""
    before = np.array(p)
    slopes, bends = np.empty(added.shape), np.zeros((*added.shape, 4))
    for pair in ((0, 1), (2, 3)):
        both, all_added = before[list(pair)].sum(), added[..., list(pair)].sum(axis=-1)
        slope, bend = psi(both) - psi(both + all_added), polygamma(1, both) - polygamma(1, both + all_added)
        for j in pair:
            slopes[..., j] = psi(before[j] + added[..., j]) - psi(before[j]) + slope
            for k in pair:
                bends[..., j, k] = bend
            bends[..., j, j] += polygamma(1, before[j] + added[..., j]) - polygamma(1, before[j])
    return slopes, bends


def _in_numbers(p: Parameters, at: Array, value: float, gradient: Array, hessian: Array) -> Slope:
    """Derivatives by the parameters as derivatives by the numbers that beliefs are about."""
    by, turn = np.array(p), np.zeros((4, 4))
    hessian = hessian * np.outer(by, by) + np.diag(gradient * by)
    gradient = gradient * by
    for j in (0, 2):
        share = expit(at[j])
        turn[j : j + 2, j : j + 2] = [[1 - share, 1], [-share, 1]]
    hessian = turn.T @ hessian @ turn
    for j in (0, 2):
        share = expit(at[j])
        hessian[j, j] -= share * (1 - share) * (gradient[j] + gradient[j + 1])
    return value, turn.T @ gradient, hessian


def fit(seasons: Seasons, prior: Prior) -> Peak:
    """The most probable four numbers, with their curvature; without customers, the prior's own."""
    return climb(lambda at: prior.on(at, likelihood(seasons, at)), np.array(prior.mean))


def alive(p: Parameters, seasons: Seasons) -> Array:
    """The probability that a customer is there in the season after the last one seen."""
    added, possible = _terms(seasons)
    logs = np.where(possible, _log_term(p, added), -np.inf)
    still = _log_term(p, added[:, 0] + np.array([0, 0, 0, 1]))
    found: Array = np.exp(still - logsumexp(logs, axis=1))
    return found


def expected(p: Parameters, seasons: Seasons, ahead: int) -> Array:
    """The mean number of the next `ahead` seasons in which a customer buys: in each, to be there and to buy."""
    added, possible = _terms(seasons)
    whole = logsumexp(np.where(possible, _log_term(p, added), -np.inf), axis=1)
    bought = added[:, 0] + np.array([1, 0, 0, 0])
    total = np.zeros(len(seasons.x))
    for season in range(1, ahead + 1):
        total += np.exp(_log_term(p, bought + np.array([0, 0, 0, season])) - whole)
    return total
