"""What a person does, given the messages that reached them. Pure, and causal: a message changes nothing before it.

Every draw belongs to the person, or to the n-th message of a play to that person. So the story without a message, or
without a campaign's messages, is known to the order: what the two differ by is what the message did.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dangol.simulation.kinds import World
from dangol.simulation.lives import LOOK, ORDER, Life, Trip, ordering, regular

WEARS_OFF = 10.0  # days, after which a message tires by a third of what it did
COUPON = 14.0  # days that a discount is good for
USES = 0.8  # of the orders to which a coupon applies
OPEN_CART = 3.0  # days after which a cart is forgotten
REMEMBERS = 60.0  # days in which an order may come instead of one that would have come later
HURT = 45.0  # days in which a message too many costs orders
MISFIT = 0.15  # of its effect, where a message meets somebody whom it is not made for
UNHAPPY, CARED_FOR = 0.35, 0.20  # of the orders after a bad one that are lost; and where somebody made it good
CARTS = {"abandoned-cart", "checkout-abandonment"}
AFTER_AN_ORDER = {"win-back", "replenishment", "thanks", "vip", "review-request", "second-order", "cross-sell"}
CARE = "dissatisfied-care"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that reached somebody."""

    at: float  # days after the simulation began
    play: str
    campaign: str
    discount: float = 0.0
    marketing: bool = True
    asks: bool = False  # how satisfied they are


@dataclass(frozen=True, slots=True)
class Take:
    """What somebody does with a letter; None: not at all."""

    opens: float | None = None
    clicks: float | None = None
    answers: int | None = None  # stars
    leaves: float | None = None  # wants no more advertising
    complains: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What came of a life and the letters that reached it."""

    trips: tuple[Trip, ...]
    takes: tuple[Take, ...]  # one for each letter
    lost: int = 0  # orders that did not come, for annoyance or displeasure
    pulled: int = 0  # orders that had come before

    def orders(self) -> list[Trip]:
        return [trip for trip in self.trips if trip.depth == ORDER]


@dataclass(slots=True)
class _State:
    """Where somebody stands while their story is told."""

    tired: float = 0.0
    tired_at: float = 0.0
    cart: Trip | None = None
    orders: int = 0
    last_order: float | None = None
    unhappy: bool = False
    cared: bool = False
    gone: bool = False  # wants no more advertising
    coupon: tuple[float, float] = (0.0, -1.0)  # share of the price, good until
    hurts: list[tuple[float, float]] = field(default_factory=list)  # when, share of orders lost
    swallows: list[float] = field(default_factory=list)  # until when the next order is one that has come already
    had: Counter[str] = field(default_factory=Counter)

    def tiredness(self, at: float) -> float:
        return self.tired * math.exp(-(at - self.tired_at) / WEARS_OFF)

    def loses(self, at: float) -> float:
        """The share of orders lost now."""
        kept = math.prod(1 - share * (1 - (at - since) / HURT) for since, share in self.hurts if at - since < HURT)
        unhappy = (CARED_FOR if self.cared else UNHAPPY) if self.unhappy else 0.0
        return 1 - kept * (1 - unhappy)


def tell(world: World, life: Life, letters: Sequence[Letter] = ()) -> Story:
    """The story of a life with these letters, in their order."""
    state, trips, takes = _State(), list[Trip](), list[Take]()
    counts = Counter[str]()
    coming = [(trip.at, number, trip) for number, trip in enumerate(life.trips)]
    heapq.heapify(coming)
    for number, letter in enumerate(letters):
        _until(letter.at, coming, state, trips, counts)
        take, brought = _read(world, life, state, number, letter)
        takes.append(take)
        for extra in brought:
            heapq.heappush(coming, (extra.at, 1_000_000 + 1_000 * number + len(coming), extra))
    _until(math.inf, coming, state, trips, counts)
    return Story(tuple(trips), tuple(takes), counts["lost"], counts["pulled"])


def without(letters: Iterable[Letter], campaign: str) -> list[Letter]:
    """The same letters, but for a campaign's."""
    return [letter for letter in letters if letter.campaign != campaign]


def _until(
    end: float, coming: list[tuple[float, int, Trip]], state: _State, trips: list[Trip], counts: Counter[str]
) -> None:
    """Let the visits happen that fall before an instant."""
    while coming and coming[0][0] <= end:
        trip = heapq.heappop(coming)[2]
        if trip.depth == ORDER and trip.brought < 0 and _swallowed(state, trip.at):
            counts["pulled"] += 1
            continue
        if trip.depth == ORDER and trip.grit < state.loses(trip.at):
            counts["lost"] += 1
            continue
        trips.append(_bought(state, trip) if trip.depth == ORDER else trip)
        if LOOK < trip.depth < ORDER:
            state.cart = trip


