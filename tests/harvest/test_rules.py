"""The comparison: right on average, silent when there is nothing, and honest however often one looks."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from dangol.harvest import odds, rules
from dangol.harvest.rules import Arm, Outcome

DAY = date(2026, 11, 24)


def outcomes(treated: int, bought: int, held_out: int, bought_too: int, revenue: int = 10) -> list[Outcome]:
    def side(is_treated: bool, count: int, buyers: int) -> list[Outcome]:
        return [Outcome(is_treated, n < buyers, Decimal(revenue if n < buyers else 0), DAY) for n in range(count)]

    return side(True, treated, bought) + side(False, held_out, bought_too)


def test_the_arms_add_up() -> None:
    treated, held_out, conversion, revenue = rules.compare(outcomes(100, 20, 50, 5))
    assert treated == Arm(100, 20, Decimal(200))
    assert held_out == Arm(50, 5, Decimal(50))
    assert conversion.value == pytest.approx(0.1)
    assert revenue.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ((0, 0, 0, 0), "none"),
        ((50, 10, 0, 0), "none"),
        ((200, 40, 10, 0), "not_yet"),  # too few held out
        ((500, 4, 500, 0), "not_yet"),  # too few conversions
        ((300, 33, 300, 30), "not_yet"),  # no clear difference
        ((1000, 200, 1000, 50), "enough"),
    ],
)
def test_what_the_numbers_carry(told: tuple[int, int, int, int], state: str) -> None:
    sides = rules.compare(outcomes(*told))
    assert rules.evidence(*sides[:3]) == state
    words = rules.sentences(state, sides[0], sides[1], sides[3].times(sides[0].customers), "KRW")
    assert set(words) == {"en", "ko"}
    assert ("Not enough evidence yet" in words["en"]) == (state == "not_yet")


def test_an_arm_without_buyers_is_not_without_doubt() -> None:
    _, _, conversion, _ = rules.compare(outcomes(40, 1, 40, 0))
    assert conversion.low is not None
    assert conversion.low < 0 < (conversion.high or 0)


def simulate(rates: tuple[float, float], days: int, rng: np.random.Generator, *, drift: float = 1) -> list[Outcome]:
    """Ten customers a day for some days, a tenth of them held out; the rates grow by `drift` over the time."""
    found = []
    for day in range(days):
        for _ in range(10):
            treated = rng.random() >= 0.1
            bought = rng.random() < rates[0 if treated else 1] * drift ** (day / days)
            found.append(Outcome(treated, bought, Decimal(10 * bought), DAY + timedelta(days=day)))
    return found


def alarms(rates: tuple[float, float], shops: int, days: int, seed: int, drift: float = 1) -> float:
    """The share of simulated shops that ever claim a difference, looking every five days."""
    rng = np.random.default_rng(seed)
    claimed = 0
    for _ in range(shops):
        told = simulate(rates, days, rng, drift=drift)
        looks = (rules.compare(told[: day * 10]) for day in range(5, days + 1, 5))
        claimed += any(rules.evidence(*sides[:3]) == "enough" for sides in looks)
    return claimed / shops


@pytest.mark.parametrize(("rate", "drift"), [(0.03, 1), (0.1, 1), (0.05, 4)])
def test_looking_all_the_time_for_months_raises_no_false_alarm(rate: float, drift: float) -> None:
    assert alarms((rate, rate), shops=60, days=60, seed=11, drift=drift) <= 0.05


def test_a_large_effect_is_found() -> None:
    assert alarms((0.30, 0.08), shops=20, days=120, seed=12) >= 0.9


def test_the_interval_holds_the_truth() -> None:
    rng = np.random.default_rng(13)
    held = 0
    for _ in range(60):
        _, _, lift, _ = rules.compare(simulate((0.2, 0.1), 60, rng))
        held += lift.low is not None and lift.high is not None and lift.low <= 0.1 <= lift.high
    assert held >= 57


def test_a_difference_in_the_share_of_buyers_follows_from_the_odds() -> None:
    assert odds.difference(0.0, 0.2, 0.9) == pytest.approx(0, abs=1e-9)
    theta = math.log((0.3 / 0.7) / (0.1 / 0.9))
    assert odds.difference(theta, 0.9 * 0.3 + 0.1 * 0.1, 0.9) == pytest.approx(0.2, abs=1e-9)


def test_a_day_that_could_not_have_come_out_otherwise_teaches_nothing() -> None:
    nothing = [odds.Batch(9, 0, 1, 0), odds.Batch(9, 9, 1, 1), odds.Batch(5, 3, 0, 0)]
    assert odds.log_likelihood(nothing, np.array([-1.0, 0.0, 2.0])).tolist() == [0, 0, 0]
    found = odds.interval(nothing)
    assert (found.low, found.high) == (-math.inf, math.inf)
