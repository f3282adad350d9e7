"""Estimates: cautious without data, moved by data as far as the data reach, and never more certain than both allow."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.strategy import files, rules
from dangol.strategy.rules import Earnings, Expectation, Measured, PlanRow, Prior, Reach

PRIOR = Prior(0.002, 0.012, 0.03, {"en": "an assumption", "ko": "가정"})
PLAY = replace(files.plays()["welcome"], prior=PRIOR)
RATES = st.floats(-0.2, 0.3)
ERRORS = st.floats(1e-4, 0.5)
COUNTS = st.integers(0, 100_000)


# --- learning -------------------------------------------------------------------------------------------------------


def test_without_a_measurement_the_prior_stands() -> None:
    assert rules.learn(PRIOR, None) is PRIOR


def test_a_rough_measurement_hardly_moves_it_and_a_sharp_one_replaces_it() -> None:
    rough, sharp = rules.learn(PRIOR, Measured(0.1, 0.3, 20)), rules.learn(PRIOR, Measured(0.1, 0.0005, 90_000))
    assert rough.mean == pytest.approx(PRIOR.mean, abs=2e-4)
    assert sharp.mean == pytest.approx(0.1, rel=0.01)
    assert sharp.high - sharp.low < 0.1 * (PRIOR.high - PRIOR.low)


def test_a_measurement_as_sharp_as_the_prior_meets_it_half_way() -> None:
    spread = (PRIOR.high - PRIOR.low) / (2 * rules.Z80)
    learnt = rules.learn(PRIOR, Measured(0.032, spread, 500))
    assert learnt.mean == pytest.approx((0.012 + 0.032) / 2)
    assert learnt.high - learnt.low == pytest.approx((PRIOR.high - PRIOR.low) / 2**0.5)
    assert "500" in learnt.source["en"]
    assert "50 %" in learnt.source["en"]
    assert "50%" in learnt.source["ko"]


@given(lift=RATES, error=ERRORS)
def test_what_was_learnt_lies_between_and_is_no_wider(lift: float, error: float) -> None:
    learnt = rules.learn(PRIOR, Measured(lift, error, 100))
    assert min(lift, PRIOR.mean) - 1e-12 <= learnt.mean <= max(lift, PRIOR.mean) + 1e-12
    assert learnt.low <= learnt.mean <= learnt.high
    assert learnt.high - learnt.low <= PRIOR.high - PRIOR.low + 1e-12
    assert 0 < rules.weight_of(PRIOR, Measured(lift, error, 100)) < 1


# --- expecting ------------------------------------------------------------------------------------------------------


@given(
    reachable=COUNTS,
    orders=st.integers(0, 10_000),
    amount=st.decimals("0.01", "1000000", places=2),
    lift=st.none() | RATES,
    error=ERRORS,
    spread=st.floats(0, 5),
)
def test_an_expectation_lies_within_its_range_whatever_the_shop(
    reachable: int, orders: int, amount: Decimal, lift: float | None, error: float, spread: float
) -> None:
    earnings = Earnings(orders, amount if orders else None, "KRW", spread)
    prior = rules.learn(PRIOR, None if lift is None else Measured(lift, error, 100))
    told = rules.expect(PLAY, Reach(reachable, reachable, reachable), earnings, prior)
    assert told.orders_low <= told.orders <= told.orders_high
    if not orders:
        assert (told.money, told.money_low, told.money_high) == (None, None, None)
        return
    assert told.money is not None
    assert told.money_low is not None
    assert told.money_high is not None
    assert told.money_low <= told.money <= told.money_high
    assert told.money == told.money.quantize(Decimal("0.01"))
    if told.orders_low >= 0:
        assert told.money_low >= 0


def test_the_holdout_is_not_counted_as_reached() -> None:
    told = rules.expect(PLAY, Reach(0, 1_000, 1_000), Earnings(0, None, "KRW"))
    assert told.orders == pytest.approx(1_000 * 0.9 * PRIOR.mean)


def test_few_orders_widen_the_range_of_money_and_many_do_not() -> None:
    def width(orders: int) -> Decimal:
        told = rules.expect(PLAY, Reach(0, 1_000, 1_000), Earnings(orders, Decimal(100), "KRW", 1.0))
        assert told.money_high is not None
        assert told.money is not None
        return told.money_high - told.money

    by_rate_alone = Decimal(100 * 900 * (PRIOR.high - PRIOR.mean))
    assert width(1) > Decimal("1.2") * by_rate_alone
    assert width(10_000) == pytest.approx(by_rate_alone, rel=Decimal("0.001"))


@pytest.mark.parametrize(
    ("revenues", "spread"),
    [
        ([], rules.USUAL_SPREAD),
        ([Decimal(5)] * 9, rules.USUAL_SPREAD),
        ([Decimal(0)] * 20, rules.USUAL_SPREAD),  # only free orders
        ([Decimal(10)] * 20, 0.0),
        ([Decimal(10), Decimal(30)] * 10, 0.5130),
    ],
)
def test_how_much_order_values_differ(revenues: list[Decimal], spread: float) -> None:
    assert rules.spread_of(revenues) == pytest.approx(spread, abs=1e-4)


# --- telling --------------------------------------------------------------------------------------------------------

SOME = Expectation(9, 2, 20, None, None, None)


@pytest.mark.parametrize(
    ("reach", "expected", "words"),
    [
        (Reach(3, 40, 30), SOME, ("30 of the 40", "2.0 to 20.0 orders", "40명 중 30명")),
        (Reach(0, 0, 0), Expectation(0, 0, 0, None, None, None), ("Nobody can be reached yet", "아직 보낼 수 있는")),
        (Reach(3, 40, 30), Expectation(-1, -4, 2, None, None, None), ("added nothing", "늘어난 주문이 없습니다")),
    ],
)
def test_the_sentence_says_what_is_so(reach: Reach, expected: Expectation, words: tuple[str, ...]) -> None:
    said = rules.summarise(PLAY, reach, expected)
    for word in words:
        assert word in said["en"] + said["ko"]


@pytest.mark.parametrize(
    ("reach", "earnings", "first"),
    [
        (Reach(0, 0, 0), Earnings(0, None, "KRW"), rules.NO_ORDERS),
        (Reach(0, 0, 0), Earnings(100, Decimal(1), "KRW"), rules.NOBODY_YET),
        (Reach(5, 5, 0), Earnings(100, Decimal(1), "KRW"), rules.NO_CONSENT),
        (Reach(5, 5, 5), Earnings(100, Decimal(1), "KRW"), PRIOR.source),
    ],
)
def test_what_is_missing_most_is_told_first(reach: Reach, earnings: Earnings, first: object) -> None:
    assert rules.unknowns(PLAY, reach, earnings)[0] == first


def test_a_message_about_an_order_misses_no_consent() -> None:
    thanks = files.plays()["thanks"]
    assert rules.unknowns(thanks, Reach(5, 5, 0), Earnings(100, Decimal(1), "KRW"))[0] == rules.NO_ADDRESS


def test_the_best_comes_first_and_equals_keep_their_order() -> None:
    def row(key: str, orders: float) -> PlanRow:
        expected = Expectation(orders, orders, orders, None, None, None)
        return PlanRow(files.plays()[key], Reach(0, 0, 0), expected, (), {})

    ranked = rules.rank([row("welcome", 0), row("abandoned-cart", 5), row("thanks", 0), row("win-back", 9)])
    assert [found.play.key for found in ranked] == ["win-back", "abandoned-cart", "welcome", "thanks"]
