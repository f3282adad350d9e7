"""How a shop's own measurements move what is expected of its plays, measured or not. Pure.

A play's uplift is believed to be normal about its prior. What other plays of this shop showed, each in spreads of its
own prior, moves it too: shops differ, and part (TENDENCY) of how far a play lies from its prior is the shop's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from dangol.strategy.rules import Measured, Play, Prior, learn, spread_of_prior

TENDENCY = 0.25  # of the variance between priors and truths that all plays of a shop share


def learnt(plays: Mapping[str, Play], seen: Mapping[str, Measured]) -> dict[str, Prior]:
    """What is expected of every play: its prior, moved by what the shop's other plays showed, then by its own."""
    told = {key: one for key, one in seen.items() if key in plays and one.error > 0}
    return {key: learn(_moved(play, plays, told), told.get(key)) for key, play in plays.items()}


def _moved(play: Play, plays: Mapping[str, Play], seen: Mapping[str, Measured]) -> Prior:
    """The prior where the shop's tendency, seen in all other plays, puts it."""
    prior, spread = play.prior, spread_of_prior(play.prior)
    others = [(plays[key].prior, one) for key, one in seen.items() if key != play.key]
    if not others or spread == 0:
        return prior
    weight, pull = 1 / TENDENCY, 0.0
    for other, one in others:
        width = spread_of_prior(other)
        doubt = (1 - TENDENCY) + (one.error / width) ** 2
        weight += 1 / doubt
        pull += (one.lift - other.mean) / width / doubt
    shift, shrunk = spread * pull / weight, math.sqrt((1 - TENDENCY) + 1 / weight)
    mean = prior.mean + shift
    return replace(
        prior, mean=mean, low=mean - shrunk * (prior.mean - prior.low), high=mean + shrunk * (prior.high - prior.mean)
    )
