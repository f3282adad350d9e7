"""Rates and uplifts learnt together: closer to the truth than each alone, in shops of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.strategy import files, learning, rates, rules
from dangol.strategy.rules import Measured

SHOPS = 400


def shops(seed: int, centre: float, sends: int, plays: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """True rates and what came back, in shops whose rates spread about one of their own."""
    rng = np.random.default_rng(seed)
    told = []
    for _ in range(SHOPS):
        level, strength = min(centre * np.exp(0.5 * rng.normal()), 0.5), 100 * np.exp(rng.normal())
        truth = rng.beta(level * strength, (1 - level) * strength, plays)
        told.append((truth, rng.binomial(sends, truth)))
    return told


def errors(told: list[tuple[np.ndarray, np.ndarray]], sends: int) -> tuple[float, float, float]:
    """Root mean squared error of the raw rate, of Beta(1, 1) and of ours."""
    raw, flat, ours = [], [], []
    for truth, hits in told:
        found = np.array([rate.mean for rate in rates.rates([(int(h), sends) for h in hits])])
        raw.append((hits / sends - truth) ** 2)
        flat.append(((hits + 1) / (sends + 2) - truth) ** 2)
        ours.append((found - truth) ** 2)
    return tuple(float(np.sqrt(np.mean(one))) for one in (raw, flat, ours))  # type: ignore[return-value]


def test_shrunk_rates_are_closer_than_raw_ones() -> None:
    raw, flat, ours = errors(shops(1, 0.02, 150, 10), 150)
    assert ours <= 0.85 * raw
    assert ours < flat


@pytest.mark.parametrize("centre", [0.06, 0.0067])
def test_also_where_what_was_believed_is_off_three_times(centre: float) -> None:
    raw, _, ours = errors(shops(2, centre, 150, 10), 150)
    assert ours <= 0.9 * raw


def test_the_range_holds_what_it_says() -> None:
    inside = [
        rate.quantile(0.1) <= truth <= rate.quantile(0.9)
        for truths, hits in shops(3, 0.02, 50, 10)
        for truth, rate in zip(truths, rates.rates([(int(h), 50) for h in hits]), strict=True)
    ]
    assert 0.7 <= np.mean(inside) <= 0.9


@given(st.lists(st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=8))
def test_any_counts_give_rates(counts: list[tuple[int, int]]) -> None:
    found = rates.rates(counts)
    assert len(found) == len(counts)
    assert all(0 < rate.mean < 1 and rate.quantile(0.1) <= rate.quantile(0.9) for rate in found)


def test_without_a_single_try_the_belief_stands_and_many_tries_replace_it() -> None:
    [belief] = rates.rates([(0, 0)])
    assert belief.mean == pytest.approx(0.027, abs=0.005), "the mean of a log-normal about .02"
    [known] = rates.rates([(5_000, 100_000)])
    assert known.mean == pytest.approx(0.05, rel=0.01)


# --- what other plays of the shop say -------------------------------------------------------------------------------

PLAYS = {key: play for key, play in files.plays().items() if rules.spread_of_prior(play.prior) > 0}


def test_without_a_measurement_every_prior_stands() -> None:
    assert learning.learnt(PLAYS, {}) == {key: play.prior for key, play in PLAYS.items()}


def test_where_others_work_less_well_than_thought_less_is_expected() -> None:
    seen = {key: Measured(PLAYS[key].prior.low, 0.001, 5_000) for key in list(PLAYS)[:6]}
    found = learning.learnt(PLAYS, seen)
    for key, play in list(PLAYS.items())[6:]:
        assert found[key].mean < play.prior.mean
        assert found[key].high - found[key].low < play.prior.high - play.prior.low


def test_its_own_measurement_counts_once() -> None:
    key = "abandoned-cart"
    one = Measured(0.05, 0.004, 3_000)
    assert learning.learnt(PLAYS, {key: one})[key] == rules.learn(PLAYS[key].prior, one)


def test_learning_from_each_other_brings_uplifts_closer_to_the_truth() -> None:
    rng, keys = np.random.default_rng(4), list(PLAYS)
    alone, together = [], []
    for _ in range(300):
        tendency = np.sqrt(learning.TENDENCY) * rng.normal()
        own = np.sqrt(1 - learning.TENDENCY) * rng.normal(size=len(keys))
        spread = np.array([rules.spread_of_prior(PLAYS[key].prior) for key in keys])
        truth = np.array([PLAYS[key].prior.mean for key in keys]) + spread * (tendency + own)
        half = len(keys) // 2
        seen = {
            key: Measured(float(truth[n] + 0.3 * spread[n] * rng.normal()), float(0.3 * spread[n]), 1_000)
            for n, key in enumerate(keys[:half])
        }
        found = learning.learnt(PLAYS, seen)
        for n, key in enumerate(keys[half:], half):
            alone.append(((PLAYS[key].prior.mean - truth[n]) / spread[n]) ** 2)
            together.append(((found[key].mean - truth[n]) / spread[n]) ** 2)
    assert np.mean(together) < 0.9 * np.mean(alone)
