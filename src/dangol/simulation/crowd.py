"""Everybody's story as facts at their times, and what people do with the letters that reach them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from dangol.base.clock import to_us
from dangol.base.instants import iso
from dangol.collect.log import Entry
from dangol.demo.behaviour import Event, Product, Visit, check_out, shown
from dangol.demo.people import Person, person
from dangol.simulation.kinds import World
from dangol.simulation.lives import CHECKOUT, LOOK, ORDER, Life, Trip
from dangol.simulation.stories import Letter, Story, Take, tell

SITE = "site"
GIVEN_BACK = 6.0  # days after an order, that a refund comes
PRODUCTS = 40


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does with a letter, and when."""

    at: datetime
    delivery: int
    take: Take
    what: str  # opens, clicks, answers, leaves


class Crowd:
    """The people of one shop. Their future changes with every letter; what has been told stays told."""

    def __init__(self, world: World, lives: Sequence[Life], began: datetime) -> None:
        self._world, self._began = world, began
        self.lives = {life.number: life for life in lives}
        self.people = {life.number: _person(world, life) for life in lives}
        self.by_email = {who.email: number for number, who in self.people.items()}
        self.letters: dict[int, list[Letter]] = {}
        self.stories: dict[int, Story] = {number: tell(world, life) for number, life in self.lives.items()}
        self._told = dict.fromkeys(self.lives, 0)  # how many of somebody's visits have begun
        self._known: set[int] = set()
        self._next: list[tuple[float, int]] = []
        self._facts: list[tuple[datetime, int, Event]] = []
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._count = 0
        for number in self.lives:
            self._await(number)

    # --- times

    def instant(self, at: float) -> datetime:
        return self._began + timedelta(days=at)

    def day(self, at: datetime) -> float:
        return (at - self._began) / timedelta(days=1)

    # --- facts

    def until(self, now: datetime) -> list[Entry]:
        """The facts that reach the shop by `now`."""
        end, entries = self.day(now), []
        while self._next and self._next[0][0] <= end:
            at, number = heapq.heappop(self._next)
            told = self._told[number]
            trips = self.stories[number].trips
            if told < len(trips) and trips[told].at == at:  # otherwise a letter has changed this meanwhile
                self._told[number] += 1
                self._come(number, told, trips[told])
                self._await(number)
        while self._facts and self._facts[0][0] <= now:
            at_instant, _, event = heapq.heappop(self._facts)
            body = msgspec.json.encode(event | {"timestamp": iso(at_instant)})
            entries.append(Entry(SITE, event["messageId"], to_us(at_instant), body))
        return entries

    def _await(self, number: int) -> None:
        trips, told = self.stories[number].trips, self._told[number]
        if told < len(trips):
            heapq.heappush(self._next, (trips[told].at, number))

    def _come(self, number: int, index: int, trip: Trip) -> None:
        life = self.lives[number]
        rng = random.Random(f"{self._world.seed}:{number}:{index}")
        visit = Visit(self.people[number], rng, known=number in self._known)
        visit.page("/")
        for _ in range(rng.randint(1, 3)):
            visit.track("Product Viewed", shown(_product(self._world, rng, self._world.kind.order_value)))
        if number not in self._known and (life.signs_up or trip.depth == ORDER):
            visit.sign_up()
            self._known.add(number)
        if trip.depth > LOOK:
            self._shop(visit, rng, trip, f"S{number}-{index}")
        at = self.instant(trip.at)
        for one in visit.happenings:
            self._say(at + one.after, one.event)

    def _shop(self, visit: Visit, rng: random.Random, trip: Trip, order_id: str) -> None:
        kind = self._world.kind
        line = shown(_product(self._world, rng, trip.value)) | {"quantity": 1}
        visit.track("Product Added", line)
        paid = round(trip.value * (1 - trip.discount), 2)
        order = {"revenue": paid, "currency": kind.currency, "order_id": order_id}
        order["products"] = [line | {"cost": round(trip.value * (1 - kind.margin), 2)}]
        if trip.depth == CHECKOUT:
            visit.track("Checkout Started", {key: order[key] for key in ("revenue", "currency", "products")})
        if trip.depth == ORDER:
            check_out(visit, order)
            if trip.refunded:
                told = {"type": "track", "event": "Order Refunded", "userId": visit.person.user_id}
                properties = {"order_id": order_id, "revenue": paid, "currency": kind.currency}
                self._say(self.instant(trip.at + GIVEN_BACK), told | {"properties": properties})

    def _say(self, at: datetime, event: Event) -> None:
        self._count += 1
        heapq.heappush(self._facts, (at, self._count, event | {"messageId": f"sim-{self._count}"}))

    # --- letters

    def receive(self, number: int, letter: Letter, delivery: int) -> None:
        """A letter reaches somebody: their story goes on otherwise from here."""
        letters = self.letters.setdefault(number, [])
        letters.append(letter)
        self.stories[number] = story = tell(self._world, self.lives[number], letters)
        self._await(number)
        take = story.takes[-1]
        for what in ("opens", "clicks", "leaves"):
            if (at := getattr(take, what)) is not None:
                self._mean(Deed(self.instant(at), delivery, take, what))
        if take.answers is not None and take.opens is not None:
            self._mean(Deed(self.instant(take.opens + 0.001), delivery, take, "answers"))

    def _mean(self, deed: Deed) -> None:
        self._count += 1
        heapq.heappush(self._deeds, (deed.at, self._count, deed))

    def deeds(self, now: datetime) -> list[Deed]:
        """What people do with their letters by `now`."""
        found = []
        while self._deeds and self._deeds[0][0] <= now:
            found.append(heapq.heappop(self._deeds)[2])
        return found


def _person(world: World, life: Life) -> Person:
    rng = random.Random(f"{world.seed}:{life.number}")
    return replace(person(f"s{life.number}", rng), language="en", agrees=life.agrees)


def _product(world: World, rng: random.Random, price: float) -> Product:
    number = rng.randrange(PRODUCTS)
    return Product(f"P{number:03}", f"{world.kind.key} {number}", Decimal(f"{price:.2f}"))


def spent(world: World, stories: Mapping[int, Story]) -> list[float]:
    """The margin of each order that was kept, in the shop's currency."""
    return [margin(world, trip) for story in stories.values() for trip in story.orders()]


def margin(world: World, trip: Trip) -> float:
    """What stays of an order: what was paid, less what the goods cost; nothing of one that was given back."""
    return 0.0 if trip.refunded else trip.value * (world.kind.margin - trip.discount)
