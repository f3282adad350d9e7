"""The comparison: it adds up, is silent when there is nothing, and says in words only what the numbers carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from dangol.harvest import rules
from dangol.harvest.rules import Arm, Harvest, Outcome, Question

ASKED = Question("welcome", "Order Completed", timedelta(days=7), 0.9, "KRW")


def outcomes(treated: int, bought: int, held_out: int, bought_too: int, revenue: int = 10) -> list[Outcome]:
    def side(is_treated: bool, count: int, buyers: int) -> list[Outcome]:
        return [Outcome(is_treated, n < buyers, Decimal(revenue if n < buyers else 0)) for n in range(count)]

    return side(True, treated, bought) + side(False, held_out, bought_too)


def told(*counts: int, share: float = 0.9, open_runs: int = 0, revenue: int = 10) -> Harvest:
    found = outcomes(*counts, revenue=revenue)
    return rules.harvest(replace(ASKED, share=share), [replace(o, open=n < open_runs) for n, o in enumerate(found)])


def test_the_arms_add_up() -> None:
    found = told(100, 20, 50, 5, share=2 / 3)
    assert found.treated == Arm(100, 20, Decimal(200))
    assert found.held_out == Arm(50, 5, Decimal(50))
    assert found.conversion.value == pytest.approx(0.1)
    assert found.revenue.value == pytest.approx(1.0)
    assert found.extra_revenue.value == pytest.approx(100)


@pytest.mark.parametrize(
    ("counts", "share", "state"),
    [
        ((0, 0, 0, 0), 0.9, "none"),
        ((50, 10, 0, 0), 0.9, "none"),
        ((50, 10, 0, 0), 1.0, "none"),  # nobody is held out
        ((90, 40, 10, 3), 0.9, "not_yet"),  # too few held out
        ((500, 4, 500, 0), 0.5, "not_yet"),  # too few conversions
        ((300, 33, 300, 30), 0.5, "not_yet"),  # no clear difference
        ((1000, 200, 1000, 50), 0.5, "enough"),
        ((1000, 50, 1000, 200), 0.5, "enough"),
    ],
)
def test_what_the_numbers_carry(counts: tuple[int, int, int, int], share: float, state: str) -> None:
    found = told(*counts, share=share)
    assert found.evidence == state
    assert set(found.sentence) == {"en", "ko"}
    assert ("Not enough evidence yet" in found.sentence["en"]) == (state == "not_yet")
    assert ("아직 근거가 부족합니다" in found.sentence["ko"]) == (state == "not_yet")


def test_extra_money_is_told_as_a_range_and_never_as_a_point() -> None:
    found = told(9_000, 900, 1_000, 40, revenue=20_000)
    assert found.extra_revenue.low is not None
    assert found.extra_revenue.high is not None
    low, high = f"{found.extra_revenue.low:,.0f}", f"{found.extra_revenue.high:,.0f}"
    assert found.extra_revenue.low > 0
    assert found.sentence["en"] == f"It brought between {low} and {high} KRW that would not have come without it."
    assert f"{low}~{high} KRW" in found.sentence["ko"]


def test_harm_is_told_with_its_size_and_what_to_do() -> None:
    found = told(9_000, 400, 1_000, 100, revenue=20_000)
    assert found.extra_revenue.high is not None
    assert found.extra_revenue.high < 0
    smallest = f"{-found.extra_revenue.high:,.0f}"
    assert f"spent less, by {smallest} to" in found.sentence["en"]
    assert "switching it off" in found.sentence["en"]
    assert "중지" in found.sentence["ko"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [((1_000, 200, 1_000, 3), "more often, by"), ((1_000, 3, 1_000, 200), "less often, by")],
)
def test_where_money_is_not_clear_the_sentence_is_about_how_often(
    counts: tuple[int, int, int, int], words: str
) -> None:
    found = told(*counts, share=0.5)
    assert (found.evidence, found.extra_revenue.low) == ("enough", None), "three buyers carry no claim in money"
    assert words in found.sentence["en"]
    assert "-" not in found.sentence["en"].split("by ")[1], "sizes are told without a sign"


def test_windows_that_are_still_open_are_told() -> None:
    assert "12 of them still have time" in told(90, 4, 10, 0, open_runs=12).sentence["en"]
    assert "12명" in told(90, 4, 10, 0, open_runs=12).sentence["ko"]
    assert "still have time" not in told(90, 4, 10, 0).sentence["en"]


def test_a_refunded_order_is_a_conversion_without_money() -> None:
    back = [Outcome(True, True, Decimal(0)) for _ in range(90)]
    found = rules.harvest(ASKED, [*back, *outcomes(0, 0, 10, 1)])
    assert (found.treated.conversions, found.treated.revenue) == (90, 0)
    assert found.revenue.value == pytest.approx(-1)


def test_the_plan_learns_only_from_customers_whose_time_is_over() -> None:
    closed = outcomes(900, 45, 100, 3)
    opened = [replace(outcome, open=True, converted=False) for outcome in outcomes(900, 0, 100, 0)]
    seen = rules.measured([*closed, *opened])
    assert seen == rules.measured(closed)
    assert seen is not None
    assert seen.lift == pytest.approx(0.02)
    assert seen.customers == 1_000
    assert 0.015 < seen.error < 0.03
    assert rules.measured(opened) is None
    assert rules.measured(outcomes(900, 45, 0, 0)) is None


def test_an_arm_without_a_buyer_is_not_without_doubt() -> None:
    few, many = rules.measured(outcomes(90, 0, 10, 0)), rules.measured(outcomes(9_000, 0, 1_000, 0))
    assert few is not None
    assert many is not None
    assert few.error > 0.05
    assert 0 < many.error < 0.002


def drawn_by(share: float, *counts: int) -> list[Outcome]:
    return [replace(one, share=share) for one in outcomes(*counts)]


def test_who_entered_under_another_holdout_is_compared_with_those_who_did_too() -> None:
    """A quiet season with half held out, a busy one with a tenth: the campaign does nothing in either."""
    quiet, busy = drawn_by(0.5, 1000, 20, 1000, 20), drawn_by(0.9, 9000, 1800, 1000, 200)
    found = rules.harvest(ASKED, [*quiet, *busy])
    assert found.conversion.value == pytest.approx(0)
    assert found.revenue.value == pytest.approx(0)
    assert found.evidence == "not_yet", "raw rates differ by seven in a hundred"
    assert found.treated.rate - found.held_out.rate == pytest.approx(0.072)
    learnt = rules.measured([*quiet, *busy])
    assert learnt
    assert (learnt.lift, learnt.customers) == (pytest.approx(0), 12_000)


def test_a_share_that_was_kept_counts_whatever_is_planned_today() -> None:
    some = drawn_by(0.5, 500, 60, 500, 40)
    assert rules.harvest(replace(ASKED, share=0.9), some) == rules.harvest(replace(ASKED, share=0.5), some)


def test_whom_nobody_can_be_compared_with_is_left_out() -> None:
    alone, compared = drawn_by(1.0, 700, 700, 0, 0), drawn_by(0.5, 1000, 200, 1000, 50)
    found, told = rules.harvest(ASKED, [*alone, *compared]), rules.harvest(ASKED, compared)
    assert (found.conversion, found.revenue, found.extra_revenue) == (told.conversion, told.revenue, told.extra_revenue)
    assert found.treated.customers == 1700
