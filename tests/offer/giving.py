"""Offers and coupons in a test's words."""

from __future__ import annotations

from typing import Any

from dangol.base.clock import SetClock
from dangol.offer import giving, offers, terms
from dangol.offer.giving import Given, Wish
from dangol.offer.models import Coupon, Offer
from dangol.offer.redeeming import Use
from tests.shopkit import Kit

TEN = {"percent": 10}


def offered(clock: SetClock, key: str = "ten", gives: dict[str, Any] | None = None, **more: Any) -> Offer:
    return offers.put(key, {"name": key.title(), "terms": {"gives": gives or TEN, **more}}, clock.now())


def give(clock: SetClock, who: int, cause: str = "run", offer: str = "ten", **more: Any) -> Given:
    [given] = giving.issue([Wish(offer, who, cause, **more)], clock.now())
    return given


def coupon(clock: SetClock, who: int, cause: str = "run", offer: str = "ten", **more: Any) -> Coupon:
    given = give(clock, who, cause, offer, **more)
    assert given.coupon is not None, given.reason
    return given.coupon


def use(code: str, who: int = 0, order: str = "", amount: float = 100_000, **more: Any) -> Use:
    guesser = more.pop("guesser", "")
    told = {"order_id": order, "revenue": amount, "currency": "KRW", **more}
    return Use(code, terms.basket(told), who, guesser)


def somebody(kit: Kit, *users: str) -> list[int]:
    for user in users:
        kit.identify(user, {"name": user.title()})
    kit.run()
    return [kit.customer(user) for user in users]


def facts(name: str) -> list[dict[str, Any]]:
    """The properties of our own facts of a name, in order."""
    import json

    from dangol.profile.models import Fact

    return [json.loads(row.properties) for row in Fact.objects.filter(name=name, own=True).order_by("position")]
