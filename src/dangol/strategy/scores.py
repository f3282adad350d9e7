"""What plays did so far, as it comes back from the log: `Play Scored` facts, the newest of each play."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dangol.collect.facts import Fact
from dangol.strategy import files
from dangol.strategy.earning import Harm
from dangol.strategy.models import Score
from dangol.strategy.rules import Measured

if TYPE_CHECKING:
    from dangol.strategy.rates import Rate

SCORED = "Play Scored"
SURE, LIKELY = 0.975, 0.9  # shares of the ranges beyond which nothing is doubted, and that are shown


def note(facts: Iterable[Fact]) -> None:
    """Keep the newest score of each play; only Dangol's own word counts."""
    newest: dict[str, Fact] = {}
    for fact in facts:
        if fact.name == SCORED and fact.own and isinstance(fact.properties.get("play"), str):
            newest[fact.properties["play"]] = fact
    for play, fact in newest.items():
        row = Score.objects.filter(play=play).first()
        if row is None or row.position < fact.position:
            told = {"at": fact.at, "position": fact.position, "told": fact.properties}
            Score.objects.update_or_create(play=play[:64], defaults=told)


def told() -> dict[str, Mapping[str, Any]]:
    """The newest score of each play that still is one."""
    return dict(Score.objects.filter(play__in=files.plays()).values_list("play", "told"))


def measured(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Measured]:
    """The uplift of each play in orders; plays for something else, or without a holdout, are missing."""
    return {
        key: Measured(float(one["lift"]), float(one["error"]), int(one["customers"]))
        for key, one in scores.items()
        if one.get("lift") is not None and one.get("error") is not None
    }


def harms(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Harm]:
    """Who left for each play: the treated who did, shrunk to what all plays show, less the held out of all plays."""
    from dangol.strategy import rates  # noqa: PLC0415 - numpy and scipy: only here

    keys = [key for key, one in scores.items() if one.get("treated")]
    if not keys:
        return {}
    counts = [(int(scores[key]["annoyed"]), int(scores[key]["treated"])) for key in keys]
    found = rates.rates(counts, usual=rates.RARE)
    anyway = sum(int(scores[key].get("annoyed_held_out") or 0) for key in keys)
    held_out = sum(int(scores[key].get("held_out") or 0) for key in keys)
    [base] = rates.rates([(anyway, held_out)], usual=rates.RARE)
    return {key: _harm(rate, base, *count) for key, rate, count in zip(keys, found, counts, strict=True)}


def _harm(rate: Rate, base: Rate, annoyed: int, treated: int) -> Harm:
    mean = rate.mean - base.mean
    up = math.hypot(rate.quantile(LIKELY) - rate.mean, base.mean - base.quantile(1 - LIKELY))
    clear = rate.quantile(1 - SURE) > base.quantile(SURE)
    return Harm(max(mean, 0.0), max(mean + up, 0.0), clear, treated, annoyed)
