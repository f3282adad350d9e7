"""The models against published figures, direct formulas and finite differences."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from dangol.value import bgbb, bgnbd, future, gammagamma, priors
from dangol.value.climb import Array, Slope
from dangol.value.forecasts import Standing

PAPER = bgnbd.Parameters(0.243, 4.414, 0.793, 2.426)


def rows(path: Path) -> dict[str, Array]:
    with path.open() as lines:
        told = list(csv.DictReader(lines))
    return {name: np.array([float(row[name]) for row in told]) for name in told[0]}


@pytest.fixture
def cdnow(test_data: Path) -> bgnbd.Counts:
    told = rows(test_data / "cdnow" / "cdnow_customers_summary.csv")
    days = {name: np.rint(told[name] * 7) for name in ("recency", "T")}
    return bgnbd.Counts.of(told["frequency"], days["recency"], days["T"])


@pytest.mark.data
@pytest.mark.parametrize(
    ("early", "published", "log_likelihood"),
    [(0, (0.24259, 4.41353, 0.79289, 2.42575), -9582.43), (1, (0.5248, 6.183, 0.8914, 1.614), -9582.13)],
)
def test_cdnow_gives_the_published_parameters(
    cdnow: bgnbd.Counts, early: int, published: tuple[float, ...], log_likelihood: float
) -> None:
    top = bgnbd.fit(cdnow, priors.flat(priors.PURCHASES), early)
    assert np.array(bgnbd.parameters(top.at)) == pytest.approx(published, rel=1e-3)
    assert top.value == pytest.approx(log_likelihood, abs=0.01)


@pytest.mark.data
def test_a_shop_of_two_thousand_customers_hardly_needs_the_prior(cdnow: bgnbd.Counts) -> None:
    free, led = (bgnbd.fit(cdnow, prior) for prior in (priors.flat(priors.PURCHASES), priors.PURCHASES))
    errors = np.sqrt(np.diag(free.covariance()))
    assert np.all(np.abs(free.at - led.at) < 0.1 * errors)


@pytest.mark.data
def test_donations_give_the_published_parameters(test_data: Path) -> None:
    told = rows(test_data / "cdnow" / "donations.csv")
    seasons = bgbb.Seasons.of(*(told[name] for name in ("frequency", "recency", "periods", "weights")))
    top = bgbb.fit(seasons, priors.flat(priors.SEASONS))
    assert np.array(bgbb.parameters(top.at)) == pytest.approx((1.2035, 0.7497, 0.6567, 2.7834), rel=1e-3)
    assert top.value == pytest.approx(-33225.58, abs=0.01)
    loyal, lost = bgbb.expected(bgbb.parameters(top.at), bgbb.Seasons.of([6, 0], [6, 0], [6, 6]), 5)
    assert (loyal, lost) == pytest.approx((3.75, 0.07), abs=0.005)  # Fader, Hardie, Shang 2010, table 6


@pytest.mark.data
def test_cdnow_gives_the_published_money(test_data: Path) -> None:
    told = rows(test_data / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    again = told["x"] > 0
    purses = gammagamma.Purses.of(told["x"][again], told["zbar"][again])
    top = gammagamma.fit(purses, priors.flat(priors.MONEY))
    found = gammagamma.parameters(top.at)
    assert again.sum() == 946
    assert np.array(found) == pytest.approx((6.2488, 3.7446, 15.4477), rel=1e-3)
    assert top.value == pytest.approx(-4055.92, abs=0.01)
    assert found.mean == pytest.approx(35.17, abs=0.005)


def test_the_published_example_of_one_customer() -> None:
    x, last, age = 2.0, 30.43, 38.86
    assert future.expected(PAPER, x, last, age, 39.0) == pytest.approx(1.22603, abs=1e-5)
    assert future.alive(PAPER, x, last, age) == pytest.approx(0.72658, abs=1e-5)


# --- derivatives ------------------------------------------------------------------------------------------------------

numbers = st.tuples(st.floats(-4, 0), st.floats(-2, 1.5), st.floats(-3, 1), st.floats(-0.5, 2.5)).map(np.array)
customers = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 300), st.integers(0, 300)).map(
        lambda c: (0 if not c[1] else c[0], c[1] if c[0] else 0, c[1] + c[2])
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def holds(function: Callable[[Array], Slope], at: Array) -> None:
    """Gradient and Hessian are what small steps say."""
    _, gradient, hessian = function(at)
    step = 1e-5
    sides = [(function(at + step * one), function(at - step * one)) for one in np.eye(len(at))]
    by_steps = np.array([(up[0] - down[0]) / (2 * step) for up, down in sides])
    bends = np.array([(up[1] - down[1]) / (2 * step) for up, down in sides])
    assert gradient == pytest.approx(by_steps, rel=1e-5, abs=1e-5 * (1 + np.abs(gradient).max()))
    assert hessian == pytest.approx(bends, rel=1e-5, abs=1e-5 * (1 + np.abs(hessian).max()))


@settings(deadline=None, max_examples=50)
@given(customers, numbers, st.sampled_from([0, 1]))
def test_slopes_of_purchases(told: list[tuple[int, int, int]], at: Array, early: int) -> None:
    holds(bgnbd.Likelihood(bgnbd.Counts.of(*zip(*told, strict=True)), early), at)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 20), st.floats(0.5, 500)), min_size=1, max_size=8), numbers)
def test_slopes_of_money(told: list[tuple[int, float]], at: Array) -> None:
    purses = gammagamma.Purses.of(*zip(*told, strict=True))
    holds(lambda where: gammagamma.likelihood(purses, where), at[:3] + np.array([5, 0, 2]))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=6), numbers)
def test_slopes_of_seasons(told: list[tuple[int, int, int]], at: Array) -> None:
    fixed = [(min(x, last), last if x else 0, last + more) for x, last, more in told]
    seasons = bgbb.Seasons.of(*zip(*fixed, strict=True))
    holds(lambda where: bgbb.likelihood(seasons, where), at)


# --- never failing ----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(customers, st.sampled_from([0, 1]))
def test_any_few_customers_have_a_finite_answer(told: list[tuple[int, int, int]], early: int) -> None:
    counts = bgnbd.Counts.of(*zip(*told, strict=True))
    top = bgnbd.fit(counts, priors.PURCHASES, early)
    spread = np.sqrt(np.diag(top.covariance()))
    assert np.all(np.isfinite(top.at))
    assert np.all(np.abs(top.at - priors.PURCHASES.mean) < 6 * np.array(priors.PURCHASES.spread))
    assert np.all(spread < 3 * np.array(priors.PURCHASES.spread))


def test_no_customers_give_the_prior() -> None:
    top = bgnbd.fit(bgnbd.Counts.of([], [], []), priors.PURCHASES)
    assert tuple(top.at) == priors.PURCHASES.mean
    empty = gammagamma.fit(gammagamma.Purses.of([], []), priors.money(50.0, said=True))
    assert np.exp(empty.at[0]) == pytest.approx(50)
    assert tuple(bgbb.fit(bgbb.Seasons.of([], [], []), priors.SEASONS).at) == priors.SEASONS.mean


@pytest.mark.parametrize("early", [0, 1])
@pytest.mark.parametrize("a", [0.3, 1.0, 1.0 + 1e-9, 2.5])
def test_a_forecast_is_finite_at_every_corner(a: float, early: int) -> None:
    p = bgnbd.Parameters(0.243, 4.414, a, 0.7)
    x = np.array([0, 0, 1, 5000, 5000])
    last, age = np.array([0, 0, 0, 5000 / 7, 5000 / 7]), np.array([0, 1000, 0, 5000 / 7, 900])
    for weeks in (0.0, 1 / 7, 52.0, 520.0):
        found = future.expected(p, x, last, age, weeks, early)
        assert np.all(np.isfinite(found))
        assert np.all(found >= 0)
        waiting = future.ordered_within(p, x, last, age, weeks, early)
        assert np.all((waiting >= 0) & (waiting <= 1))


@pytest.mark.parametrize("early", [0, 1])
def test_the_stable_form_is_the_direct_one_where_that_works(early: int) -> None:
    rng = np.random.default_rng(3)
    x, age = rng.integers(1, 40, 300).astype(float), rng.uniform(40, 150, 300)
    last, c = age * rng.uniform(0.1, 1, 300), 0
    r, alpha, a, b = PAPER
    c = a + b + x + early - 1
    z = 39 / (alpha + age + 39)
    series = hyp2f1(r + x, b + x + early, c, z)
    direct = c / (a - 1) * (1 - ((alpha + age) / (alpha + age + 39)) ** (r + x) * series)
    direct *= future.alive(PAPER, x, last, age, early)
    assert future.expected(PAPER, x, last, age, 39.0, early) == pytest.approx(direct, rel=1e-10)


@settings(deadline=None, max_examples=50)
@given(numbers, customers, st.sampled_from([0, 1]), st.floats(0.1, 60))
def test_the_mean_is_the_sum_of_all_chances(
    at: Array, told: list[tuple[int, int, int]], early: int, weeks: float
) -> None:
    p, standing = bgnbd.parameters(at), Standing.of(bgnbd.Counts.of(*zip(*told, strict=True)))
    columns = standing.x, standing.last, standing.age
    chances = future.at_least(p, *columns, weeks, early)
    first = next(chances)
    assert first == pytest.approx(future.ordered_within(p, *columns, weeks, early), abs=1e-9)
    total = first + sum(next(chances) for _ in range(3_000))
    assert total == pytest.approx(future.expected(p, *columns, weeks, early), rel=1e-6, abs=1e-9)
