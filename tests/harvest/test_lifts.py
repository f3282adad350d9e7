"""The intervals: exact where they say so, honest however often one looks, narrow enough to find what is there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.harvest import lifts
from dangol.harvest.lifts import UNKNOWN, Spending, conversion_lift, log_wins, revenue_lift, unprompted

SHARES = st.sampled_from([0.1, 0.5, 0.8, 0.9, 0.98])


def wins(treated: int, held_out: int, share: float) -> float:
    return math.exp(log_wins(treated, held_out, share))


# --- the bet on conversions -----------------------------------------------------------------------------------------


@given(treated=st.integers(0, 400), held_out=st.integers(0, 400), share=SHARES)
def test_the_bet_is_fair_whatever_happened_so_far(treated: int, held_out: int, share: float) -> None:
    now = log_wins(treated, held_out, share)
    if_treated = math.exp(log_wins(treated + 1, held_out, share) - now)
    if_held_out = math.exp(log_wins(treated, held_out + 1, share) - now)
    grows = share * if_treated + (1 - share) * if_held_out
    assert grows == pytest.approx(1, rel=1e-9), "a martingale: nobody wins by looking more often"


def test_the_bet_begins_at_one() -> None:
    assert wins(0, 0, 0.9) == pytest.approx(1)


def test_ville_holds_exactly_over_every_path_of_twenty_customers() -> None:
    share, alpha, alarm = 0.5, 0.2, 0.0
    ways = {(0, 0): 1.0}
    for _ in range(20):
        grown: dict[tuple[int, int], float] = {}
        for (treated, held_out), chance in ways.items():
            for place, odds in (((treated + 1, held_out), share), ((treated, held_out + 1), 1 - share)):
                if wins(*place, share) >= 1 / alpha:
                    alarm += chance * odds
                else:
                    grown[place] = grown.get(place, 0) + chance * odds
        ways = grown
    assert 0 < alarm <= alpha


@given(held_out=st.integers(0, 300), share=SHARES)
def test_the_limits_are_where_the_bet_is_won(held_out: int, share: float) -> None:
    fewest, most = unprompted(held_out, share)
    limit = -math.log(lifts.ALPHA_CONVERSIONS)
    assert fewest <= held_out * share / (1 - share) + 0.5 <= most + 1
    assert log_wins(most, held_out, share) < limit <= log_wins(most + 1, held_out, share)
    assert log_wins(fewest, held_out, share) < limit
    assert fewest == 0 or log_wins(fewest - 1, held_out, share) >= limit


@given(
    customers=st.integers(1, 5_000), held_out=st.integers(1, 5_000), data=st.data(), share=SHARES
)  # any split, also an absurd one
def test_a_lift_lies_within_its_interval_and_within_reason(
    customers: int, held_out: int, data: st.DataObject, share: float
) -> None:
    bought = data.draw(st.integers(0, customers))
    bought_too = data.draw(st.integers(0, held_out))
    lift = conversion_lift((customers, bought), (held_out, bought_too), share)
    assert lift.value is not None
    assert lift.low is not None
    assert lift.high is not None
    assert -1 <= lift.low <= lift.value <= lift.high <= 1


@pytest.mark.parametrize(
    ("treated", "held_out", "share"), [((0, 0), (5, 1), 0.9), ((5, 1), (0, 0), 0.9), ((9, 1), (9, 1), 1.0)]
)
def test_without_two_arms_nothing_is_said(treated: tuple[int, int], held_out: tuple[int, int], share: float) -> None:
    assert conversion_lift(treated, held_out, share) == UNKNOWN


def test_more_customers_narrow_the_interval() -> None:
    widths = []
    for times in (1, 4, 16):
        lift = conversion_lift((900 * times, 90 * times), (100 * times, 5 * times), 0.9)
        assert lift.low is not None
        assert lift.high is not None
        widths.append(lift.high - lift.low)
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]


@pytest.mark.parametrize(
    ("treated", "held_out", "planned", "share"),
    [
        (0, 0, 0.9, 0.9),
        (893, 107, 0.9, 0.9),
        (500, 500, 0.9, 0.5),  # it was a half for most of the time
        (900, 100, 1.0, 0.9),  # the holdout was switched off at the end
        (1_000, 0, 1.0, 1.0),
    ],
)
def test_a_holdout_that_was_changed_on_the_way_is_noticed(
    treated: int, held_out: int, planned: float, share: float
) -> None:
    assert lifts.drawn_share(treated, held_out, planned) == pytest.approx(share)


def test_both_intervals_together_are_wrong_in_at_most_five_of_a_hundred_campaigns() -> None:
    assert pytest.approx(0.05) == lifts.ALPHA_CONVERSIONS + lifts.ALPHA_MONEY


# --- money ----------------------------------------------------------------------------------------------------------


def spending(amounts: np.ndarray) -> Spending:
    return Spending(len(amounts), int((amounts > 0).sum()), float(amounts.sum()), float((amounts**2).sum()))


def test_the_boundary_is_the_published_one() -> None:
    rho2 = (-2 * math.log(0.05) + math.log(-2 * math.log(0.05) + 1)) / 500
    t = 250
    published = math.sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * math.log(math.sqrt(t * rho2 + 1) / 0.05))
    assert lifts.boundary(t, alpha=0.05, tuned_for=500) / math.sqrt(t) == pytest.approx(published)
    assert 2.5 < lifts.boundary(1_000, alpha=0.05) < 4, "wider than 1.96: the price of looking every day"


def test_before_five_buyers_in_each_arm_money_has_no_interval() -> None:
    lift = revenue_lift(Spending(900, 40, 400, 4_400), Spending(100, 4, 30, 250))
    assert lift.value == pytest.approx(400 / 900 - 0.3)
    assert lift.low is None
    assert not lift.clear
    assert revenue_lift(Spending(9, 1, 1, 1), Spending(0, 0, 0, 0)) == UNKNOWN


def test_a_small_arm_without_a_large_order_is_not_taken_for_sure() -> None:
    rng = np.random.default_rng(1)
    large = spending(np.concatenate([rng.lognormal(3, 1.5, 90), np.zeros(810)]))
    tame = spending(np.concatenate([np.full(6, 1.0), np.zeros(94)]))
    lift = revenue_lift(large, tame)
    assert lift.low is not None
    together = large.squares / 1_000
    assert lift.value is not None
    assert lift.value - lift.low > math.sqrt(together / 100), "at least the error that both arms together imply"


def test_nobody_spends_differently_where_nobody_differs() -> None:
    same = revenue_lift(Spending(10, 10, 100, 1_000), Spending(10, 10, 100, 1_000))
    assert (same.value, same.clear) == (0, False)


# --- looking every day ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shops:
    """Many simulated shops at once: customers a day, whose rates of buying may drift over the time."""

    share: float
    a_day: int
    days: int
    treated_rate: float
    held_out_rate: float
    drift: float = 1
    seed: int = 11

    def looks(self) -> Iterator[tuple[Spending, Spending, tuple[int, int]]]:
        """What both arms hold at the end of each day of one shop after another, and (shop, day)."""
        rng = np.random.default_rng(self.seed)
        for shop in itertools.count():
            arms = [np.empty(0), np.empty(0)]
            for day in range(self.days):
                drawn = rng.random(self.a_day) < self.share
                for arm, rate in ((0, self.treated_rate), (1, self.held_out_rate)):
                    here = int((drawn if arm == 0 else ~drawn).sum())
                    bought = rng.random(here) < min(rate * self.drift ** (day / self.days), 1)
                    arms[arm] = np.concatenate([arms[arm], bought * rng.lognormal(3, 1, here)])
                yield spending(arms[0]), spending(arms[1]), (shop, day)

    def claims(self, count: int, claims: object) -> float:
        """The share of `count` shops for which the rule ever claims a difference."""
        claimed: set[int] = set()
        for treated, held_out, (shop, _) in self.looks():
            if shop == count:
                break
            if shop not in claimed and claims(treated, held_out, self.share):  # type: ignore[operator]
                claimed.add(shop)
        return len(claimed) / count


def ours(treated: Spending, held_out: Spending, share: float) -> bool:
    """What the harvest calls evidence."""
    conversion = conversion_lift((treated.customers, treated.buyers), (held_out.customers, held_out.buyers), share)
    return conversion.clear or revenue_lift(treated, held_out).clear


def usual(treated: Spending, held_out: Spending, _share: float) -> bool:
    """The z test of a textbook, read every day."""
    if min(treated.customers, held_out.customers) < 30 or treated.buyers + held_out.buyers < 20:
        return False
    rate = (treated.buyers + held_out.buyers) / (treated.customers + held_out.customers)
    error = math.sqrt(rate * (1 - rate) * (1 / treated.customers + 1 / held_out.customers))
    return abs(treated.buyers / treated.customers - held_out.buyers / held_out.customers) > 1.96 * error


NO_EFFECT = [
    Shops(share=0.9, a_day=10, days=90, treated_rate=0.03, held_out_rate=0.03),
    Shops(share=0.9, a_day=30, days=60, treated_rate=0.2, held_out_rate=0.2),
    Shops(share=0.5, a_day=20, days=60, treated_rate=0.05, held_out_rate=0.05, drift=4),
]


@pytest.mark.parametrize("shops", NO_EFFECT)
def test_looking_every_day_for_months_raises_hardly_a_false_alarm(shops: Shops) -> None:
    assert shops.claims(200, ours) <= 0.05


def test_the_same_shops_would_catch_a_test_that_is_not_made_for_looking() -> None:
    assert NO_EFFECT[2].claims(100, usual) > 0.12


@pytest.mark.parametrize(
    "shops",
    [
        Shops(share=0.9, a_day=20, days=90, treated_rate=0.24, held_out_rate=0.08),
        Shops(share=0.5, a_day=43, days=84, treated_rate=0.03, held_out_rate=0.01),
        Shops(share=0.9, a_day=20, days=90, treated_rate=0.05, held_out_rate=0.25),  # it does harm
    ],
)
def test_a_large_effect_is_found(shops: Shops) -> None:
    assert shops.claims(30, ours) >= 0.9


def test_the_unprompted_are_among_those_not_ruled_out_on_every_day() -> None:
    rng = np.random.default_rng(21)
    missed = 0
    for _ in range(300):
        treated = held_out = 0
        for drawn in rng.random(200) < 0.8:
            treated, held_out = treated + int(drawn), held_out + int(not drawn)
            fewest, most = unprompted(held_out, 0.8, alpha=0.1)
            if not fewest <= treated <= most:
                missed += 1
                break
    assert 0 < missed <= 30, "at most one in ten, and yet not so wide that it says nothing"


def test_the_interval_of_money_holds_the_truth_on_every_day() -> None:
    shops = Shops(share=0.8, a_day=15, days=60, treated_rate=0.15, held_out_rate=0.08)
    truth = (0.15 - 0.08) * math.exp(3 + 0.5)
    missed: set[int] = set()
    spoken: set[int] = set()
    for treated, held_out, (shop, _) in shops.looks():
        if shop == 100:
            break
        money = revenue_lift(treated, held_out)
        if money.low is not None and money.high is not None:
            spoken.add(shop)
            if not money.low <= truth <= money.high:
                missed.add(shop)
    assert len(spoken) == 100
    assert len(missed) <= 5
