"""The simulated world: the same draws whatever is sent, and a truth that adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dangol.base.errors import Invalid
from dangol.simulation import kinds, rivals
from dangol.simulation.crowd import margin
from dangol.simulation.driving import BEGINS
from dangol.simulation.kinds import World
from dangol.simulation.lives import CART, LOOK, ORDER, Life, Trip, lives
from dangol.simulation.stories import Letter, Story, tell, without


def world(kind: str = "cosmetics", seed: int = 1, **told: object) -> World:
    return replace(kinds.draw(kinds.kind(kind), seed), **told)


def people(of: World) -> list[Life]:
    return list(lives(of, BEGINS))


def buyer(*trips: Trip) -> Life:
    return Life(7, signs_up=True, agrees=True, responds=1.0, trips=trips)


def order(at: float, **told: object) -> Trip:
    return replace(Trip(at, ORDER, 100.0, grit=0.5, uses=0.0), **told)


def test_a_seed_is_one_shop_and_another_seed_another() -> None:
    assert people(world()) == people(world())
    assert people(world(seed=2)) != people(world())
    assert kinds.draw(kinds.kind("gifts"), 3).effects == kinds.draw(kinds.kind("gifts"), 3).effects


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="found tea; allowed: mixed, fashion"):
        kinds.kind("tea")


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_to_whom_nobody_writes_nothing_is_different(kind: str) -> None:
    of = world(kind)
    for life in people(of)[:400]:
        story = tell(of, life)
        assert not story.takes
        assert [trip.at for trip in story.trips] == sorted(trip.at for trip in story.trips)
        for trip in story.orders():
            assert trip.brought == -1
            assert not trip.discount


def test_a_letter_changes_nothing_before_it() -> None:
    of = world(effects={"": 0.9}, hurts=0.2)
    for life in people(of)[:300]:
        before, after = tell(of, life), tell(of, life, [Letter(45.0, "any", "any")])
        assert [t for t in before.trips if t.at <= 45] == [t for t in after.trips if t.at <= 45]


def test_the_same_letter_does_the_same_whoever_sends_it() -> None:
    of = world(effects={"": 0.5}, hurts=0.0, tires=0.0)
    for life in people(of)[:300]:
        one = tell(of, life, [Letter(20.0, "any", "ours")])
        other = tell(of, life, [Letter(20.0, "any", "theirs")])
        assert one == other
        assert without([Letter(20.0, "any", "ours")], "ours") == []


def test_an_effect_comes_out_as_it_was_set() -> None:
    """A thousand and more people, one letter each: as many orders more as its effect says, but for chance."""
    of = world(effects={"welcome": 0.2}, hurts=0.0, tires=0.0, pulled=0.0)
    crowd = [replace(life, responds=1.0) for life in people(of) if life.signs_up]
    some = [replace(life, trips=life.trips[:1]) for life in crowd if life.trips[0].depth == LOOK]
    brought = sum(len(tell(of, life, [Letter(life.trips[0].at + 0.01, "welcome", "w")]).orders()) > 0 for life in some)
    early = [life for life in some if life.trips[0].at < of.days - 5]
    error = np.sqrt(0.2 * 0.8 / len(early))
    assert abs(brought / len(early) - 0.2) < 4 * error


def test_messages_that_do_nothing_do_nothing() -> None:
    of = world("placebo")
    for life in people(of):
        story, letters = rivals.fixed(of, life, rivals.NO_DISCOUNTS)
        assert story.trips == tell(of, life).trips
        assert not any(take.leaves for take in story.takes)
        assert len(story.takes) == len(letters)


def test_in_a_touchy_shop_letters_cost_orders() -> None:
    gained = 0
    for seed in range(1, 3):
        of = world("touchy", seed)
        for life in people(of):
            nags = [Letter(at, "any", "nag") for at in np.arange(10.0, 90.0, 8.0)]
            gained += len(tell(of, life, nags).orders()) - len(tell(of, life).orders())
    assert gained < 0


def test_a_coupon_is_used_by_an_order_that_would_have_come_anyway() -> None:
    of = world(effects={"": 0.0})
    life, letter = buyer(order(10.0), order(12.0)), Letter(8.0, "any", "any", discount=0.10)
    told = tell(of, life, [letter])
    assert [trip.discount for trip in told.orders()] == [0.10, 0.0]  # one coupon, one order
    assert margin(of, told.orders()[0]) == pytest.approx(100 * (of.kind.margin - 0.10))
    late = tell(of, buyer(order(30.0)), [letter])
    assert late.orders()[0].discount == 0  # the coupon was good for two weeks


def test_an_order_may_be_brought_forward_and_is_none_more() -> None:
    of = world(effects={"": 1.0}, pulled=1.0, tires=0.0, hurts=0.0)
    life = buyer(order(5.0), order(40.0), order(60.0))
    told = [tell(of, replace(life, number=n), [Letter(20.0, "any", "any")]) for n in range(50)]
    assert all(len(story.orders()) == 4 - story.pulled for story in told)
    assert sum(story.pulled for story in told) > 35  # nine of ten are the most


def test_too_much_wears_out_and_drives_away() -> None:
    of = world(effects={"": 0.05}, opts_out=0.01, hurts=0.02, tires=0.5)
    often, seldom = (
        [tell(of, buyer_of(n), [Letter(at, "any", "any") for at in np.arange(1.0, 89.0, every)]) for n in range(400)]
        for every in (1.0, 20.0)
    )
    assert sum(any(t.leaves for t in s.takes) for s in often) > sum(any(t.leaves for t in s.takes) for s in seldom)
    assert brought(often) / 88 < brought(seldom) / 5  # orders for each letter
    assert sum(s.lost for s in often) > sum(s.lost for s in seldom)


def buyer_of(number: int) -> Life:
    rng = np.random.default_rng(number)
    trips = tuple(order(float(at), grit=float(rng.uniform())) for at in np.arange(2.0, 88.0, 20.0))
    return Life(number, signs_up=True, agrees=True, responds=1.0, trips=trips)


def brought(stories: list[Story]) -> int:
    return sum(trip.brought >= 0 for story in stories for trip in story.orders())


def test_the_fixed_setup_greets_reminds_and_wins_back_whoever_agreed() -> None:
    of = world(effects={})
    life = buyer(Trip(1.5, LOOK, anew=True), Trip(3.5, CART, 50.0), order(5.5))
    letters = rivals.fixed(of, life)[1]
    assert [one.play for one in letters] == ["welcome", "abandoned-cart", "win-back"]
    assert [round(one.at, 1) for one in letters] == [1.5, 3.5, 65.5]
    assert rivals.fixed(of, replace(life, agrees=False))[1] == []
    soon = buyer(Trip(1.5, CART, 50.0), order(1.505))
    assert [one.play for one in rivals.fixed(of, soon)[1]] == ["welcome", "win-back"]  # nothing is left in a cart


def test_the_fixed_setup_keeps_the_night_and_one_message_a_day() -> None:
    of = world("grocery")
    for life in people(of):
        at = [letter.at for letter in rivals.fixed(of, life)[1]]
        assert all(rivals.MORNING <= one % 1 < rivals.NIGHT for one in at)
        assert len({int(one) for one in at}) == len(at)
