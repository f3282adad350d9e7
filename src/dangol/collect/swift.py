"""The short way for an event that is stored as it was sent: almost every one.

Whatever is out of the ordinary goes the long way (rules.accept). Both ways give the same verdict and the same fact; a
test holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from dangol.collect.addresses import needed
from dangol.collect.bounds import DEEPEST
from dangol.collect.rules import MESSAGE_ID_LONGEST, RENAMED, Accepted

LONGEST = 50_000  # bytes: no text in it is too long, and it has not too many keys
NUL = rb"\u0000"
DIGITS = bytes(ord("0") if chr(byte).isdigit() else byte for byte in range(256))
LARGE = b"0" * 19  # digits of a number that may be too large
OBJECT = (dict, type(None))
KINDS = {"identify", "page", "screen"}


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw] = []


def texts(body: bytes, payload: Any, kind: str) -> list[bytes]:
    """The text of each call in a body that was read strictly; none where they cannot be told apart."""
    if kind == "batch":
        if isinstance(payload, list):
            return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
        return [bytes(raw) for raw in msgspec.json.decode(body, type=_Batch).batch]
    told = payload.get("type")
    if told is None and "type" not in payload:
        return [body.strip()[:-1] + f',"type":"{kind}"}}'.encode()]
    return [body.strip()] if told == kind else []


def added(batch: Mapping[str, Any]) -> bytes | None:
    """What the batch adds to the text of each event that has no sentAt itself; None where it adds more than that."""
    if any(isinstance(batch.get(name), dict) for name in ("context", "integrations")):
        return None
    sent_at = batch.get("sentAt")
    return b"" if sent_at is None else b',"sentAt":' + msgspec.json.encode(sent_at) + b"}"


@dataclass(frozen=True, slots=True)
class Around:
    """What is the same for all events of a request."""

    added: bytes  # behind the text of an event that has no sentAt itself
    longest: int  # bytes of a text
    ip: str
    shorten: bool


def accept(event: Any, text: bytes, around: Around) -> Accepted | None:
    """The verdict on an event whose text can be stored; None for one that must go the long way."""
    if type(event) is not dict or "writeKey" in event or len(text) > around.longest:
        return None
    get = event.get
    message_id, context = get("messageId"), get("context")
    if type(message_id) is not str or not 0 < len(message_id) <= MESSAGE_ID_LONGEST or message_id.strip() != message_id:
        return None
    if not (_ordinary_kind(event) and (_named(get("userId")) or _named(get("anonymousId")))):
        return None
    if type(get("properties")) not in OBJECT or type(get("traits")) not in OBJECT or type(context) not in OBJECT:
        return None
    if context and needed(context, around.ip, around.shorten):
        return None
    if text.count(b"{") + text.count(b"[") > DEEPEST or NUL in text or LARGE in text.translate(DIGITS):
        return None
    return Accepted(message_id, text[:-1] + around.added if around.added and "sentAt" not in event else text)


def _ordinary_kind(event: Mapping[str, Any]) -> bool:
    kind = event.get("type")
    if kind != "track":
        return isinstance(kind, str) and kind in KINDS
    name = event.get("event")
    return (
        type(name) is str
        and name not in RENAMED
        and not name.startswith("Order ")
        and not name.isspace()
        and name != ""
    )


def _named(value: Any) -> bool:
    return type(value) is str and value != "" and not value.isspace()
