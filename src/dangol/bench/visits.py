"""What the customers of a bench do: facts as a shop's pages and servers send them. The same seed, the same facts."""

from __future__ import annotations

import random
from typing import Any

from dangol.bench.segments_of import ADD, BRANDS, CATEGORIES, CHECKOUT, CITIES, ORDER, VIEW

Event = dict[str, Any]
SHOP = "https://shop.example"
KINDS = ("page", VIEW, ADD, CHECKOUT, ORDER, "identify", "Survey Answered", "Consent Changed")
SHARES = (44, 36, 9, 3, 3, 4, 0.5, 0.5)  # of a hundred facts
TASTE = 0.8
SOURCES = ("newsletter", "search", "instagram", "blog")


class Visits:
    """Facts of customers, who are numbered from 0, each as it would be posted but for its time."""

    def __init__(self, seed: int) -> None:
        self._rng, self._made = random.Random(seed), 0

    def next(self, customer: int) -> Event:
        """One more fact of this customer."""
        rng = self._rng
        self._made += 1
        (kind,) = rng.choices(KINDS, SHARES)
        event: Event = {"messageId": f"{rng.getrandbits(64):016x}{self._made:08x}", **who(customer)}
        if kind == "page":
            path = rng.choice(("/", "/new", "/delivery", "/returns", f"/collections/{rng.choice(CATEGORIES)}"))
            return event | {"type": "page", "properties": {"path": path}, "context": self._context(path)}
        if kind == "identify":
            return event | {"type": "identify", "traits": self._traits(customer), "context": self._context("/account")}
        path = f"/products/{rng.randrange(400)}"
        told = {"type": "track", "event": kind, "properties": self._properties(kind, customer)}
        return event | told | {"context": self._context(path)}

    def any_of(self, customers: int) -> int:
        """The number of one of the first customers."""
        return self._rng.randrange(customers)

    def first(self, customer: int) -> list[Event]:
        """What a customer begins with: a visit, and who they are where they say so."""
        visit = self.next(customer)
        if customer % 4 == 0:
            return [visit]
        return [{**self.next(customer), "type": "identify", "traits": self._traits(customer)}, visit]

    def _context(self, path: str) -> Event:
        rng = self._rng
        told: Event = {
            "channel": "app" if rng.random() < 0.2 else "web",
            "locale": rng.choice(("ko-KR", "en-US")),
            "page": {"path": path, "url": SHOP + path, "title": "Tableware", "referrer": SHOP + "/"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
            "library": {"name": "dangol.js", "version": "1"},
        }
        if rng.random() < 0.08:
            told["campaign"] = {"source": rng.choice(SOURCES), "medium": "link", "name": "autumn"}
        return told

    def _traits(self, customer: int) -> Event:
        rng = self._rng
        return {
            "email": f"~{customer}~@mail.example",
            "name": f"Customer {customer}",
            "plan": rng.choice(("gold", "silver", "basic", "basic")),
            "birthday": f"19{rng.randrange(50, 99)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
            "address": {"city": rng.choice(CITIES), "country": "KR"},
            "points": rng.randrange(9_000),
        }

    def _properties(self, kind: str, customer: int) -> Event:
        rng = self._rng
        if kind == "Survey Answered":
            return {"survey": rng.choice(("csat", "nps")), "score": rng.randrange(1, 6)}
        if kind == "Consent Changed":
            state = rng.choice(("granted", "granted", "withdrawn"))
            return {"channel": "email", "purpose": "marketing", "state": state, "basis": "explicit"}
        if kind in {VIEW, ADD}:
            return self._product(customer)
        products = [self._product(customer) for _ in range(rng.randrange(1, 4))]
        total = sum(one["price"] * one["quantity"] for one in products)
        about = {"order_id": f"o{rng.getrandbits(48):012x}", "revenue": total, "currency": "KRW", "products": products}
        return about | ({"coupon": "AUTUMN"} if rng.random() < 0.2 else {})

    def _product(self, customer: int) -> Event:
        """One of four hundred; four times of five one of the two kinds that the customer looks for."""
        rng, kinds = self._rng, len(CATEGORIES)
        kind = (customer * 7 + rng.randrange(2) * 3) % kinds if rng.random() < TASTE else rng.randrange(kinds)
        number = rng.randrange(400 // kinds) * kinds + kind
        return {
            "product_id": f"P-{number}", "sku": f"S-{number}", "name": f"Piece no. {number}", "quantity": 1,
            "category": CATEGORIES[kind], "brand": BRANDS[number % len(BRANDS)], "price": 5 + number % 120,
        }  # fmt: skip


def who(customer: int) -> Event:
    """The identifiers a customer's facts bring; between tildes, so that rows can be copied for others."""
    visitor = {"anonymousId": f"a~{customer}~"}
    return visitor if customer % 4 == 0 else {"userId": f"u~{customer}~", **visitor}
