"""The simulated weeks: when which visitor comes, and how people take the messages that reach them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from dangol.base.clock import to_us
from dangol.base.instants import iso
from dangol.collect.log import Entry
from dangol.deliver import steps as deliver
from dangol.deliver.models import Link, OutboxMessage
from dangol.demo import extract, history
from dangol.demo.behaviour import (
    Event,
    Visit,
    browse,
    check_out,
    fill_cart,
    order_of,
    reaction,
)  # fmt: skip
from dangol.demo.history import Bought
from dangol.demo.people import Person, person
from dangol.survey import steps as survey

SITE = "site"
LOOKS, CARTS, NEWCOMERS = 14, 7, 6  # visits a day, of each kind
COMES_BACK, FIRST_ORDER = 0.10, 0.12  # of those who left a cart, of newcomers: without any message
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

Deed = Callable[[datetime], object]


class Weeks:
    """Facts and deeds in the order of their time."""

    def __init__(self, people: Mapping[str, Person], regulars: Sequence[str], seed: int) -> None:
        self._people, self._regulars, self._seed = dict(people), list(regulars), seed
        self._rng = random.Random(seed)
        self._catalogue = extract.catalogue()
        self._facts: list[tuple[datetime, int, Event]] = []
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._by_email = {one.email: one for one in people.values()}
        self._left: dict[str, Sequence[Event]] = {}  # what somebody has in the cart, by user
        self._count, self._orders, self._strangers, self._newest = 0, 0, 0, 0

    # --- what is known beforehand

    def plan(self, recent: Sequence[Bought], start: datetime, end: datetime) -> None:
        """Put everybody's visits between `start` and `end` on the calendar."""
        known = set(self._regulars)
        for one in recent:
            self._real(one, known)
        kinds = ((self._look, LOOKS), (self._leave_cart, CARTS), (self._sign_up, NEWCOMERS))
        day = start
        while day < end:
            for come, usual in kinds:
                for _ in range(self._rng.randint(usual - 2, usual + 2)):
                    at = day + timedelta(hours=self._rng.uniform(0, 24))
                    if at < end:
                        come(at)
            day += timedelta(days=1)
        self._crowd(end)

    def _crowd(self, end: datetime) -> None:
        """A few more visits whose letters fall due in the first minutes after `end`, for those who watch."""
        for come, letter_after, count in (
            (self._leave_cart, timedelta(hours=1), 6),
            (self._sign_up, timedelta(minutes=10), 6),
            (self._buy, timedelta(days=1), 6),
        ):
            for _ in range(count):
                come(end - letter_after + timedelta(seconds=self._rng.uniform(-30, 540)))

    def _buy(self, at: datetime) -> None:
        self._order(self._regular(), (), at)

    def _real(self, one: Bought, known: set[str]) -> None:
        """A real order with the visit that led to it; a refund as the shop would report it."""
        who = self._people[one.customer]
        name, told = one.event["event"], history.as_reported(one)
        if name != "Order Completed":
            self._say(one.at, {"type": "track", "event": name, "userId": who.user_id, "properties": told})
            return
        visit = Visit(who, self._rng, known=who.user_id in known)
        browse(visit, self._catalogue, self._rng)
        if who.user_id not in known:
            visit.sign_up()
            known.add(who.user_id)
        check_out(visit, told)
        self._come(one.at - visit.happenings[-1].after, visit)

    def _look(self, at: datetime) -> None:
        known = self._rng.random() < 0.3
        visit = Visit(self._regular() if known else self._stranger(), self._rng, known=known)
        browse(visit, self._catalogue, self._rng)
        self._come(at, visit)

    def _leave_cart(self, at: datetime) -> None:
        who = self._regular()
        visit = Visit(who, self._rng, known=True)
        cart = fill_cart(visit, self._catalogue, self._rng)
        self._left[who.user_id] = cart
        self._come(at, visit)
        if self._rng.random() < COMES_BACK:
            self._order(who, cart, at + timedelta(hours=self._rng.uniform(2, 30)))

    def _sign_up(self, at: datetime) -> None:
        who = self._stranger()
        visit = Visit(who, self._rng, known=False)
        browse(visit, self._catalogue, self._rng)
        visit.sign_up()
        self._people[who.user_id] = self._by_email[who.email] = who
        self._regulars.append(who.user_id)
        self._come(at, visit)
        if self._rng.random() < FIRST_ORDER:
            self._order(who, (), at + timedelta(hours=self._rng.uniform(1, 100)))

    def _order(self, who: Person, cart: Sequence[Event], at: datetime) -> None:
        visit = Visit(who, self._rng, known=True)
        cart = cart or fill_cart(visit, self._catalogue, self._rng)
        self._orders += 1
        check_out(visit, order_of(f"D{self._orders:05}", cart, extract.CURRENCY))
        self._come(at, visit)

    def _regular(self) -> Person:
        return self._people[self._rng.choice(self._regulars)]

    def _stranger(self) -> Person:
        self._strangers += 1
        return person(f"n{self._strangers:05}", self._rng)

    def _come(self, at: datetime, visit: Visit) -> None:
        for one in visit.happenings:
            self._say(at + one.after, one.event)

    def _say(self, at: datetime, event: Event) -> None:
        self._count += 1
        heapq.heappush(self._facts, (at, self._count, event | {"messageId": f"demo-{self._count}"}))

    # --- as time goes by

    def until(self, now: datetime) -> list[Entry]:
        """The facts that reach the shop by `now`."""
        entries = []
        while self._facts and self._facts[0][0] <= now:
            at, _, event = heapq.heappop(self._facts)
            body = msgspec.json.encode(event | {"timestamp": iso(at)})
            entries.append(Entry(SITE, event["messageId"], to_us(at), body))
        return entries

    def act(self, now: datetime) -> None:
        """Let people do what they meant to do with their messages by `now`."""
        while self._deeds and self._deeds[0][0] <= now:
            at, _, deed = heapq.heappop(self._deeds)
            deed(at)

    def notice(self, now: datetime) -> None:
        """People find the messages that have reached them since the last look, and make up their minds."""
        fresh = list(OutboxMessage.objects.filter(pk__gt=self._newest).select_related("delivery").order_by("to", "pk"))
        self._newest = max((message.pk for message in fresh), default=self._newest)
        for message in fresh:
            who = self._by_email.get(message.to)
            if who is not None:
                self._take(message.delivery_id, message.delivery.campaign, who, now)

    def _take(self, delivery: int, campaign: str, who: Person, now: datetime) -> None:
        # Of its own, for messages that leave at one instant may leave in any order.
        rng = random.Random(f"{self._seed}:{campaign}:{who.email}:{iso(now)}")
        takes = reaction(campaign, who.language, rng)
        if takes.opens:
            self._mean(now + takes.opens, lambda at: deliver.opened(delivery, at, BROWSER))
        if takes.clicks and (link := Link.objects.filter(delivery_id=delivery).order_by("index").first()):
            index = link.index
            self._mean(now + takes.clicks, lambda at: deliver.clicked(delivery, index, at, BROWSER))
        if takes.answers:
            token = survey.link(delivery, takes.score)
            self._mean(now + takes.answers, lambda at: survey.answer(token, takes.score, takes.comment, at))
        if takes.unsubscribes and takes.opens:
            self._mean(now + takes.opens, lambda at: deliver.unsubscribe(delivery, at))
        if takes.buys and takes.clicks:
            cart = self._left.get(who.user_id, ()) if campaign == "abandoned-cart" else ()
            self._order(who, cart, now + takes.clicks + timedelta(minutes=5))

    def _mean(self, at: datetime, deed: Deed) -> None:
        self._count += 1
        heapq.heappush(self._deeds, (at, self._count, deed))