def _swallowed(state: _State, at: float) -> bool:
    state.swallows = [until for until in state.swallows if until >= at]
    return bool(state.swallows) and state.swallows.pop(0) >= at


def _bought(state: _State, trip: Trip) -> Trip:
    share, until = state.coupon
    if share and trip.at <= until and trip.uses < USES:
        trip, state.coupon = replace(trip, discount=share), (0.0, -1.0)
    state.cart, state.orders, state.last_order = None, state.orders + 1, trip.at
    if trip.pleased <= 2 and not trip.refunded:
        state.unhappy, state.cared = True, False
    return trip


def _read(world: World, life: Life, state: _State, number: int, letter: Letter) -> tuple[Take, list[Trip]]:
    """What one letter does, and the orders that it brings."""
    state.had[letter.play] += 1
    rng = np.random.default_rng([world.seed, 4, life.number, _number_of(letter.play), state.had[letter.play]])
    draws: list[float] = rng.uniform(size=8).tolist()
    tired = state.tiredness(letter.at)
    if letter.play == CARE:
        state.cared = True
    if letter.discount:
        state.coupon = (max(letter.discount, state.coupon[0]), letter.at + COUPON)
    effect = _effect(world, life, state, letter, tired)
    extra = draws[0] < effect
    brought = _extra(world, state, rng, number, letter, draws) if extra else []
    _annoy(world, state, letter, effect, tired)
    return _take(world, state, letter, tired, draws, extra=extra), brought


def _number_of(play: str) -> int:
    """A play's name as a number, the same on every machine."""
    return int.from_bytes(play.encode()[:12], "big") % (2**31)


def _effect(world: World, life: Life, state: _State, letter: Letter, tired: float) -> float:
    """The chance that this letter brings an order; below zero where it does harm."""
    usual = world.effect(letter.play)
    usual *= 1 + (world.lift_of_ten * letter.discount / 0.10 if usual > 0 else 0.0)
    fits = 1.0 if _fits(state, letter) else MISFIT
    return usual * fits * (life.responds if usual > 0 else 1.0) * math.exp(-world.tires * tired)


def _fits(state: _State, letter: Letter) -> bool:
    """Whether somebody is where this letter is made to meet them."""
    if letter.play in CARTS:
        return state.cart is not None and letter.at - state.cart.at <= OPEN_CART
    if letter.play == "welcome":
        return state.orders == 0
    if letter.play in AFTER_AN_ORDER:
        return state.orders > 0
    return True


def _extra(
    world: World, state: _State, rng: np.random.Generator, number: int, letter: Letter, draws: Sequence[float]
) -> list[Trip]:
    """The order that a letter brings, and those that follow from it."""
    at = letter.at + 0.02 + float(rng.exponential(0.6))
    if at >= world.days:
        return []
    value = state.cart.value if letter.play in CARTS and state.cart else 0.0
    order = replace(ordering(world, rng, at, value), brought=number, grit=1.0, uses=0.0)
    pulled = draws[1] < min(world.pulled * (1 + 3 * letter.discount), 0.9)
    if pulled:
        state.swallows.append(at + REMEMBERS)
        return [order]
    if state.orders:  # they are a regular, or were: what follows is in their own life
        return [order]
    follows = regular(world, rng, at, world.kind.stays * 0.6)  # who had to be brought stays less often
    return [order, *(replace(trip, brought=number) for trip in follows)]


def _annoy(world: World, state: _State, letter: Letter, effect: float, tired: float) -> None:
    """What a letter costs: attention, and orders."""
    if not letter.marketing:
        return
    share = world.hurts * (1 + tired) + (8 * -effect if effect < 0 else 0.0)
    if share > 0:
        state.hurts.append((letter.at, min(share, 0.5)))
    state.tired, state.tired_at = tired + 1, letter.at


def _take(world: World, state: _State, letter: Letter, tired: float, draws: Sequence[float], *, extra: bool) -> Take:
    opens = letter.at + 0.01 + 0.4 * draws[3] ** 2 if extra or draws[2] < 0.35 * math.exp(-0.2 * tired) else None
    clicks = opens + 0.001 if opens is not None and (extra or draws[4] < 0.08) else None
    score = int(1 + draws[5] * 2) if state.unhappy and not state.cared else int(4 + draws[5] * 1.7)
    answers = score if letter.asks and opens is not None and draws[6] < 0.4 else None
    tempted = letter.marketing and not state.gone and draws[7] < world.opts_out * (1 + tired) ** 2
    state.gone = state.gone or tempted
    leaves = letter.at + 0.01 + 0.4 * draws[3] ** 2 if tempted else None
    return Take(opens, clicks, answers, leaves, complains=tempted and draws[7] < world.opts_out * 0.05)
