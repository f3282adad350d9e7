"""What others do, without our system: send nothing, or the usual fixed set-up. Pure.

The fixed set-up is what shops copy from each other: a welcome, a cart reminder and a win-back to everybody who may be
written to, with the same discount for all, for ever. It keeps the law's night and one message a day as well as we do,
and holds nobody out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dangol.simulation.kinds import World
from dangol.simulation.lives import CART, CHECKOUT, ORDER, Life
from dangol.simulation.stories import Letter, Story, tell

MINUTE, HOUR = 1 / 1440, 1 / 24
AWAY = 60.0  # days without an order, after which somebody is to be won back
MORNING, NIGHT = 8 / 24, 21 / 24
DISCOUNTS = {"welcome": 0.10, "abandoned-cart": 0.10, "win-back": 0.15}
NO_DISCOUNTS = dict.fromkeys(DISCOUNTS, 0.0)


@dataclass(frozen=True, slots=True)
class Due:
    """A message that the set-up would send."""

    at: float
    play: str
    trigger: str


def silent(world: World, life: Life) -> Story:
    """A life to which nobody writes."""
    return tell(world, life)


def fixed(world: World, life: Life, discounts: Mapping[str, float] = DISCOUNTS) -> tuple[Story, list[Letter]]:
    """A life under the fixed set-up, and what was sent."""
    letters: list[Letter] = []
    sent: set[str] = set()
    story = tell(world, life)
    while life.agrees and not any(take.leaves for take in story.takes):
        due = min((one for one in _due(world, life, story, sent)), key=lambda one: one.at, default=None)
        if due is None:
            break
        sent.add(due.trigger)
        at = _allowed(due.at, letters)
        if at < world.days and not (due.play != "welcome" and _ordered(story, due.at, at)):
            letters.append(Letter(at, due.play, due.play, discounts[due.play]))
            story = tell(world, life, letters)
    return story, letters


def known_from(life: Life, story: Story) -> float:
    """When somebody leaves an address: at their first visit, or with their first order; infinity: never."""
    if life.signs_up and life.trips:
        return life.trips[0].at
    return min((trip.at for trip in story.trips if trip.depth == ORDER), default=math.inf)


def _due(world: World, life: Life, story: Story, sent: set[str]) -> Iterator[Due]:
    since = known_from(life, story)
    found = [Due(since + 10 * MINUTE, "welcome", "welcome")] if life.signs_up else []
    for trip in story.trips:
        if trip.at >= since and trip.depth in (CART, CHECKOUT) and not _ordered(story, trip.at, trip.at + HOUR):
            found.append(Due(trip.at + HOUR, "abandoned-cart", f"cart:{trip.at}"))
        if trip.depth == ORDER and not _ordered(story, trip.at, trip.at + AWAY):
            found.append(Due(trip.at + AWAY, "win-back", f"away:{trip.at}"))
    return (one for one in found if one.trigger not in sent and one.at < world.days)


def _ordered(story: Story, after: float, until: float) -> bool:
    return any(trip.depth == ORDER and after < trip.at <= until for trip in story.trips)


def _allowed(at: float, letters: list[Letter]) -> float:
    """The next moment that is not night and no second message on a day."""
    while True:
        hour = at % 1
        if hour < MORNING:
            at = math.floor(at) + MORNING + MINUTE
        elif hour >= NIGHT or any(math.floor(one.at) == math.floor(at) for one in letters):
            at = math.floor(at) + 1 + MORNING + MINUTE
        elif letters and at < letters[-1].at:
            at = letters[-1].at + MINUTE
        else:
            return at
