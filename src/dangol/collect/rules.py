"""What a tracking request may hold, and what one event means. Pure: bytes and values in, values out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dangol.base.clock import EPOCH, from_us
from dangol.base.instants import parse_instant
from dangol.collect.facts import OWN, Fact
from dangol.collect.log import Entry

TYPES = {"identify", "track", "page", "screen", "group", "alias"}
MESSAGE_ID_LONGEST = 100
NAME_LONGEST = 300
STRING_LONGEST = 64 * 1024
DEEPEST = 32
MOST_KEYS = 10_000
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


class BadBody(Exception):
    """The request as a whole cannot be read."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Accepted:
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


@dataclass(frozen=True, slots=True)
class Limits:
    event_bytes: int = 256 * 1024
    batch_events: int = 2_500


def decode(body: bytes) -> Any:
    """The JSON value of a request body, strictly first, then as real clients write it (NaN, lone surrogates, BOM).

    Raises BadBody("invalid_json").
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise BadBody("invalid_json", f"the body is not JSON: {error}") from error


def events_of(payload: Any, kind: str) -> tuple[list[Any], Mapping[str, Any]]:
    """The events of a request and the batch around them; `kind` is the path's type, or "batch".

    Raises BadBody("invalid_batch").
    """
    if kind != "batch":
        if not isinstance(payload, dict) or not payload:
            raise BadBody("invalid_batch", "the body must be a JSON object with the event in it")
        return [{**payload, "type": kind}], {}
    if isinstance(payload, list):
        return payload, {}
    batch = payload.get("batch") if isinstance(payload, dict) else None
    if not isinstance(batch, list):
        raise BadBody("invalid_batch", 'the body must be {"batch": [event, …]}')
    return batch, payload


def accept(event: Any, batch: Mapping[str, Any], limits: Limits, fresh_id: str) -> Accepted | Refused:
    """The verdict on one event. `fresh_id` is its message id if it brought none."""
    if not isinstance(event, dict):
        return Refused("", "not_an_object", f"found {type(event).__name__}; allowed: an object", _plain(event))
    event = _clean(_within(event, batch))
    message_id = _message_id(event.get("messageId")) or fresh_id
    event["messageId"] = message_id
    body = _plain(event)
    fault = _fault(event) or _too_much(event, len(body), limits)
    if fault:
        return Refused(message_id, fault[0], fault[1], body[: limits.event_bytes])
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
    text = _id(value)
    if len(text) <= MESSAGE_ID_LONGEST:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()  # cut short, two ids could become one


def _id(value: Any) -> str:
    """An identifier as text: numbers are written out, everything else that is no text is absent."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _fault(event: Mapping[str, Any]) -> tuple[str, str] | None:
    kind = event.get("type")
    if kind not in TYPES:
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


def _too_much(event: Mapping[str, Any], size: int, limits: Limits) -> tuple[str, str] | None:
    if size > limits.event_bytes:
        return "event_too_large", f"found {size} bytes; allowed: {limits.event_bytes}"
    depth, keys, longest = 0, 0, 0
    stack: list[tuple[Any, int]] = [(event, 1)]
    while stack:
        value, level = stack.pop()
        if isinstance(value, str):
            longest = max(longest, len(value))
        elif isinstance(value, dict | list):
            depth = max(depth, level)
            if isinstance(value, dict):
                keys += len(value)
            if depth > DEEPEST or keys > MOST_KEYS:
                break
            stack.extend((child, level + 1) for child in (value.values() if isinstance(value, dict) else value))
    if depth > DEEPEST:
        return "too_deep", f"found more than {DEEPEST} levels; allowed: {DEEPEST}"
    if keys > MOST_KEYS:
        return "too_many_keys", f"found more than {MOST_KEYS} keys; allowed: {MOST_KEYS}"
    if longest > STRING_LONGEST:
        return "string_too_long", f"found {longest} characters; allowed: {STRING_LONGEST}"
    return None


def _clean(value: Any) -> Any:
    """The value as every database keeps it: NUL and lone surrogates become U+FFFD, NaN null, huge integers text."""
    if isinstance(value, str):
        text = value.replace("\x00", "\ufffd") if "\x00" in value else value
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_clean(key): _clean(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_clean(child) for child in value]
    if isinstance(value, float) and value - value != 0:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def _plain(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return repr(value)[:1000].encode("utf-8", "replace")


# --- from the log to the loop -------------------------------------------------------------------------------------


def normalise(entry: Entry) -> Fact:
    """The fact that a log entry tells."""
    event: dict[str, Any] = msgspec.json.decode(entry.body)
    received = from_us(entry.received_us)
    kind = event["type"]
    context = _object(event.get("context"))
    properties = _object(event.get("properties"))
    traits = _object(event.get("traits")) or _object(context.get("traits")) if kind in {"identify", "group"} else {}
    return Fact(
        position=entry.position,
        source=entry.source,
        message_id=entry.message_id,
        type=kind,
        name=_name(kind, event, properties),
        at=_at(event, received, entry.imported or entry.source == OWN),
        received_at=received,
        user_id=_id(event.get("userId")),
        anonymous_id=_id(event.get("anonymousId")),
        previous_id=_id(event.get("previousId")) if kind == "alias" else "",
        customer_id=int(event.get("customerId") or 0) if entry.source == OWN else 0,
        identifiers=tuple(external_ids(event)),
        properties=properties,
        traits=traits,
        context=context,
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


def _at(event: Mapping[str, Any], received: datetime, trusted: bool) -> datetime:
    """When it happened, by our clock: receivedAt − (sentAt − originalTimestamp), as the Segment spec corrects it.

    A difference of seconds is a request on its way and no wrong clock. A time in the far future or before 1970
    is taken for the time it was received.
    """
    told = parse_instant(event.get("originalTimestamp")) or parse_instant(event.get("timestamp"))
    if told is None:
        return received
    sent = parse_instant(event.get("sentAt"))
    if sent is None or trusted:
        at = told
    elif abs(received - sent) <= TRANSIT:
        at = min(told, received)
    else:
        at = received - (sent - told)
    return at if EPOCH <= at <= received + FUTURE or (trusted and at >= EPOCH) else received


def external_ids(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Identifiers beyond userId and anonymousId, as (kind, value): e-mail, phone and context.externalIds."""
    context = _object(event.get("context"))
    traits = {**_object(context.get("traits")), **_object(event.get("traits"))}
    email = _id(traits.get("email")).lower()
    if event.get("type") != "group":
        if "@" in email and len(email) <= 254:
            yield "email", email
        phone = normal_phone(_id(traits.get("phone")))
        if phone:
            yield "phone", phone
    listed = context.get("externalIds")
    for item in listed if isinstance(listed, list) else []:
        kind, value = (_id(item.get("type")), _id(item.get("id"))) if isinstance(item, dict) else ("", "")
        if kind and value and len(kind) <= 32 and len(value) <= NAME_LONGEST:
            yield kind, value.lower() if kind == "email" else value


def normal_phone(text: str) -> str:
    """Digits with a leading plus where the text has one; empty where it is no phone number."""
    digits = "".join(c for c in text if c.isdigit() and c.isascii())
    if not 7 <= len(digits) <= 15:
        return ""
    return ("+" if text.lstrip().startswith("+") else "") + digits
