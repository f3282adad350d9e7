"""What answers mean. Pure: numbers in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

LOWEST, HIGHEST = 1, 5
SATISFIED_FROM = 4  # CSAT counts the two best marks
DISSATISFIED_UP_TO = 2
OPEN_FOR = timedelta(days=30)  # how long an answer may still be changed
Z95 = 1.959963984540054
FEW = 10  # below this many answers the share is not shown as a number


@dataclass(frozen=True, slots=True)
class Csat:
    """The share of satisfied answers (4 or 5 of 5) with a 95 % Wilson interval, all in per cent."""

    answers: int
    satisfied: int
    per_cent: float | None  # empty without answers
    low: float
    high: float
    counts: tuple[int, ...]  # of the marks 1 … 5

    @property
    def enough(self) -> bool:
        return self.answers >= FEW


def dissatisfied(properties: Mapping[str, Any]) -> bool:
    """Whether a `Survey Answered` fact asks for a person's attention."""
    score = properties.get("score")
    return isinstance(score, int | float) and not isinstance(score, bool) and score <= DISSATISFIED_UP_TO


def csat(scores: Sequence[int]) -> Csat:
    """CSAT of these marks (1 … 5)."""
    satisfied = sum(score >= SATISFIED_FROM for score in scores)
    low, high = wilson(satisfied, len(scores))
    counts = tuple(sum(score == mark for score in scores) for mark in range(LOWEST, HIGHEST + 1))
    share = 100 * satisfied / len(scores) if scores else None
    return Csat(len(scores), satisfied, share, 100 * low, 100 * high, counts)


def wilson(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a proportion (Wilson 1927): holds its promise at small numbers, where Wald's does not.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n); the whole range 0 … 1 without trials.
    """
    if trials == 0:
        return 0.0, 1.0
    share, shrink = successes / trials, 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrink
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / shrink
    return max(0.0, middle - half), min(1.0, middle + half)
