"""The campaign language as a JSON Schema, for editors: which words stand where, and what kind of value each takes.

Rules and conditions are those of the segment language's schema. What a schema cannot say (that keys stand once, that a
segment is there, that a Liquid text can be read) is said when a campaign is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dangol.campaign import contents, deeds, entries, messages
from dangol.campaign.parsing import ACTS, KNOWN
from dangol.campaign.shape import DAYS
from dangol.segment import schema as segments
from dangol.segment.schema import FLAG, SPAN, TEXT

Schema = dict[str, Any]
KEY: Schema = {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"}
CLOCK: Schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
RECURRING: Schema = {"type": "string", "pattern": f"^{entries.RULE.pattern}$"}
OFFSET: Schema = {"type": "string", "pattern": "^-?[0-9]{1,9}[smhdw]$"}
PERCENT: Schema = {"type": "number", "minimum": 0, "maximum": 100}
CLASS: Schema = {"enum": ["marketing", "transactional"]}
VALUES: Schema = {"type": "object", "maxProperties": deeds.LONGEST_SIZE}
RULE: Schema = {"anyOf": [{"const": "everyone"}, {"$ref": "#/$defs/rule"}]}
WHERE: Schema = {"type": "array", "items": {"$ref": "#/$defs/condition"}}
STEPS: Schema = {"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": 20}
FACT: dict[str, Schema] = {"fact": TEXT, "where": WHERE, "match": TEXT}
TRAIT_DAY: dict[str, Schema] = {"date": TEXT, "offset": OFFSET, "hour": CLOCK, "yearly": FLAG}


def _object(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    return {
        "type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False,
        **more,
    }  # fmt: skip


def _when(more: Mapping[str, Schema], needed: Iterable[str] = ()) -> Schema:
    """A rule, or a fact with conditions, and what stands beside either."""
    return {"oneOf": [_object({"rule": RULE, **more}, ["rule", *needed]), _object({**FACT, **more}, ["fact", *needed])]}


def _entry() -> Schema:
    again: Schema = {"anyOf": [{"enum": ["each", "never", "not_while_inside"]}, _object({"after": SPAN}, ["after"])]}
    takes: dict[str, dict[str, Schema]] = {
        "segment": {"segment": KEY},
        "fact": {"fact": TEXT, "where": WHERE, "key": TEXT},
        "date": {**TRAIT_DAY, "segment": KEY},
        "schedule": {
            "schedule": {"type": "string", "pattern": f"^{entries.RULE.pattern}$"},
            "start": TEXT,
            "segment": KEY,
        },
        "broadcast": {"broadcast": TEXT, "segment": KEY},
        "api": {"api": {"const": True}, "key": TEXT},
    }
    needed = {"schedule": ["schedule", "start", "segment"], "broadcast": ["broadcast", "segment"]}
    return {"oneOf": [_object({**takes[kind], "again": again}, needed.get(kind, [kind])) for kind in entries.KINDS]}


def _wait() -> Schema:
    days = {"type": "array", "items": {"enum": list(DAYS)}, "minItems": 1, "maxItems": 7}
    return {
        "anyOf": [
            SPAN,
            _object({"hour": CLOCK, "days": days}, ["hour"]),
            _object(TRAIT_DAY, ["date"]),
            _object({"best_hour": {"const": True}}, ["best_hour"]),
        ]
    }


def _send() -> Schema:
    """What a channel takes is said when the campaign is checked: its names stand here, not their values."""
    said: dict[str, Schema] = {name: {} for channel in contents.channels() for name in contents.fields(channel)}
    by_channel = {channel: {"type": "object"} for channel in contents.channels()}
    channel: Schema = {"enum": list(contents.channels())}
    own: dict[str, Schema] = {
        "channel": channel,
        "reach": {"type": "array", "items": channel, "minItems": 1, "uniqueItems": True},
        "class": CLASS,
        "keeps": SPAN,
        "allocation": {"enum": list(messages.ALLOCATIONS)},
        "priority": {"type": "integer", "minimum": 0, "maximum": messages.MOST_IMPORTANT},
        "outranked": {"enum": list(messages.OUTRANKED)},
        "topic": KEY,
        "variants": {"type": "array", "minItems": 2, "maxItems": 5, "items": _variant(said)},
    }
    return _object({**said, **by_channel, **own}, ["class"])


def _variant(said: Mapping[str, Schema]) -> Schema:
    return _object({"key": KEY, "share": PERCENT, **said}, ["key"])


def _acts() -> dict[str, Schema]:
    branch = _when({"key": KEY, "steps": STEPS}, ["key"])
    branches: Schema = {"type": "array", "items": branch, "minItems": 1, "maxItems": 10}
    shares = {"type": "array", "items": _object({"key": KEY, "share": PERCENT, "steps": STEPS}, ["key", "share"])}
    several = _object({"branches": branches, "within": SPAN, "otherwise": STEPS}, ["branches", "within"])
    titles: Schema = {"type": "object", "minProperties": 1, "additionalProperties": TEXT}
    consent = _object(
        {"channel": KEY, "purpose": KEY, "state": {"enum": ["withdrawn", "denied"]}}, ["channel", "state"]
    )
    return {
        "send": _send(),
        "ask": _send(),
        "wait_for": {"oneOf": [several, *_when({"within": SPAN, "otherwise": STEPS}, ["within"])["oneOf"]]},
        "split": {
            "oneOf": [
                _object({"branches": branches, "otherwise": STEPS}, ["branches"]),
                _object({"shares": shares}, ["shares"]),
            ]
        },
        "emit": _object({"fact": TEXT, "properties": VALUES}, ["fact"]),
        "change": {
            "oneOf": [
                _object({"traits": VALUES}, ["traits"]),
                _object({"list": KEY, "on": FLAG}, ["list"]),
                _object({"topic": KEY, "subscribed": FLAG}, ["topic"]),
                _object({"consent": consent}, ["consent"]),
            ]
        },
        "task": _object({"kind": {"enum": list(messages.KINDS_OF_TASK)}, "title": titles, "note": TEXT}, ["title"]),
        "conversation": _object({"title": titles, "note": TEXT}, ["title"]),
        "webhook": {"type": "object"},
        "give": _object({"offer": KEY, "without": {"enum": list(deeds.WITHOUT)}}, ["offer"]),
        "go_to": KEY,
        "exit": {"const": True},
    }


def _step() -> Schema:
    acts = {word: shape for word, shape in _acts().items() if word in ACTS}
    alone = {"anyOf": [{"required": [word]} for word in ("wait", *acts)]}
    return _object({"key": KEY, "wait": _wait(), **acts}, ["key"], **alone)


def _definition() -> dict[str, Schema]:
    goal = _when({"within": SPAN})
    told = {
        "entry": _entry(),
        "include_existing": FLAG,
        "backfill": SPAN,
        "holdout_percent": {"type": "number", "minimum": 0, "maximum": 90},
        "shop_holdout": FLAG,
        "goal": {"anyOf": [{"type": "null"}, goal]},
        "exit": _when({}),
        "exit_on_goal": FLAG,
        "steps": {**STEPS, "minItems": 1},
    }
    return {word: told[word] for word in KNOWN}


def document() -> Schema:
    """The schema (draft 2020-12) of one campaign as files have it."""
    told = segments.document()["$defs"]
    definition = _object(_definition(), ["entry", "steps"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A campaign of Dangol",
        **_object({"key": KEY, "name": TEXT, "definition": definition}, ["definition"]),
        "$defs": {**told, "step": _step()},
    }
