"""Whom a campaign helps: how much more those treated reach the goal, inside a group and outside, and how much of it
would be left if only those it helps most were treated. Pure.

For each customer z = y·t/p − y·(1−t)/(1−p) has the uplift as its mean, given whatever was known before (Athey and
Imbens 2016). The order is learnt on other customers than those it is tried on. Qini curve: Radcliffe (2007).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from dangol.harvest.backtests import FOLDS, ridge
from dangol.harvest.draws import Draw, Flags, Floats, sound

ALPHA = 0.05  # the chance that any interval of a table misses, all groups together
FEWEST_INSIDE = 50  # customers in either arm of a group
STRENGTH = 100.0  # of the ridge: uplift is noise for the most part
STEPS = 20  # of the picture


@dataclass(frozen=True, slots=True)
class Uplift:
    """Extra customers per customer treated who reach the goal, with an interval."""

    customers: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """A group of customers, as it was when they entered, beside all others."""

    key: str
    inside: Uplift
    outside: Uplift
    differs: Uplift  # inside less outside

    @property
    def clear(self) -> bool:
        return self.differs.low > 0 or self.differs.high < 0


@dataclass(frozen=True, slots=True)
class Curve:
    """What treating a share of the customers brings, those first whom it should help most: per customer of all."""

    shares: tuple[float, ...]  # 0 … 1
    gains: tuple[float, ...]
    qini: float  # the area between this and treating anybody at random; 0: the order is worth nothing
    error: float  # the standard error of that

    @property
    def clear(self) -> bool:
        return self.qini > 1.96 * self.error

    def kept(self, share: float) -> float | None:
        """The part of the whole gain that is left when only so many are treated; None where there is no gain."""
        whole = self.gains[-1]
        return float(np.interp(share, self.shares, self.gains)) / whole if whole > 0 else None


def effects(draw: Draw) -> Floats:
    """z of each customer; what everybody does is taken off first, which changes no mean and narrows every interval."""
    mean = float((draw.weights * draw.reached).sum() / draw.weights.sum())
    signs = np.where(draw.treated, draw.weights, -draw.weights)
    found: Floats = (draw.reached - mean) * signs
    return found


def overall(draw: Draw) -> Uplift:
    """Of everybody, with a 95 % interval (for one look, unlike a harvest's)."""
    return _uplift(effects(draw), _quantile(1 - ALPHA / 2))


def groups(draw: Draw, members: Mapping[str, Flags]) -> list[Group]:
    """Every group that is large enough on both sides, the clearest difference first. Raises Refused.

    The intervals hold together: each gets its part of ALPHA.
    """
    sound(draw)
    told = {key: inside for key, inside in members.items() if _enough(draw, inside) and _enough(draw, ~inside)}
    z = _quantile(1 - ALPHA / (2 * max(len(told), 1)))
    score = effects(draw)
    found = [_group(key, score, inside, z) for key, inside in told.items()]
    return sorted(found, key=lambda one: -abs(one.differs.value) / max(one.differs.high - one.differs.low, 1e-12))


def _enough(draw: Draw, inside: Flags) -> bool:
    treated = int((inside & draw.treated).sum())
    return min(treated, int(inside.sum()) - treated) >= FEWEST_INSIDE


def _group(key: str, score: Floats, inside: Flags, z: float) -> Group:
    one, other = score[inside], score[~inside]
    error = math.hypot(_error(one), _error(other))
    value = float(one.mean() - other.mean())
    return Group(
        key, _uplift(one, z), _uplift(other, z), Uplift(len(score), value, value - z * error, value + z * error)
    )


def _uplift(score: Floats, z: float) -> Uplift:
    value, half = float(score.mean()), z * _error(score)
    return Uplift(len(score), value, value - half, value + half)


def _error(score: Floats) -> float:
    return float(score.std(ddof=1)) / math.sqrt(len(score))


def ranked(draw: Draw, traits: Floats) -> Floats:
    """How much each should be helped, by a ridge that has not seen them; traits: n × k, known before the draw."""
    score, folds, found = effects(draw), np.arange(len(draw)) % FOLDS, np.zeros(len(draw))
    for fold in range(FOLDS):
        inside = folds == fold
        found[inside] = ridge(traits[~inside], score[~inside], traits[inside], STRENGTH)
    return found


def curve(draw: Draw, order: Floats) -> Curve:
    """The Qini curve of an order: the greater first; those who tie stand together. Raises Refused."""
    sound(draw)
    score, count = effects(draw), len(draw)
    sums, starts = _tied(score, order)
    shares, gains = starts / count, sums / count
    area = float(np.trapezoid(gains, shares)) - float(gains[-1]) / 2
    # The area is a mean of the scores: who stands at place φ counts ½ − φ, those who tie at the middle of their places.
    error = float(((0.5 - _places(order)) * score).std(ddof=1)) / math.sqrt(count)
    points = np.linspace(0, 1, STEPS + 1)
    told = np.interp(points, shares, gains)
    return Curve(tuple(map(float, points)), tuple(map(float, told)), area, error)


def _tied(score: Floats, order: Floats) -> tuple[Floats, Floats]:
    """Sums of the scores and numbers of customers up to the end of each group of equals, from nobody to everybody."""
    sorting = np.argsort(-order, kind="stable")
    ends = np.flatnonzero(np.diff(order[sorting], append=np.nan) != 0) + 1
    sums = np.concatenate(([0.0], np.cumsum(score[sorting])[ends - 1]))
    return sums, np.concatenate(([0.0], ends.astype(float)))


def _places(order: Floats) -> Floats:
    """Where each customer stands, from 0 for the first to 1; those who tie at the middle of their places."""
    _, number, counts = np.unique(-order, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    places: Floats = ((ends - counts / 2) / len(order))[number]
    return places


def _quantile(p: float) -> float:
    return NormalDist().inv_cdf(p)
