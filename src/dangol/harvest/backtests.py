"""What would have come of treating others than were treated, from whom chance treated and left alone. Pure.

Each customer whose draw agrees with what the policy would have done stands for all who are like them: weighted by one
over the chance of that draw. Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning"
(NeurIPS 2015); doubly robust: Dudík, Langford, Li (ICML 2011).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dangol.harvest.draws import FEW, FEWEST, Draw, Flags, Floats, Refused, effective, sound

Z95 = 1.959963984540054
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Value:
    """The mean outcome per customer under a policy, with a 95 % interval (for one look, unlike a harvest's)."""

    value: float
    error: float
    effective: float  # customers it rests on

    @property
    def low(self) -> float:
        return self.value - Z95 * self.error

    @property
    def high(self) -> float:
        return self.value + Z95 * self.error


def value(draw: Draw, treats: Flags, traits: Floats | None = None) -> Value:
    """The policy that treats where `treats` holds: SNIPS; doubly robust where `traits` (n × k, known before the draw)
    are given. Raises Refused where the draw is unsound or fewer than 300 effective customers agree with the policy.
    """
    return _value(*_judged(draw, treats, traits))


def difference(draw: Draw, treats: Flags, other: Flags, traits: Floats | None = None) -> Value:
    """How much better one policy is than another, per customer: who is treated alike under both adds no doubt.

    Raises Refused as `value` does.
    """
    (mine, count), (its, others) = _judged(draw, treats, traits), _judged(draw, other, traits)
    return _value(mine - its, min(count, others))


def _value(scores: Floats, count: float) -> Value:
    return Value(float(scores.mean()), float(scores.std(ddof=1)) / math.sqrt(len(scores)), count)


def _judged(draw: Draw, treats: Flags, traits: Floats | None) -> tuple[Floats, float]:
    """Each customer's score under a policy, and how many effective customers agree with it. Raises Refused."""
    sound(draw)
    weights = np.where(draw.treated == treats, draw.weights, 0.0)
    if (count := effective(weights)) < FEWEST:
        raise Refused(FEW, count)
    return _scores(draw, treats, weights, traits), count


def _scores(draw: Draw, treats: Flags, weights: Floats, traits: Floats | None) -> Floats:
    """One number per customer whose mean is the policy's value, and whose spread is its error."""
    if traits is None:
        mean = float((weights * draw.reached).sum() / weights.sum())
        alone: Floats = mean + weights * (draw.reached - mean) / weights.mean()
        return alone
    guess = _guesses(draw, treats, traits)
    found: Floats = guess + weights * (draw.reached - guess)
    return found


def _guesses(draw: Draw, treats: Flags, traits: Floats) -> Floats:
    """What each would do under the policy, by a ridge over the others: nobody's own outcome is in it."""
    folds, found = np.arange(len(draw)) % FOLDS, np.zeros(len(draw))
    for fold in range(FOLDS):
        inside = folds == fold
        for arm in (True, False):
            rows = ~inside & (draw.treated == arm)
            wanted = inside & (treats == arm)
            if wanted.any():
                found[wanted] = ridge(traits[rows], draw.reached[rows], traits[wanted])
    return found


def ridge(traits: Floats, outcomes: Floats, asked: Floats, strength: float = 10.0) -> Floats:
    """Predictions for `asked` of a linear model with squared penalty on standardised traits; the mean is free."""
    if not len(outcomes):
        return np.zeros(len(asked))
    centre, spread = traits.mean(axis=0), traits.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    known, mean = (traits - centre) / spread, float(outcomes.mean())
    gram = known.T @ known + strength * np.eye(known.shape[1])
    slopes = np.linalg.solve(gram, known.T @ (outcomes - mean))
    predicted: Floats = mean + (asked - centre) / spread @ slopes
    return predicted
