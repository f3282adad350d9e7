"""PostHog's capture API: {api_key, batch: [{event, distinct_id, properties, timestamp, uuid}], sent_at}, or one event.

A browser's visitor who is not signed in has a distinct_id that its device made up; that is an anonymousId here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from dangol.base.instants import iso
from dangol.collect.dialects.told import BadBody, Told, fields, key_in, present

KEYS = ("api_key", "token", "$token")
NO_FLAGS = {
    "config": {"enable_collect_everything": True},
    "editorParams": {},
    "isAuthenticated": False,
    "supportedCompression": ["gzip", "gzip-js"],
    "featureFlags": {},
    "featureFlagPayloads": {},
    "flags": {},
    "errorsWhileComputingFlags": False,
    "sessionRecording": False,
    "surveys": False,
    "autocapture_opt_out": True,
}
CONFIG = {**NO_FLAGS, "hasFeatureFlags": False, "siteApps": [], "heatmaps": False, "capturePerformance": False}


def unwrap(body: bytes) -> bytes:
    """The JSON in a body that older browser libraries send as a form: data=<base64>."""
    if not body.startswith(b"data="):
        return body
    text = parse_qs(body.decode("latin-1")).get("data", [""])[0]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise BadBody("invalid_json", f"data is not base64: {error}") from error


def tell(payload: Any, kind: str, received: datetime) -> Told:
    """The events of a request as calls. Raises BadBody("invalid_batch")."""
    around = payload if isinstance(payload, dict) else {}
    events = payload if isinstance(payload, list) else around.get("batch")
    if events is None and "event" in around:
        events = [payload]
    if not isinstance(events, list):
        raise BadBody("invalid_batch", 'the body must be {"api_key": …, "batch": [event, …]}, or one event')
    key = _key(around) or next((k for e in events if (k := _key(fields(e)) or _key(_properties(e)))), "")
    batch = present(sentAt=around.get("sent_at"))
    calls = [_call(event, received) if isinstance(event, dict) else event for event in events]
    return Told(key, calls, batch, imported=around.get("historical_migration") is True)


def _key(told: dict[str, Any]) -> str:
    return next((key for name in KEYS if (key := key_in(told.get(name)))), "")


def _properties(event: Any) -> dict[str, Any]:
    return fields(fields(event).get("properties"))


def _call(event: dict[str, Any], received: datetime) -> dict[str, Any]:
    properties = {name: value for name, value in _properties(event).items() if name not in KEYS}
    name = event.get("event")
    make = CALLS.get(name, _track) if isinstance(name, str) else _track
    call = {**_person(event, properties), **make(event, properties)}
    call["context"] = _context(properties)
    return call | present(
        messageId=event.get("uuid") or properties.get("$insert_id"),
        timestamp=event.get("timestamp") or _told_by_offset(event, received),
    )


def _person(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    told = event.get("distinct_id", properties.get("distinct_id"))
    made_up = properties.get("$is_identified") is False or (
        told is not None and properties.get("$device_id") == told and properties.get("$user_id") is None
    )
    return present(anonymousId=told) if made_up else present(userId=told)


def _told_by_offset(event: dict[str, Any], received: datetime) -> str | None:
    """Browsers say how many milliseconds ago it was, so that their clock does not matter."""
    offset = event.get("offset")
    if isinstance(offset, bool) or not isinstance(offset, int | float) or not 0 <= offset < 1e11:
        return None
    return iso(received - timedelta(milliseconds=offset))


def _track(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "track", "event": event.get("event"), "properties": properties}


def _identify(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    once, always = (fields(event.get(name) or properties.get(name)) for name in ("$set_once", "$set"))
    known = event.get("distinct_id", properties.get("distinct_id"))
    before = present(anonymousId=properties.get("$anon_distinct_id"))
    person = {"userId": known, **before} if event.get("event") == "$identify" else {}
    return {"type": "identify", "traits": {**once, **always}, **person}


def _alias(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    before = properties.get("distinct_id") or event.get("distinct_id")
    return {"type": "alias", "userId": properties.get("alias"), "previousId": before}


def _group(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "group",
        "groupId": properties.get("$group_key"),
        "traits": fields(properties.get("$group_set")),
        "properties": present(groupType=properties.get("$group_type")),
    }


def _page(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    shown = present(
        url=properties.get("$current_url"), path=properties.get("$pathname"), referrer=properties.get("$referrer"),
        title=properties.get("title"), name=properties.get("title"),
    )  # fmt: skip
    return {"type": "page", "properties": {**shown, **properties}}


def _screen(event: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "screen", "properties": properties, **present(name=properties.get("$screen_name"))}


CALLS: dict[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
    "$identify": _identify,
    "$set": _identify,
    "$create_alias": _alias,
    "$groupidentify": _group,
    "$pageview": _page,
    "$screen": _screen,
}


def _context(properties: dict[str, Any]) -> dict[str, Any]:
    page = present(
        url=properties.get("$current_url"), path=properties.get("$pathname"), referrer=properties.get("$referrer"),
        title=properties.get("title"),
    )  # fmt: skip
    campaign = {
        "name" if name == "utm_campaign" else name[4:]: value
        for name, value in properties.items()
        if name.startswith("utm_") and value is not None
    }
    return present(
        library=present(name=properties.get("$lib"), version=properties.get("$lib_version")),
        ip=properties.get("$ip"), userAgent=properties.get("$raw_user_agent"), timezone=properties.get("$timezone"),
        locale=properties.get("$browser_language"), page=page, campaign=campaign,
        traits=fields(properties.get("$set")),
    )  # fmt: skip
