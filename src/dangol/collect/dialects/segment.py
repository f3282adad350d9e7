"""Segment's tracking API, which RudderStack and Jitsu speak too: one call, {"batch": [call, …]}, or a list of calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dangol.collect.dialects.told import BadBody, Told, key_in


def tell(payload: Any, kind: str, received: datetime) -> Told:
    """The calls of a request; `kind` is the path's type, or "batch". Raises BadBody("invalid_batch")."""
    events, batch = events_of(payload, kind)
    return Told(_key(events, batch), events, batch)


def tell_history(payload: Any, kind: str, received: datetime) -> Told:
    """The same, as history: the times are taken as they are told."""
    events, batch = events_of(payload, kind)
    timeless = {name: value for name, value in batch.items() if name != "sentAt"}
    return Told(_key(events, batch), events, timeless, imported=True)


def events_of(payload: Any, kind: str) -> tuple[list[Any], Mapping[str, Any]]:
    """The calls, and what stands around them. Raises BadBody("invalid_batch")."""
    if kind != "batch":
        if not isinstance(payload, dict) or not payload:
            raise BadBody("invalid_batch", "the body must be a JSON object with the event in it")
        return [payload if payload.get("type") == kind else {**payload, "type": kind}], {}
    if isinstance(payload, list):
        return payload, {}
    batch = payload.get("batch") if isinstance(payload, dict) else None
    if not isinstance(batch, list):
        raise BadBody("invalid_batch", 'the body must be {"batch": [event, …]}')
    return batch, payload


def _key(events: list[Any], batch: Mapping[str, Any]) -> str:
    """The body's key, or else that of its first event which names one."""
    if key := key_in(batch.get("writeKey")):
        return key
    return next((key for e in events if isinstance(e, dict) and (key := key_in(e.get("writeKey")))), "")
