"""Rows of an export of events → the same events, held to what the tracking API holds them to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from dangol.base.instants import iso
from dangol.collect.bounds import Limits
from dangol.collect.files.shape import Told, Unusable, clean, digest, instant, message_id
from dangol.collect.files.values import Reader, known_id
from dangol.collect.rules import TYPES, Refused, accept

OBJECTS = ("properties", "traits", "context")
IDS = {"user_id": "userId", "anonymous_id": "anonymousId", "previous_id": "previousId", "group_id": "groupId"}


def fact(row: Mapping[str, str], others: Sequence[tuple[str, str]], read: Reader, latest: datetime) -> Told:
    """One event; columns that are no field become its properties. Raises Unusable.

    An event without an id of its own goes by its content: exactly the same event twice is one.
    """
    at = instant(row, "time", read, latest)
    if at is None:
        raise Unusable("time: found nothing; allowed: a time such as 2026-03-09 14:30")
    event = _event(row, others)
    event["timestamp"] = iso(at)
    given = row.get("message_id", "").strip()
    event["messageId"] = message_id(given) if given else message_id("event", digest(event))
    verdict = accept(event, {}, Limits(), event["messageId"])
    if isinstance(verdict, Refused):
        raise Unusable(f"{verdict.code}: {verdict.detail}")
    return Told(str(event.get("event") or event["type"]), verdict.message_id, verdict.body)


def _event(row: Mapping[str, str], others: Sequence[tuple[str, str]]) -> dict[str, Any]:
    kind = row.get("type", "").strip().lower()
    event: dict[str, Any] = {"type": kind if kind in TYPES else "track"}
    name = row.get("event") or ("" if kind in TYPES else row.get("type", ""))
    if event["type"] == "track":
        event["event"] = clean(name)
    elif event["type"] in {"page", "screen"}:
        event["name"] = clean(row.get("name") or name)
    event |= {key: known_id(row[field]) for field, key in IDS.items() if row.get(field)}
    event |= {field: _object(row[field], field) for field in OBJECTS if row.get(field)}
    extra = {column: clean(text) for column, text in others if text}
    if extra:
        event["properties"] = {**extra, **event.get("properties", {})}
    if row.get("email"):
        context = event.setdefault("context", {})
        context["traits"] = {"email": row["email"].strip(), **(context.get("traits") or {})}
    return event


def _object(text: str, field: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, dict):
        raise Unusable(f"{field}: found {text[:60]!r}; allowed: a JSON object")
    return value
