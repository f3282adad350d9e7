"""What a payload of a shop tells, in our words. Pure.

A payload becomes changes: one for each thing (an order, a customer …) it speaks of. A change carries the events to log
when the thing was not known before, when it was and this is newer, and those that are facts of their own whenever they
are told. Every event has an id that follows from the thing, so that a webhook and a poll of one change are one fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from dangol.base.instants import iso, parse_instant
from dangol.base.money import parse_amount
from dangol.base.phones import e164
from dangol.collect.bounds import clean
from dangol.collect.files.shape import message_id

MOST_PRODUCTS = 200  # of one order that are told; the money counts, a longer list serves nobody
MOST_VARIANTS = 100
TEXT_LONGEST = 2_000
SAFE_DIGITS = 15  # of a number that every reader of JSON keeps exactly

_encoder = msgspec.json.Encoder(decimal_format="number")

Event = dict[str, Any]


class Unreadable(Exception):
    """A payload that is not what its topic promises; says what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Whose payload it is."""

    platform: str
    domain: str
    currency: str = ""  # of the shop, where a payload names none


@dataclass(frozen=True, slots=True)
class Who:
    """The customer of a fact: the shop's number for them, and their addresses."""

    id: str = ""
    email: str = ""
    phone: str = ""

    @property
    def known(self) -> bool:
        return bool(self.id or self.email or self.phone)

    @property
    def key(self) -> str:
        """What tells this customer from others, without an address in it."""
        return self.id or "sha256:" + hashlib.sha256((self.email or self.phone).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of the shop as a payload tells it."""

    kind: str
    id: str
    at: datetime  # when the platform last changed it
    state: Any = None  # what of it matters to us: the same again is no news
    first: Sequence[Event] = ()
    later: Sequence[Event] = ()
    always: Sequence[Event] = ()
    customer: str = ""
    only_if_new: bool = False  # told in passing, and perhaps not whole


@dataclass(frozen=True, slots=True)
class Told:
    """Everything a payload tells; without a change, why."""

    changes: Sequence[Change] = ()
    reason: str = ""
    state: str = "mapped"  # or ignored, waiting (to be read again from the shop), privacy, uninstalled


@dataclass(frozen=True, slots=True)
class Order:
    """An order in the words of every platform."""

    id: str
    who: Who
    created: datetime
    updated: datetime
    sold: bool  # it counts as a sale
    cancelled: datetime | None
    properties: Mapping[str, Any]
    refunds: Sequence[Event] = field(default_factory=tuple)


def ignored(reason: str) -> Told:
    return Told((), reason, "ignored")


def order(shop: Shop, told: Order) -> Told:
    """The facts of an order: completed once, updated when something that counts has changed, cancelled, given back."""
    if not told.who.known:
        return ignored("the order names no customer")
    always = list(told.refunds)
    if told.cancelled:
        about = {"order_id": told.id, "currency": told.properties.get("currency", "")}
        always.append(track(shop, "Order Cancelled", told.who, told.cancelled, about, f"cancel:{told.id}"))
    if not told.sold:
        if not told.cancelled:
            return ignored("the order is not paid")
        return Told([Change("cancelled", told.id, told.updated, always=always, customer=told.who.id)])
    completed = track(shop, "Order Completed", told.who, told.created, told.properties, f"order:{told.id}")
    updated = track(
        shop, "Order Updated", told.who, told.updated, told.properties, f"order:{told.id}:{iso(told.updated)}"
    )
    change = Change(
        "order", told.id, told.updated, told.properties, [completed], [updated], always, customer=told.who.id
    )
    return Told([change])


def customer(
    shop: Shop, who: Who, at: datetime, traits: Mapping[str, Any], *, only_if_new: bool = False
) -> Change | None:
    """What the shop knows about a customer; None where it names nobody."""
    known = {name: value for name, value in traits.items() if value not in ("", None, {}, [])}
    known |= {name: value for name, value in (("email", who.email), ("phone", who.phone)) if value}
    if not who.known or not known:
        return None
    event = _event(shop, "identify", who, at, f"customer:{who.key}:{iso(at)}") | {"traits": known}
    return Change("customer", who.key, at, known, [event], [event], customer=who.id, only_if_new=only_if_new)


def consent(shop: Shop, who: Who, channel: str, state: str, at: datetime, evidence: Mapping[str, Any]) -> Change:
    """What the shop says the customer allows (granted, denied, withdrawn), as of its own time."""
    properties = {
        "channel": channel, "purpose": "marketing", "state": state, "basis": "explicit",
        "collected_by": f"{shop.platform} {shop.domain}", **evidence,
    }  # fmt: skip
    event = track(shop, "Consent Changed", who, at, properties, f"consent:{who.key}:{channel}:{state}:{iso(at)}")
    return Change(f"consent.{channel}", who.key, at, state, [event], [event], customer=who.id)


def product(shop: Shop, product_id: str, at: datetime, properties: Mapping[str, Any]) -> Change:
    """A product as it stands in the shop now; it belongs to no customer."""
    properties = {"product_id": product_id, **_whole(properties)}
    event = {
        "type": "track", "event": "Product Updated", "properties": properties, "timestamp": iso(at),
        "messageId": message_id(shop.platform, "product", product_id, iso(at)),
    }  # fmt: skip
    return Change("product", product_id, at, properties, [event], [event])


def refund(shop: Shop, who: Who, order_id: str, refund_id: str, at: datetime, properties: Mapping[str, Any]) -> Event:
    about = {"order_id": order_id, "refund_id": refund_id, **properties}
    return track(shop, "Order Refunded", who, at, about, f"refund:{refund_id}")


def track(
    shop: Shop, name: str, who: Who, at: datetime, properties: Mapping[str, Any], key: str, channel: str = ""
) -> Event:
    """A fact about what a customer did."""
    event = _event(shop, "track", who, at, key) | {"event": name, "properties": _whole(properties)}
    if channel:
        event["context"]["channel"] = channel
    return event


def _event(shop: Shop, kind: str, who: Who, at: datetime, key: str) -> Event:
    context: dict[str, Any] = {"library": {"name": shop.platform}}
    if who.id:
        context["externalIds"] = [{"type": shop.platform, "id": f"{shop.domain}/{who.id}"}]
    addresses = {name: value for name, value in (("email", who.email), ("phone", who.phone)) if value}
    if addresses:
        context["traits"] = addresses
    return {"type": kind, "timestamp": iso(at), "messageId": message_id(shop.platform, key), "context": context}


def _whole(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value not in ("", None, [])}


# --- reading values ------------------------------------------------------------------------------------------------


def body_of(event: Event) -> bytes:
    """The event as the log keeps it."""
    return _encoder.encode(clean(event, set()))


def digest(state: Any) -> str:
    return hashlib.sha256(_encoder.encode(clean(state, set()))).hexdigest()[:32]


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; anything else is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """A value as text; numbers are written out, what is no text is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return ""
    return str(value).strip()[:TEXT_LONGEST]


def object_id(value: Any) -> str:
    """A platform's number for a thing; 0 and nothing name none."""
    told = text(value)
    return "" if told in {"0", "None"} else told[:100]


def amount(value: Any) -> Decimal | None:
    return parse_amount(value)


def number(value: Decimal | None) -> int | float | str | None:
    """An amount as JSON keeps it: exact, or as text where a reader's floating point might round it."""
    if value is None:
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(value) if len(value.as_tuple().digits) <= SAFE_DIGITS else str(value)


def instant(value: Any) -> datetime | None:
    return parse_instant(value) if value not in (None, "") else None


def required(payload: Mapping[str, Any], name: str) -> str:
    """The id under this name. Raises Unreadable."""
    found = object_id(payload.get(name))
    if not found:
        raise Unreadable(f"/{name}: found {payload.get(name)!r}; allowed: an id")
    return found


def when(payload: Mapping[str, Any], *names: str) -> datetime:
    """The first of these times. Raises Unreadable where there is none."""
    for name in names:
        if at := instant(payload.get(name)):
            return at
    raise Unreadable(f"/{names[0]}: found {payload.get(names[0])!r}; allowed: a time such as 2026-03-09T14:30:00Z")


def email(*values: Any) -> str:
    """The first of these that is an address."""
    for value in values:
        told = text(value).lower()
        if "@" in told[1:-1] and len(told) <= 254 and not any(c.isspace() for c in told):
            return told
    return ""


def phone(country: str, *values: Any) -> str:
    """The first of these that is a number, with its country where that is told."""
    return next((found for value in values if (found := e164(text(value), country.upper()))), "")


def total(values: Sequence[Any]) -> Decimal:
    """The sum of the amounts among these."""
    return sum((found for value in values if (found := amount(value)) is not None), Decimal(0))


def coupons(given: Any, amount_under: str) -> list[dict[str, Any]] | None:
    """What each code of an order took off; None where it has none."""
    lines = ((text(one.get("code")), number(amount(one.get(amount_under)))) for one in listing(given))
    return [{"code": code, "discount": off} for code, off in lines if code] or None
