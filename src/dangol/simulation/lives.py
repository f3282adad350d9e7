"""What people would do if nobody ever wrote to them. Pure: each person's life is drawn from a stream of their own, so
that it is the same under every policy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dangol.simulation.kinds import World

LOOK, CART, CHECKOUT, ORDER = range(4)  # how far a visit goes
CHECKS_OUT = 0.45  # of carts that are left, are left at the checkout
COMES_BACK = 0.12  # of carts that are left, are ordered within some days by themselves
KEEPS_LOOKING = 0.30  # of newcomers who do not buy, come again
LEAVES = 45.0  # days, mean, after which somebody who only looks comes no more
HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 4, 5, 6, 7, 8, 9, 8, 7, 7, 7, 7, 8, 9, 10, 10, 7, 3], float)  # of the local day
HOURS /= HOURS.sum()


@dataclass(frozen=True, slots=True)
class Trip:
    """One visit to the shop."""

    at: float  # days after the simulation began
    depth: int  # LOOK … ORDER
    value: float = 0.0  # list price of what is in the cart
    grit: float = 1.0  # of one: an order is lost where annoyance is greater than this
    pleased: int = 5  # stars its buyer would give
    refunded: bool = False
    uses: float = 1.0  # of one: a coupon is used where this is below the share who use theirs
    brought: int = -1  # the number of the message that brought it; -1: nobody did
    discount: float = 0.0  # of the list price, that was given
    anew: bool = False  # the first visit ever


@dataclass(frozen=True, slots=True)
class Life:
    """A person, and every visit of theirs that no message brought."""

    number: int
    signs_up: bool
    agrees: bool
    responds: float  # how strongly messages work, against the mean
    trips: tuple[Trip, ...]


def lives(world: World, began: datetime) -> Iterator[Life]:
    """Everybody who finds the shop, in the order in which they do."""
    rng, number = np.random.default_rng([world.seed, 2]), 0
    for day in range(world.days):
        for at in sorted(_arrivals(world, rng, day, began)):
            yield _life(world, number, at, began)
            number += 1


def season(world: World, day: float, began: datetime) -> float:
    """How many come on a day, against the mean: weekends, pay-day, and the year's swing."""
    told = world.kind
    date = began.toordinal() + int(day)
    weekend = (date - 1) % 7 >= 5  # the first of January of the year 1 was a Monday
    factor = 1.0 + told.year * math.sin(2 * math.pi * (world.begins + day / 365))
    usual = (5 + 2 * told.weekend) / 7
    factor *= (told.weekend if weekend else 1.0) / usual
    month = datetime.fromordinal(date).day
    return factor * (told.payday if month in (25, 26, 27) else 1.0)


def _arrivals(world: World, rng: np.random.Generator, day: int, began: datetime) -> list[float]:
    count = int(rng.poisson(world.visitors * season(world, day, began)))
    return [day + _hour(rng) for _ in range(count)]


def _hour(rng: np.random.Generator) -> float:
    """A time of the day, as a share of it."""
    return float((rng.choice(24, p=HOURS) + rng.uniform()) / 24)


def _usual_hour(rng: np.random.Generator, at: float, gap: float) -> float:
    """A time about so long after another, at an hour at which people come."""
    later = math.floor(at + gap) + _hour(rng)
    return later if later > at else at + gap


def _life(world: World, number: int, at: float, began: datetime) -> Life:
    rng = np.random.default_rng([world.seed, 3, number])
    told, keen = world.kind, float(rng.gamma(2.0, 0.5))
    signs_up, agrees, responds = rng.uniform() < told.signs_up, rng.uniform() < told.agrees, float(rng.gamma(2.0, 0.5))
    trips: list[Trip] = []
    looking_until = at + float(rng.exponential(LEAVES)) if rng.uniform() < KEEPS_LOOKING else at
    pending = [at]
    while pending:
        here = pending.pop()
        if here >= world.days:
            break
        trips += _visit(world, rng, here, keen, first=not trips)
        if trips[-1].depth == ORDER:
            break
        gap = float(rng.exponential(30 / told.visits / max(season(world, here, began), 0.2)))
        if here + gap < looking_until:
            pending.append(_usual_hour(rng, here, gap))
    if trips and trips[-1].depth == ORDER:
        trips += regular(world, rng, trips[-1].at, told.stays)
    return Life(number, bool(signs_up), bool(agrees), responds, tuple(sorted(trips, key=lambda trip: trip.at)))


def _visit(world: World, rng: np.random.Generator, at: float, keen: float, *, first: bool) -> list[Trip]:
    """One visit, and the return to its cart where there is one."""
    draw, told = rng.uniform(), world.kind
    orders, carts = min(told.orders * keen, 0.5), min(told.carts * keen, 0.8)
    if draw >= carts:
        return [Trip(at, LOOK, anew=first)]
    if draw < orders:
        return [ordering(world, rng, at, anew=first)]
    depth = CHECKOUT if rng.uniform() < CHECKS_OUT else CART
    value, back = _value(world, rng), rng.uniform() < COMES_BACK
    left = Trip(at, depth, value, anew=first)
    later = at + float(rng.uniform(0.1, 3.0))
    return [left, ordering(world, rng, later, value)] if back and later < world.days else [left]


def regular(world: World, rng: np.random.Generator, since: float, stays: float) -> list[Trip]:
    """The orders that follow one, until somebody stays away for good."""
    told, trips, at = world.kind, [], since
    while rng.uniform() < stays:
        shape = 60.0 if told.regular else 3.0
        at = _usual_hour(rng, at, max(float(rng.gamma(shape, told.interval / shape)), 0.5))
        if at >= world.days:
            break
        trips.append(ordering(world, rng, at))
        stays = min(stays + 0.1, 0.95)
    return trips


def ordering(world: World, rng: np.random.Generator, at: float, value: float = 0.0, *, anew: bool = False) -> Trip:
    """A visit that ends in an order."""
    told = world.kind
    unhappy = rng.uniform() < told.displeased
    pleased = int(rng.choice((1, 2))) if unhappy else int(rng.choice((3, 4, 5), p=(0.12, 0.30, 0.58)))
    return Trip(
        at, ORDER, value or _value(world, rng), grit=float(rng.uniform()), pleased=pleased,
        refunded=bool(rng.uniform() < told.refunded), uses=float(rng.uniform()), anew=anew,
    )  # fmt: skip


def _value(world: World, rng: np.random.Generator) -> float:
    return round(world.kind.order_value * math.exp(0.55 * rng.standard_normal()), 2)
