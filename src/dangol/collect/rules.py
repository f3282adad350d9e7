"""What a tracking request may hold, and what one event means. Pure: bytes and values in, values out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from dangol.base.clock import EPOCH, from_us
from dangol.base.instants import parse_instant
from dangol.base.phones import e164
from dangol.collect.bounds import Limits, clean, plain, too_large, verbatim
from dangol.collect.dialects.told import BadBody, key_in
from dangol.collect.facts import OWN, Fact
from dangol.collect.log import Entry

TYPES = {"identify", "track", "page", "screen", "group", "alias"}
MESSAGE_ID_LONGEST = 100
NAME_LONGEST = 300
KEPT_OF_REFUSED = 1024 * 1024  # bytes of an event that was not taken
DIGITS_MOST = 1_000  # of a whole number
TRANSIT = timedelta(seconds=10)  # a request on its way is not a clock that is wrong
FUTURE = timedelta(hours=24)

# E-commerce spec v1 names, still sent by older plug-ins.
RENAMED = {
    "Viewed Product Category": "Product List Viewed",
    "Clicked Product": "Product Clicked",
    "Viewed Product": "Product Viewed",
    "Added Product": "Product Added",
    "Removed Product": "Product Removed",
    "Started Order": "Checkout Started",
    "Updated Order": "Order Updated",
    "Completed Order": "Order Completed",
    "Viewed Checkout Step": "Checkout Step Viewed",
    "Completed Checkout Step": "Checkout Step Completed",
}


class Accepted(msgspec.Struct, frozen=True):
    """One event that goes into the log."""

    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """One event that does not, and why; its neighbours are not touched by it."""

    message_id: str
    code: str
    detail: str
    body: bytes


Verdict = Accepted | Refused


def decode(body: bytes) -> Any:
    """The JSON value of a request body, strictly first, then as real clients write it (NaN, lone surrogates, BOM).

    Raises BadBody("invalid_json").
    """
    return read(body)[0]


def read(body: bytes) -> tuple[Any, bool]:
    """The same, and whether it was read strictly."""
    try:
        return msgspec.json.decode(body), True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = body.decode("utf-8-sig", "replace")
        return json.loads(text, parse_constant=float, parse_int=_whole), False
    except (ValueError, RecursionError) as error:
        raise BadBody("invalid_json", f"the body is not JSON: {error}") from error


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= DIGITS_MOST else text  # Python refuses to read numbers of thousands of digits


def judge(event: Any, batch: Mapping[str, Any], limits: Limits, fresh_id: str, key: str) -> Verdict:
    """The verdict on one event of a request with this write key, which the event itself may name again."""
    if isinstance(event, dict) and "writeKey" in event:
        if key_in(event["writeKey"]) not in {"", key}:
            return Refused(
                _message_id(event.get("messageId")), "wrong_write_key", "the request has another one", plain(event)
            )
        event = {name: value for name, value in event.items() if name != "writeKey"}
    return accept(event, batch, limits, fresh_id)


def one_too_many(event: Any, limits: Limits) -> Refused:
    """The verdict on an event beyond those that a batch may hold."""
    message_id = _message_id(event.get("messageId")) if isinstance(event, dict) else ""
    return Refused(message_id, "too_many_events", f"allowed: {limits.batch_events} in a batch", plain(event))


def accept(event: Any, batch: Mapping[str, Any], limits: Limits, fresh_id: str) -> Verdict:
    """The verdict on one event. `fresh_id` is its message id if it brought none."""
    if not isinstance(event, dict):
        return Refused("", "not_an_object", f"found {type(event).__name__}; allowed: an object", plain(event))
    told, replaced = _within(event, batch), set[str]()
    if fault := too_large(told):
        return Refused(_message_id(event.get("messageId")), *fault, verbatim(told)[:KEPT_OF_REFUSED])
    event = clean(told, replaced)
    message_id = _message_id(event.get("messageId")) or fresh_id
    event["messageId"] = message_id
    if replaced and isinstance(event.get("context"), dict | None):
        event["context"] = {**_object(event.get("context")), "replaced": sorted(replaced)}
    body = plain(event)
    if len(body) > limits.event_bytes:
        fault = "event_too_large", f"found {len(body)} bytes; allowed: {limits.event_bytes}"
    if fault := fault or _fault(event):
        return Refused(message_id, *fault, body[:KEPT_OF_REFUSED])
    if fault := _bad_amount(told):
        return Refused(message_id, *fault, verbatim(told))
    return Accepted(message_id, body)


def _within(event: dict[str, Any], batch: Mapping[str, Any]) -> dict[str, Any]:
    """The event with what its batch says for all of them; the event's own word wins."""
    merged = dict(event)
    for key in ("context", "integrations"):
        if isinstance(batch.get(key), dict):
            own = event.get(key)
            merged[key] = {**batch[key], **(own if isinstance(own, dict) else {})}
    if "sentAt" not in merged and batch.get("sentAt") is not None:
        merged["sentAt"] = batch["sentAt"]
    return merged


def _message_id(value: Any) -> str:
    text = str(clean(_id(value), set()))
    if len(text) <= MESSAGE_ID_LONGEST:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()  # cut short, two ids could become one


