"""What answers mean: published intervals, and intervals that keep their promise at small numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.survey import rules


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_is_the_published_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert rules.wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_without_answers_nothing_is_known() -> None:
    told = rules.csat([])
    assert (told.answers, told.per_cent, told.low, told.high, told.enough) == (0, None, 0, 100, False)


def test_csat_is_the_share_of_the_two_best_marks() -> None:
    told = rules.csat([5, 5, 4, 3, 2, 1, 1, 5, 4, 4])
    assert (told.answers, told.satisfied, told.per_cent) == (10, 6, 60)
    assert told.counts == (2, 1, 1, 3, 3)
    assert told.enough


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60))
def test_the_share_lies_within_its_interval(scores: list[int]) -> None:
    told = rules.csat(scores)
    assert told.per_cent is not None
    assert 0 <= told.low <= told.per_cent + 1e-9
    assert told.per_cent - 1e-9 <= told.high <= 100
    assert sum(told.counts) == told.answers


@pytest.mark.parametrize("trials", [10, 20, 50])
def test_over_all_shops_the_interval_holds_the_truth_as_often_as_it_says(trials: int) -> None:
    """Averaged over true shares from 5 to 95 %; the textbook's interval (Wald) does not."""

    def covered(interval: object) -> float:
        total = 0.0
        truths = np.linspace(0.05, 0.95, 91)
        for truth in truths:
            for successes in range(trials + 1):
                low, high = interval(successes, trials)  # type: ignore[operator]
                if low <= truth <= high:
                    ways = math.comb(trials, successes)
                    total += ways * truth**successes * (1 - truth) ** (trials - successes)
        return total / len(truths)

    def wald(successes: int, trials: int) -> tuple[float, float]:
        share = successes / trials
        half = 1.96 * math.sqrt(share * (1 - share) / trials)
        return share - half, share + half

    assert 0.94 <= covered(rules.wilson) <= 0.97
    assert covered(wald) < 0.94


@pytest.mark.parametrize(
    ("score", "asks"),
    [(1, True), (2, True), (2.0, True), (3, False), (5, False), (None, False), ("1", False), (True, False)],
)
def test_a_bad_mark_asks_for_a_person(score: object, asks: bool) -> None:
    assert rules.dissatisfied({"score": score}) is asks
    assert rules.dissatisfied({}) is False
