"""The interval of the margin, read every day: with drift, with shares that follow the results, with messages that cost,
with spending before taken off. It holds the truth, and cries wolf in at most one shop of twenty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from dangol.harvest import adjusting
from dangol.harvest.adjusting import Side, adjust, slope
from dangol.harvest.lifts import ALPHA_MONEY, Lift, over_groups

SHOPS = 120
SHARES = (0.5, 0.8)  # of customers who are treated


@dataclass(frozen=True)
class World:
    """Customers come each day; what they would leave is known, what a message adds and costs is too."""

    effect: float = 0.0  # a treated customer is so much likelier to buy
    message: float = 0.0  # that each treated customer costs
    drift: float = 4.0  # how much more buy at the end than at the beginning
    adaptive: bool = False  # the share of treated follows who seems to be better
    memory: float = 0.0  # from 0 to 1: how far spending before tells spending now
    share: float = 0.8
    a_day: int = 20
    days: int = 60
    seed: int = 31

    rate = 0.1

    @property
    def truth(self) -> float:
        """Per treated customer: orders leave 40 on average, whether anybody bought unprompted or not."""
        return self.effect * 40 - self.message

    def shops(self) -> Iterator[Iterator[list[tuple[Side, Side]]]]:
        rng = np.random.default_rng(self.seed)
        for _ in range(SHOPS):
            yield self._looks(rng)

    def _looks(self, rng: np.random.Generator) -> Iterator[list[tuple[Side, Side]]]:
        """At the end of each day, both sides of each share that was in force so far."""
        rows: dict[float, list[tuple[np.ndarray, ...]]] = {share: [] for share in SHARES}
        share = self.share
        for day in range(self.days):
            if self.adaptive and day and day % 7 == 0:
                share = SHARES[int(self._leads(rows))]
            rows[share].append(self._day(rng, share, day))
            yield [pair for some in rows.values() if some and (pair := _sides(some))]

    def _day(self, rng: np.random.Generator, share: float, day: int) -> tuple[np.ndarray, ...]:
        taste = rng.lognormal(0, 1, self.a_day) / np.exp(0.5)
        treated = rng.random(self.a_day) < share
        own = np.clip(self.rate * self.drift ** (day / self.days) * taste**self.memory, 0, 0.8)
        prompted = rng.random(self.a_day) < self.effect  # an order more, whoever they are
        orders = (rng.random(self.a_day) < own).astype(float) + (treated & prompted)
        left = np.where(rng.random(self.a_day) < 0.1, -10.0, 45.556)  # one in ten is sold below its cost; 40 on average
        amounts = orders * left * rng.lognormal(-0.125, 0.5, self.a_day) - self.message * treated
        before = taste * 100 * (rng.random(self.a_day) < 0.8) * self.memory
        return treated, amounts, before, orders > 0

    @staticmethod
    def _leads(rows: dict[float, list[tuple[np.ndarray, ...]]]) -> bool:
        treated, amounts, *_ = (
            np.concatenate(parts) for parts in zip(*(row for some in rows.values() for row in some), strict=True)
        )
        return bool(treated.any() and (~treated).any() and amounts[treated].mean() > amounts[~treated].mean())


def _sides(rows: list[tuple[np.ndarray, ...]]) -> tuple[Side, Side] | None:
    treated, amounts, before, bought = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if not treated.any() or treated.all():
        return None
    one, other = (Side(amounts[arm], before[arm], int(bought[arm].sum())) for arm in (treated, ~treated))
    return one, other


def told(pairs: list[tuple[Side, Side]], *, adjusts: bool = True) -> Lift:
    """As the harvest tells it: each share's customers among themselves, the doubt shared out."""
    groups = [
        (len(one.amounts), adjusting.lift(one, other, ALPHA_MONEY / len(pairs), adjusts=adjusts)[0])
        for one, other in pairs
    ]
    customers, total = over_groups(groups)
    return total.times(1 / customers) if customers else total


WORLDS = {
    "drift": World(),
    "adaptive": World(adaptive=True, share=0.5),
    "spending before": World(memory=1.0, share=0.5),
    "a few held out": World(share=0.8, a_day=30, memory=1.0),
}


@pytest.mark.parametrize("name", WORLDS)
def test_where_nothing_is_added_hardly_a_shop_ever_hears_of_something(name: str) -> None:
    alarms = sum(any(told(look).clear for look in looks) for looks in WORLDS[name].shops())
    assert alarms <= 0.05 * SHOPS


@pytest.mark.parametrize("name", WORLDS)
def test_the_true_lift_lies_in_the_interval_on_every_day(name: str) -> None:
    world = World(**{**WORLDS[name].__dict__, "effect": 0.1, "message": 1.5, "seed": 77})
    missed = spoken = 0
    for looks in world.shops():
        lifts = [lift for look in looks if (lift := told(look)).low is not None and lift.high is not None]
        spoken += bool(lifts)
        missed += any(not lift.low <= world.truth <= lift.high for lift in lifts)  # type: ignore[operator]
    assert spoken == SHOPS
    assert missed <= 0.05 * SHOPS


def test_messages_that_bring_nothing_are_found_to_cost() -> None:
    world = World(message=20.0, share=0.5, a_day=40)
    found = sum((lift := told(list(looks)[-1])).clear and (lift.high or 0) < 0 for looks in world.shops())
    assert found > 0.9 * SHOPS


# --- spending before --------------------------------------------------------------------------------------------------


def test_what_was_spent_before_narrows_the_interval_by_what_it_explains() -> None:
    rng = np.random.default_rng(5)
    before = rng.lognormal(3, 1, 4_000)
    after = before * 0.5 + rng.normal(0, 10, 4_000)
    theta, explained = slope(before, after)
    assert (theta, explained) == (pytest.approx(0.5, abs=0.02), pytest.approx(0.75, abs=0.1))
    sides = [Side(after[half], before[half], 2_000) for half in (slice(0, 2_000), slice(2_000, None))]
    (plain, _), (narrow, told) = (adjusting.lift(*sides, ALPHA_MONEY, adjusts=adjusts) for adjusts in (False, True))
    assert told.used
    widths = [lift.high - lift.low for lift in (narrow, plain)]  # type: ignore[operator]
    assert widths[0] / widths[1] == pytest.approx(1 - told.narrower, rel=0.05)


@pytest.mark.parametrize(
    ("before", "after"),
    [(np.zeros(500), np.arange(500.0)), (np.arange(500.0), np.zeros(500)), (np.zeros(0), np.zeros(0)),
     (np.arange(50.0), np.arange(50.0)), (np.ones(1), np.ones(1))],
)  # fmt: skip
def test_where_it_cannot_help_nothing_is_changed(before: np.ndarray, after: np.ndarray) -> None:
    same, told = adjust(before, after)
    assert not told.used
    assert (same == after).all()
