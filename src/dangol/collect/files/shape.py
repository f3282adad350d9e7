"""The shape of the facts that files tell: Segment's, with an id that the same row always gets. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from dangol.base.instants import iso
from dangol.base.phones import e164
from dangol.collect.bounds import STRING_LONGEST, Limits
from dangol.collect.files import values
from dangol.collect.rules import MESSAGE_ID_LONGEST

NOBODY = {"", "0", "-1", "guest", "null", "none", "nan", "nil", "undefined", "anonymous", "unknown", "비회원"}
ID_LONGEST = 300
WHO = ("person_id", "customer_id", "loyalty_card", "email", "phone")
CARD = "loyalty_card"  # the kind of identifier
CONSENTS = {"email_consent": "email", "sms_consent": "sms"}
LARGEST = Limits().event_bytes

_encoder = msgspec.json.Encoder(decimal_format="number")


class Unusable(Exception):
    """A row that cannot become a fact; says what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Who:
    """The customer of a row: a userId, or at least an address."""

    user_id: str = ""
    email: str = ""
    phone: str = ""
    card: str = ""  # of the shop's loyalty scheme

    @property
    def key(self) -> str:
        return self.user_id or self.card or self.email or self.phone


@dataclass(frozen=True, slots=True)
class Told:
    """One event on its way into the log."""

    name: str  # the event's name, or identify
    message_id: str
    body: bytes


def who_of(row: Mapping[str, str]) -> Who:
    """Whose a row is; an empty Who where it names nobody. Raises Unusable for an address that is none.

    What a marketplace has masked (`kim****`) names nobody: many customers share it.
    """
    row = {name: row[name] for name in WHO if name in row}
    row = {name: text for name, text in row.items() if not values.masked(text)}
    ids = (values.known_id(row.get(name, "")) for name in ("person_id", "customer_id"))
    user_id = next((text[:ID_LONGEST] for text in ids if text.lower() not in NOBODY), "")
    email = row.get("email", "").strip().lower()
    if email and not ("@" in email[1:-1] and len(email) <= 254 and not any(c.isspace() for c in email)):
        raise Unusable(f"email: found {email[:60]!r}; allowed: an address such as ann@example.com")
    phone = row.get("phone", "").strip().lstrip("'")
    card = values.known_id(row.get("loyalty_card", ""))
    card = card[:ID_LONGEST] if card.lower() not in NOBODY else ""
    return Who(user_id, email, phone if e164(phone) else "", card)


def message_id(*parts: str) -> str:
    """The id under which the log knows a fact; one too long is its digest, so that two never become one."""
    text = ":".join(parts)
    return text if len(text) <= MESSAGE_ID_LONGEST else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def digest(value: Any) -> str:
    return hashlib.sha256(_encoder.encode(value)).hexdigest()[:20]


def track(name: str, who: Who, at: datetime, properties: Mapping[str, Any], key: str, channel: str = "") -> Told:
    """A fact about what a customer did."""
    event = _of(
        who, at, {"type": "track", "event": name, "properties": {k: v for k, v in properties.items() if v != ""}}
    )
    if channel:
        event.setdefault("context", {})["channel"] = channel
    body = _encoder.encode(event)
    if len(body) > LARGEST and "products" in properties:  # the money counts; a list that long serves nobody
        kept = {k: v for k, v in properties.items() if k != "products"}
        return track(name, who, at, {**kept, "products_left_out": len(properties["products"])}, key, channel)
    return Told(name, key, body)


def identify(who: Who, at: datetime, traits: Mapping[str, Any]) -> Told:
    """What a customer is like. The same traits are one fact, however often a file repeats them."""
    known = {name: value for name, value in traits.items() if value not in ("", {})}
    known |= {k: v for k, v in (("email", who.email), ("phone", who.phone)) if v}
    event = _of(who, at, {"type": "identify", "traits": known})
    event.get("context", {}).pop("traits", None)
    if not event.get("context"):
        event.pop("context", None)
    return Told("identify", message_id("customer", who.key, digest(known)), _encoder.encode(event))


def _of(who: Who, at: datetime, event: dict[str, Any]) -> dict[str, Any]:
    event["timestamp"] = iso(at)
    if who.user_id:
        event["userId"] = who.user_id
    addresses = {k: v for k, v in (("email", who.email), ("phone", who.phone)) if v}
    context: dict[str, Any] = {"traits": addresses} if addresses else {}
    if who.card:
        context["externalIds"] = [{"type": CARD, "id": who.card, "collection": "users", "encoding": "none"}]
    if context:
        event["context"] = context
    return event


def consents(
    row: Mapping[str, str], who: Who, at: datetime, told_by: Mapping[str, str], source: str = ""
) -> list[Told]:
    """What a row says about being written to. An empty cell says nothing: nobody asked. `source` is what the people
    were told when they said it, as whoever imports the list knows.

    The id holds the answer and, where a column tells it, its time. So the same answer imported again is no news, and
    cannot undo what the customer has said here since. Raises Unusable for a cell that is neither yes nor no.
    """
    out = []
    for name, channel in CONSENTS.items():
        text = row.get(name, "").strip()
        if text.lower() in values.UNSAID:
            continue
        given = values.answer(text)
        if given is None:
            raise Unusable(f"{name}: found {text[:60]!r}; allowed: yes, no or nothing")
        state = "granted" if given else "denied"
        properties = {
            "channel": channel, "purpose": "marketing", "state": state, "basis": "import",
            "text": f"{told_by.get(name, name)}: {text}", **({"wording": source} if source else {}),
        }  # fmt: skip
        key = message_id("consent", who.key, channel, state, *([iso(at)] if row.get("consent_time") else []))
        out.append(track("Consent Changed", who, at, properties, key))
    return out


def clean(text: str) -> str:
    """Text as every database keeps it."""
    text = text.strip()[:STRING_LONGEST]
    return text.replace("\0", "\ufffd") if "\0" in text else text


def number(row: Mapping[str, str], name: str) -> Any:
    """An amount of a row; None where it has none. Raises Unusable for text that is no amount."""
    text = row.get(name)
    if not text:
        return None
    found = values.amount(text)
    if found is None and text.strip():
        raise Unusable(f"{name}: found {text[:60]!r}; allowed: an amount such as 12.50")
    return found


def instant(row: Mapping[str, str], name: str, read: values.Reader, latest: datetime) -> datetime | None:
    """A time of a row; None where it has none. Raises Unusable for text that is no time, or a time yet to come."""
    text = row.get(name, "")
    if not text.strip():
        return None
    found = read(text)
    if found is None:
        raise Unusable(f"{name}: found {text[:60]!r}; allowed: a time such as 2026-03-09 14:30")
    if found > latest or found.year < 1970:
        raise Unusable(f"{name}: found {text[:60]!r}; allowed: a time from 1970 until now")
    return found
