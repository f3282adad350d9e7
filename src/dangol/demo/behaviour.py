"""What visitors do, as facts with the time between them. Pure: the same seed, the same visits.

Everything here is invented for the demo: it shows how the shop works, and says nothing about real customers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dangol.demo.people import Person

Event = dict[str, Any]
SHOP = "https://shop.example.com"

PAGES = ("/", "/new", "/collections/kitchen", "/collections/garden", "/collections/celebrations")
COMMENTS = {
    1: ("Arrived broken and nobody answers.", "물건이 깨진 채로 왔어요."),
    2: ("It took far too long.", "배송이 너무 늦었어요."),
    3: ("Fine, but the colour is different.", "괜찮은데 색이 사진과 달라요."),
    4: ("Lovely, thank you.", "예쁘네요, 감사합니다."),
    5: ("My favourite shop!", "또 주문할게요!"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """Something on sale, from the catalogue of the real history."""

    product_id: str
    name: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Happening:
    """One fact of a visit, and how long after its start."""

    after: timedelta
    event: Event


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody does with a message that reached them; None: not at all."""

    opens: timedelta | None
    clicks: timedelta | None
    answers: timedelta | None
    score: int
    comment: str
    unsubscribes: bool
    buys: bool


class Visit:
    """Puts the facts of one visit together."""

    def __init__(self, person: Person, rng: random.Random, *, known: bool) -> None:
        self.person, self.known = person, known
        self.happenings: list[Happening] = []
        self._rng, self._at = rng, timedelta(0)

    def say(self, event: Event) -> None:
        self._at += timedelta(seconds=self._rng.uniform(4, 40))
        ids = {"anonymousId": self.person.anonymous_id} | ({"userId": self.person.user_id} if self.known else {})
        locale = "ko-KR" if self.person.language == "ko" else "en-GB"
        self.happenings.append(Happening(self._at, {**ids, **event, "context": {"locale": locale}}))

    def page(self, path: str) -> None:
        self.say({"type": "page", "name": path, "properties": {"path": path, "url": SHOP + path}})

    def track(self, name: str, properties: Mapping[str, Any]) -> None:
        self.say({"type": "track", "event": name, "properties": dict(properties)})

    def sign_up(self) -> None:
        self.known = True
        self.say({"type": "identify", "traits": self.person.traits()})
        if self.person.agrees is not None:
            state = "granted" if self.person.agrees else "denied"
            told = {"channel": "email", "purpose": "marketing", "state": state, "basis": "explicit", "form": "sign-up"}
            self.track("Consent Changed", told)


def browse(visit: Visit, catalogue: Sequence[Product], rng: random.Random) -> list[Product]:
    """A look around; what was looked at."""
    visit.page(rng.choice(PAGES))
    seen = rng.choices(catalogue[:150], k=rng.randint(1, 4))
    for product in seen:
        visit.track("Product Viewed", shown(product))
    return seen


def fill_cart(visit: Visit, catalogue: Sequence[Product], rng: random.Random) -> list[Event]:
    """A look around that ends with something in the cart; what is in it."""
    wanted = dict.fromkeys(rng.choices(browse(visit, catalogue, rng), k=rng.randint(1, 2)))
    cart = [shown(product) | {"quantity": rng.choice((1, 1, 2, 4, 6, 12))} for product in wanted]
    for line in cart:
        visit.track("Product Added", line)
    return cart


def check_out(visit: Visit, order: Mapping[str, Any]) -> None:
    """The cart becomes an order."""
    visit.track("Checkout Started", {key: order[key] for key in ("revenue", "currency", "products") if key in order})
    visit.track("Order Completed", order)


def order_of(order_id: str, cart: Sequence[Event], currency: str) -> Event:
    total = sum((Decimal(str(line["price"])) * line["quantity"] for line in cart), Decimal(0))
    return {"order_id": order_id, "revenue": float(total), "currency": currency, "products": list(cart)}


def shown(product: Product) -> Event:
    path = f"{SHOP}/products/{product.product_id.lower()}"
    return {"product_id": product.product_id, "name": product.name, "price": float(product.price), "url": path}


BUYS = {"abandoned-cart": 0.35, "welcome": 0.15, "win-back": 0.12}  # of those who click


def reaction(campaign: str, language: str, rng: random.Random) -> Reaction:
    """How somebody takes a message."""
    opens = _within(rng, hours=9) if rng.random() < 0.55 else None
    clicks = opens + _within(rng, hours=0.2) if opens and campaign != "thanks" and rng.random() < 0.3 else None
    answers = opens + _within(rng, hours=0.2) if opens and campaign == "thanks" and rng.random() < 0.5 else None
    score = rng.choices((1, 2, 3, 4, 5), (4, 5, 11, 28, 52))[0]
    says = rng.random() < (0.8 if score <= 2 else 0.35)
    buys = clicks is not None and rng.random() < BUYS.get(campaign, 0)
    return Reaction(
        opens=opens,
        clicks=clicks,
        answers=answers,
        score=score,
        comment=COMMENTS[score][language == "ko"] if says else "",
        unsubscribes=opens is not None and campaign != "thanks" and rng.random() < 0.02,
        buys=buys,
    )


def _within(rng: random.Random, hours: float) -> timedelta:
    """Soon rather than late."""
    return timedelta(hours=hours * rng.random() ** 2, seconds=20)
