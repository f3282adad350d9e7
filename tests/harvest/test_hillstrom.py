"""A real randomised e-mail test (MineThatData, 64,000 customers): what the harvest says of it, and the plan took."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest

from dangol.harvest import rules
from dangol.harvest.rules import Harvest, Outcome, Question
from dangol.strategy import files

pytestmark = pytest.mark.data
ARMS = {"Mens E-Mail": 0.00681, "Womens E-Mail": 0.00311}


@lru_cache(maxsize=1)
def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema_length=None)


@pytest.fixture
def customers(test_data: Path) -> pl.DataFrame:
    return read(test_data / "hillstrom" / "hillstrom.csv")


def harvest_of(rows: pl.DataFrame, share: float) -> Harvest:
    asked = Question("hillstrom", "Order Completed", timedelta(days=14), share, "USD")
    told = rows.select("segment", "conversion", "spend").iter_rows()
    return rules.harvest(asked, [Outcome(arm != "No E-Mail", bool(c), Decimal(str(spent))) for arm, c, spent in told])


@pytest.mark.parametrize("arm", ARMS)
def test_the_lift_of_conversions_is_the_published_one_and_clear(customers: pl.DataFrame, arm: str) -> None:
    found = harvest_of(customers.filter(pl.col("segment").is_in([arm, "No E-Mail"])), 0.5)
    assert found.conversion.value == pytest.approx(ARMS[arm], abs=1e-5)
    assert found.evidence == "enough"
    assert found.conversion.low is not None
    assert found.conversion.low > 0


def test_the_lift_of_money_is_the_published_one(customers: pl.DataFrame) -> None:
    found = harvest_of(customers.filter(pl.col("segment").is_in(["Mens E-Mail", "No E-Mail"])), 0.5)
    assert found.revenue.value == pytest.approx(0.76983, abs=1e-5)
    assert found.revenue.clear, "0.77 with a standard error of 0.145"


def test_spending_of_the_year_before_explains_nothing_here_and_is_not_used(customers: pl.DataFrame) -> None:
    rows = customers.filter(pl.col("segment").is_in(["Mens E-Mail", "No E-Mail"]))
    asked = Question("hillstrom", "Order Completed", timedelta(days=14), 0.5, "USD")
    told = rows.select("segment", "conversion", "spend", "history").iter_rows()
    found = rules.harvest(
        asked,
        [Outcome(arm != "No E-Mail", bool(c), Decimal(str(spent)), before=history) for arm, c, spent, history in told],
    )
    assert not found.adjusted.used
    assert found.adjusted.explained < 0.002
    assert found.revenue.value == pytest.approx(0.76983, abs=1e-5), "so the plain difference is told"


def test_a_sample_of_a_small_shop_is_called_not_enough(customers: pl.DataFrame) -> None:
    found = harvest_of(customers.sample(1_000, seed=5), 2 / 3)
    assert found.evidence == "not_yet"


def test_the_prior_of_win_back_is_what_this_test_measured(customers: pl.DataFrame) -> None:
    away = customers.filter(pl.col("recency") >= 4)
    measured = harvest_of(away, 2 / 3).conversion.value
    prior = files.plays()["win-back"].prior
    assert measured is not None
    assert prior.mean == pytest.approx(measured, abs=2e-4)
    assert prior.low < measured / 2
    assert prior.high > measured * 2, "another shop may differ by a factor of two"
    assert f"{away.height:,}" in prior.source["en"]
