"""What fits the limits, and what would help most to know."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.strategy import earning, files, helping
from dangol.strategy.allotting import Need, allot
from dangol.strategy.earning import Circumstances, Share, Worth
from dangol.strategy.rules import Earnings, Reach, Ready

NEEDS = st.lists(
    st.builds(
        Need,
        key=st.uuids().map(str),
        brings=st.floats(-10, 100),
        takes=st.fixed_dictionaries({"contacts": st.floats(0, 50), "budget": st.floats(0, 50)}),
    ),
    max_size=8,
)


def brought(needs: list[Need], keys: set[str]) -> float:
    return sum(need.brings for need in needs if need.key in keys)


@given(NEEDS, st.floats(0, 200), st.floats(0, 200))
def test_no_limit_is_broken_and_the_order_of_plays_says_nothing(
    needs: list[Need], contacts: float, money: float
) -> None:
    limits = {"contacts": contacts, "budget": money}
    found = allot(needs, limits)
    taken = [need for need in needs if not found[need.key]]
    for name, most in limits.items():
        assert sum(need.takes[name] for need in taken) <= most + 1e-6
    assert all(need.brings >= 0 for need in taken)
    assert allot(needs[::-1], limits) == found


@given(NEEDS)
def test_without_limits_everything_that_brings_anything_is_taken(needs: list[Need]) -> None:
    assert allot(needs, {}) == {need.key: "nothing" if need.brings < 0 else "" for need in needs}


@given(NEEDS, st.floats(1, 200))
def test_one_limit_is_used_at_least_half_as_well_as_can_be(needs: list[Need], contacts: float) -> None:
    """Dantzig's rule: what it brings and the best single play together are no less than the best there is."""
    limits = {"contacts": contacts}
    needs = [need for need in needs if need.brings >= 0]
    found = allot(needs, limits)
    ours = brought(needs, {need.key for need in needs if not found[need.key]})
    sets = itertools.chain.from_iterable(itertools.combinations(needs, n) for n in range(len(needs) + 1))
    fitting = [some for some in sets if sum(need.takes["contacts"] for need in some) <= contacts]
    best = max(sum(need.brings for need in some) for some in fitting)
    single = max((need.brings for need in needs if need.takes["contacts"] <= contacts), default=0.0)
    assert ours + single >= best - 1e-6


def test_what_is_scarce_decides_and_is_named() -> None:
    dear = Need("dear", 100, {"contacts": 10, "budget": 90})
    cheap = Need("cheap", 60, {"contacts": 10, "budget": 20})
    small = Need("small", 50, {"contacts": 10, "budget": 20})
    assert allot([dear, cheap, small], {"budget": 100}) == {"dear": "budget", "cheap": "", "small": ""}
    assert allot([dear, cheap, small], {"contacts": 10}) == {"dear": "", "cheap": "contacts", "small": "contacts"}


# --- margin ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earnings", "told", "mean", "basis"),
    [
        (Earnings(10, Decimal(9), "KRW"), Circumstances(), 0.35, "assumed"),
        (Earnings(10, Decimal(9), "KRW"), Circumstances(margin=0.5), 0.5, "owner"),
        (Earnings(10, Decimal(9), "KRW", margin=0.2, costed=1.0), Circumstances(margin=0.5), 0.2, "orders"),
        (Earnings(10, Decimal(9), "KRW", margin=0.2, costed=0.4), Circumstances(margin=0.5), 0.38, "owner"),
    ],
)
def test_what_stays_of_revenue(earnings: Earnings, told: Circumstances, mean: float, basis: str) -> None:
    share = earning.share_of(earnings, told)
    assert (share.mean, share.basis) == (pytest.approx(mean), basis)
    assert share.low <= share.mean <= share.high


def test_a_margin_that_is_known_narrows_the_range() -> None:
    play, reach = files.plays()["welcome"], Reach(0, 1_000, 1_000)
    known = Earnings(1_000, Decimal(100), "KRW", margin=0.35, costed=1.0)
    guessed = replace(known, margin=None, costed=0.0)
    one, other = (earning.worth(play, reach, some, play.prior, Circumstances()) for some in (known, guessed))
    assert one.margin == other.margin
    assert one.high < other.high


def test_no_more_is_sold_than_there_is() -> None:
    play, reach = files.plays()["welcome"], Reach(0, 100_000, 100_000)
    found = earning.worth(play, reach, Earnings(9, Decimal(100), "KRW", stock=3), play.prior, Circumstances(margin=1.0))
    assert found.margin == 300


def test_a_season_is_counted_with_a_twelfth_of_its_year() -> None:
    season = files.plays()["chuseok"]
    found = earning.worth(season, Reach(0, 1_200, 1_200), Earnings(0, None, ""), season.prior, Circumstances())
    assert found.messages == pytest.approx(90)
    assert found.margin is None


# --- what would help most -------------------------------------------------------------------------------------------

SURE = Worth(Decimal(100), Decimal(90), Decimal(110), Decimal(0), Decimal(0), 0, 0, {"uplift": 1.0})
ORDERS = Share(0.3, 0.3, 0.3, "orders")
SOME = Earnings(50, Decimal(10), "KRW")


@pytest.mark.parametrize(
    ("reach", "found", "share", "ready", "word"),
    [
        (Reach(0, 0, 0), SURE, ORDERS, (Ready("Product Added", "fact", 0),), "Product Added"),
        (Reach(0, 0, 0), SURE, ORDERS, (Ready("birthday", "trait", 0),), "birthday"),
        (Reach(0, 9, 0), SURE, ORDERS, (), "Consent: 9"),
        (Reach(0, 9, 9), replace(SURE, margin=None), ORDERS, (), "first orders"),
        (Reach(0, 90, 9), SURE, ORDERS, (), "Consent: 81"),
        (Reach(0, 9, 9), replace(SURE, doubts={"uplift": 80.0}), ORDERS, (), "Its own result"),
        (Reach(0, 9, 9), replace(SURE, doubts={"margin": 80.0}), replace(ORDERS, basis="assumed"), (), "products cost"),
        (Reach(0, 9, 9), replace(SURE, doubts={"value": 80.0}), ORDERS, (), "More orders"),
    ],
)
def test_what_would_help_most(reach: Reach, found: Worth, share: Share, ready: tuple[Ready, ...], word: str) -> None:
    said = helping.most(files.plays()["welcome"], reach, SOME, share, found, ready)
    assert said is not None
    assert word in said["en"]


def test_nothing_helps_where_nothing_is_in_doubt() -> None:
    assert helping.most(files.plays()["welcome"], Reach(0, 9, 9), SOME, ORDERS, replace(SURE, doubts={}), ()) is None


@pytest.mark.parametrize(("mean", "spread", "worth"), [(0, 1, 0.39894), (2, 1, 0.00849), (-2, 1, 0.00849), (5, 0, 0)])
def test_what_perfect_knowledge_is_worth(mean: float, spread: float, worth: float) -> None:
    assert helping.perfect(mean, spread) == pytest.approx(worth, abs=1e-5)