def _id(value: Any) -> str:
    """An identifier as text: numbers are written out, everything else that is no text is absent."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _fault(event: Mapping[str, Any]) -> tuple[str, str] | None:
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        return "unknown_type", f"type: found {kind!r}; allowed: {', '.join(sorted(TYPES))}"
    if kind == "track" and not (isinstance(event.get("event"), str) and event["event"].strip()):
        return "missing_event", f"event: found {event.get('event')!r}; allowed: the event's name"
    if kind == "alias" and not (_id(event.get("previousId")) and _id(event.get("userId"))):
        return "missing_id", "alias needs previousId and userId"
    if kind == "group" and not _id(event.get("groupId")):
        return "missing_id", "group needs groupId"
    if not any(_id(event.get(key)) for key in ("userId", "anonymousId")) and not list(external_ids(event)):
        return "missing_id", "userId and anonymousId are both missing"
    for key in ("properties", "traits", "context"):
        if event.get(key) is not None and not isinstance(event[key], dict):
            return "not_an_object", f"{key}: found {type(event[key]).__name__}; allowed: an object"
    return None


def _bad_amount(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """An order's money that is no amount: it would spoil every sum it enters."""
    name = event.get("event")
    if event.get("type") != "track" or not isinstance(name, str) or not RENAMED.get(name, name).startswith("Order "):
        return None
    properties = _object(event.get("properties"))
    for key in ("total", "revenue", "subtotal"):
        amount = _amount(properties.get(key))
        if amount is not None and not (amount.is_finite() and amount >= 0):
            return "bad_amount", f"properties.{key}: found {properties[key]}; allowed: a number from 0 up"
    return None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None


# --- from the log to the loop -------------------------------------------------------------------------------------


def normalise(entry: Entry, region: str = "") -> Fact:
    """The fact that a log entry tells; `region` is the country that telephone numbers are from unless they say so."""
    event: dict[str, Any] = msgspec.json.decode(entry.body)
    received = from_us(entry.received_us)
    kind = event["type"]
    if entry.source == OWN and event.keys() == OF_OUR_OWN and kind == "track":
        return _our_own(entry, event, received)
    context = _object(event.get("context"))
    properties = _object(event.get("properties"))
    at, suspect = _at(event, received, entry.imported or entry.source == OWN)
    if suspect:
        context["time_suspect"] = True
    traits = _object(event.get("traits")) or _object(context.get("traits")) if kind in {"identify", "group"} else {}
    return Fact(
        position=entry.position,
        source=entry.source,
        message_id=entry.message_id,
        type=kind,
        name=_name(kind, event, properties),
        at=at,
        received_at=received,
        user_id=_id(event.get("userId")),
        anonymous_id=_id(event.get("anonymousId")),
        previous_id=_id(event.get("previousId")) if kind == "alias" else "",
        customer_id=int(event.get("customerId") or 0) if entry.source == OWN else 0,
        identifiers=tuple(external_ids(event, region)),
        properties=properties,
        traits=traits,
        context=context,
        imported=entry.imported,
    )


OF_OUR_OWN = {"type", "event", "customerId", "timestamp", "properties"}  # what collect.steps.emit writes, and no more


def _our_own(entry: Entry, event: Mapping[str, Any], received: datetime) -> Fact:
    """Half of what the loop takes: it names its customer, brings no identifier, and its time is trusted."""
    at, suspect = _at(event, received, trusted=True)
    return Fact(
        position=entry.position,
        source=entry.source,
        message_id=entry.message_id,
        type="track",
        name=_name("track", event, {}),
        at=at,
        received_at=received,
        customer_id=int(event["customerId"] or 0),
        properties=_object(event["properties"]),
        context={"time_suspect": True} if suspect else {},
        imported=entry.imported,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(kind: str, event: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    if kind == "track":
        name = str(event["event"])
        return RENAMED.get(name, name)[:NAME_LONGEST]
    if kind in {"page", "screen"}:
        name = event.get("name") or properties.get("name") or ""
        return str(name)[:NAME_LONGEST]
    return ""


def _at(event: Mapping[str, Any], received: datetime, trusted: bool) -> tuple[datetime, bool]:
    """When it happened, by our clock: receivedAt − (sentAt − originalTimestamp), as the Segment spec corrects it.

    A difference of seconds is a request on its way and no wrong clock. A time in the far future or before 1970
    is taken for the time it was received, and is suspect: the second value says so.
    """
    first = event.get("originalTimestamp")
    told = (first is not None and parse_instant(first)) or parse_instant(event.get("timestamp"))
    if told is None:
        return received, False
    sent = parse_instant(event["sentAt"]) if "sentAt" in event else None
    if sent is None or trusted:
        at = told
    elif abs(received - sent) <= TRANSIT:
        at = min(told, received)
    else:
        at = _moved(received, sent - told)
    fits = EPOCH <= at <= received + FUTURE or (trusted and at >= EPOCH)
    return (at, False) if fits else (received, True)


def _moved(at: datetime, by: timedelta) -> datetime:
    """So long before; a time that no calendar has is one before 1970."""
    try:
        return at - by
    except OverflowError:
        return EPOCH - timedelta(days=1)


def external_ids(event: Mapping[str, Any], region: str = "") -> Iterator[tuple[str, str]]:
    """Identifiers beyond userId and anonymousId, as (kind, value): e-mail, phone, device and those listed."""
    context = _object(event.get("context"))
    traits = {**_object(context.get("traits")), **_object(event.get("traits"))}
    if traits and event.get("type") != "group":
        email = _id(traits.get("email")).lower()
        if "@" in email and len(email) <= 254:
            yield "email", email
        phone = e164(_id(traits.get("phone")), region)
        if phone:
            yield "phone", phone
    device = _object(context.get("device"))
    for kind, key in (("device", "id"), ("push", "token")) if device else ():
        if (told := _id(device.get(key))) and len(told) <= NAME_LONGEST and told != _id(event.get("anonymousId")):
            yield kind, told
    listed = context.get("externalIds")
    for item in listed if isinstance(listed, list) else []:
        kind, value = (_id(item.get("type")), _id(item.get("id"))) if isinstance(item, dict) else ("", "")
        if kind and value and len(kind) <= 32 and len(value) <= NAME_LONGEST:
            yield kind, value.lower() if kind == "email" else value
