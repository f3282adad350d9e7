"""Sales at the counter and on the telephone that a member of staff writes down.

In: what was sold, to whom if they said, and what they agreed to. Out: an ordinary `Order Completed` (with its
`context.channel`) and `Consent Changed` in the log. Promise: a receipt is in once, however often the form is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from dangol.base.clock import to_us
from dangol.base.errors import Fault, Invalid
from dangol.base.instants import iso
from dangol.base.money import LARGEST
from dangol.base.phones import e164
from dangol.collect.log import Entry, Log

SOURCE = "counter"
CHANNELS = ("store", "phone")
CONSENTS = ("email", "sms")
CARD = "loyalty_card"
LONGEST = 200  # characters of a receipt's number or a product's name
EARLIEST = timedelta(days=366)  # a sale written down later than that is an import's business
SOON = timedelta(minutes=5)  # clocks differ

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"[+\d(][\d\s().-]{6,20}")
_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Line:
    """One product of a sale."""

    product: str
    quantity: int
    price: Decimal  # of one


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold."""

    receipt: str
    at: datetime
    currency: str
    channel: str = "store"
    amount: Decimal | None = None  # what was paid; otherwise the sum of the lines
    lines: Sequence[Line] = ()
    who: tuple[str, str] | None = None  # kind and value of an identifier: email, phone or loyalty_card
    name: str = ""
    consents: Sequence[str] = ()  # the channels that the customer said yes to
    wording: str = ""  # what they were asked, word for word
    by: str = ""  # the member of staff

    @property
    def total(self) -> Decimal:
        return (
            self.amount
            if self.amount is not None
            else sum((one.price * one.quantity for one in self.lines), Decimal(0))
        )


def who_is(text: str) -> tuple[str, str] | None:
    """The identifier that a customer names at the counter: an e-mail address, a telephone number, else a card."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    if "@" in text:
        return ("email", text.lower()) if _ADDRESS.fullmatch(text) else None
    if _PHONE.fullmatch(text) and (text[0] in "+0(") and e164(text):
        return "phone", text
    return CARD, text


def record(sale: Sale, log: Log, now: datetime) -> bool:
    """Write a sale into the log; False where its receipt is in already. Raises Invalid."""
    faults = _faults(sale, now)
    if faults:
        raise Invalid(faults)
    key = f"sale:{sale.receipt}"
    entries = [Entry(SOURCE, key, to_us(now), _encoder.encode(_order(sale)))]
    entries += [
        Entry(SOURCE, f"{key}:consent:{channel}", to_us(now), _encoder.encode(_consent(sale, channel)))
        for channel in sale.consents
    ]
    if sale.name and sale.who:
        traits = {"name": sale.name}
        entries.append(
            Entry(SOURCE, f"{key}:name", to_us(now), _encoder.encode(_event(sale, "identify", traits=traits)))
        )
    fresh, *_ = log.append(entries)
    return fresh is not None


def _order(sale: Sale) -> dict[str, Any]:
    products = [{"name": one.product, "quantity": one.quantity, "price": one.price} for one in sale.lines]
    properties: dict[str, Any] = {"order_id": sale.receipt, "total": sale.total, "currency": sale.currency}
    properties |= {"products": products} if products else {}
    return _event(sale, "track", event="Order Completed", properties=properties)


def _consent(sale: Sale, channel: str) -> dict[str, Any]:
    properties = {
        "channel": channel, "purpose": "marketing", "state": "granted", "basis": "explicit", "wording": sale.wording,
        "asked_by": sale.by, "receipt": sale.receipt,
    }  # fmt: skip
    return _event(sale, "track", event="Consent Changed", properties=properties)


def _event(sale: Sale, kind: str, **more: Any) -> dict[str, Any]:
    context: dict[str, Any] = {"channel": sale.channel}
    if sale.by:
        context["staff"] = sale.by
    if sale.who and sale.who[0] == CARD:
        context["externalIds"] = [{"type": CARD, "id": sale.who[1], "collection": "users", "encoding": "none"}]
    elif sale.who:
        context["traits"] = {sale.who[0]: sale.who[1]}
    if kind == "identify":
        more["traits"] = {**more["traits"], **context.pop("traits", {})}
    return {"type": kind, "timestamp": iso(sale.at), **more, "context": context}


def _faults(sale: Sale, now: datetime) -> list[Fault]:
    found: list[tuple[bool, str, str, str]] = [
        (0 < len(sale.receipt) <= LONGEST, "receipt", repr(sale.receipt[:60]), f"1 to {LONGEST} characters"),
        (sale.channel in CHANNELS, "channel", repr(sale.channel[:60]), " or ".join(CHANNELS)),
        (now - EARLIEST <= sale.at <= now + SOON, "at", iso(sale.at), "a time within the last year"),
        (0 < sale.total < LARGEST, "amount", str(sale.total), "an amount above 0, or products with their prices"),
        (all(_fine(one) for one in sale.lines), "lines", "a line that is not whole", "product, quantity and price"),
        (not sale.consents or sale.who is not None, "who", "nobody", "the customer who says yes"),
        (not sale.consents or bool(sale.wording.strip()), "wording", "nothing", "what the customer was asked"),
        (set(sale.consents) <= set(CONSENTS), "consents", ", ".join(sale.consents), " or ".join(CONSENTS)),
    ]
    return [Fault(f"/{place}", told, allowed) for fine, place, told, allowed in found if not fine]


def _fine(line: Line) -> bool:
    return bool(line.product) and 0 < line.quantity <= 10_000 and 0 <= line.price < LARGEST
