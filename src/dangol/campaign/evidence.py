"""Whether one variant does better than another, as a bet that may be looked at on any day. Pure.

Messages are sent in batches. Within a batch of n_A and n_B messages with m conversions in all, and if variants make no
difference, how many of the m are A's is hypergeometric, whatever the season, the day, or how the shares were chosen
before the batch. A bettor who spreads N(0, 0.6²) over the log odds ratio θ wins, in each batch,
e^(θc) / E₀[e^(θC)], and multiplies over batches. By Ville's inequality the wins ever reach 1/α with probability at most
α: so a claim at 20 is wrong in at most 5 of 100 campaigns, however often somebody looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

SPREAD = 0.6
NODES, WEIGHTS = hermegauss(21)
THETAS = SPREAD * NODES
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Counted:
    """One variant in one batch."""

    sent: int
    converted: int


Batch = Mapping[str, Counted]  # variant → what became of it


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of two variants."""

    first: str
    second: str
    wins: float  # of the bet that they differ
    needed: float  # wins at which a difference is said to be there
    better: str  # empty: not enough evidence yet

    @property
    def enough(self) -> bool:
        return bool(self.better)


def compare(batches: Sequence[Batch], variants: Sequence[str]) -> list[Evidence]:
    """Each pair of variants; with more pairs each needs more."""
    pairs = list(combinations(variants, 2))
    needed = len(pairs) / ALPHA
    return [_pair(batches, first, second, needed) for first, second in pairs]


def _pair(batches: Sequence[Batch], first: str, second: str, needed: float) -> Evidence:
    nothing = Counted(0, 0)
    counts = [(batch.get(first, nothing), batch.get(second, nothing)) for batch in batches]
    wins = math.exp(min(log_wins(counts), 700))
    better = (first if _leaning(counts) > 0 else second) if wins >= needed else ""
    return Evidence(first, second, wins, needed, better)


def log_wins(counts: Sequence[tuple[Counted, Counted]]) -> float:
    """The log of the wins of a bettor who mixes over θ, over all batches."""
    total = LOG_WEIGHTS.copy()
    for one, other in counts:
        total = total + _log_ratio(one, other)
    top = float(total.max())
    return top + math.log(float(np.exp(total - top).sum()))


def _log_ratio(one: Counted, other: Counted) -> np.ndarray:
    """log of e^(θc) / E₀[e^(θC)] in one batch, for each node; 0 where the batch tells nothing."""
    converted = one.converted + other.converted
    if not converted or not one.sent or not other.sent:
        return np.zeros_like(THETAS)
    low, high = max(0, converted - other.sent), min(converted, one.sent)
    k = np.arange(low, high + 1)
    log_p = (
        _log_choose(one.sent, k)
        + _log_choose(other.sent, converted - k)
        - _log_choose(one.sent + other.sent, np.array([converted]))
    )
    terms = log_p[None, :] + THETAS[:, None] * k[None, :]
    top = terms.max(axis=1)
    expected = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    return np.asarray(THETAS * one.converted - expected)


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    lgamma = np.vectorize(math.lgamma, otypes=[float])
    return np.asarray(math.lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1))


def _leaning(counts: Sequence[tuple[Counted, Counted]]) -> float:
    """How many more conversions the first has than chance would give it, within batches: no adaptive share tilts it."""
    return sum(
        one.converted - (one.converted + other.converted) * one.sent / (one.sent + other.sent)
        for one, other in counts
        if one.sent and other.sent
    )
