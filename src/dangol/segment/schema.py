"""The segment language as a JSON Schema, for editors: which words stand where, and what kind of value each takes.

It is made from the parser's own tables: a word that is added there and is unknown here fails when this module is used.
What a schema cannot say (that a reference exists, that the earlier end comes first) is said when a segment is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dangol.base import spans
from dangol.segment import leaves, parse
from dangol.segment.comparisons import DATES, PROPERTY, QUANTITIES, TRAIT
from dangol.segment.operands import PERIODS
from dangol.segment.windows import WINDOWS

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
TEXT: Schema = {"type": "string", "minLength": 1}
SPAN: Schema = {"type": "string", "pattern": r"^\s*0*[1-9][0-9]*[smhdw]\s*$", "description": spans.ALLOWED}
MOMENT: Schema = {"type": ["string", "number"], "description": "a date, an ISO 8601 time, or seconds since 1970"}
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
NUMBER: Schema = {"type": ["number", "string"]}
FLAG: Schema = {"type": "boolean"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(of: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": of, **more}


def _object(properties: dict[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False, **more,
    }  # fmt: skip


def _one_of_keys(words: Iterable[str]) -> Schema:
    """Exactly one of these keys stands there."""
    return {"oneOf": [{"required": [word]} for word in words]}


def _at_most_one(words: Iterable[str]) -> Schema:
    names = list(words)
    return {
        "oneOf": [*({"required": [word]} for word in names), {"not": {"anyOf": [{"required": [w]} for w in names]}}]
    }


PAIR = _list({}, minItems=2, maxItems=2)
SPANS = _object(dict.fromkeys(("at_least", "at_most", "over", "under"), SPAN) | {"between": PAIR}, maxProperties=1)
PERIOD: Schema = {"enum": list(PERIODS)}
ANNIVERSARY = _object({"in_next": SPAN, "in_last": SPAN, "on": {"const": "today"}}, maxProperties=1, minProperties=1)
OPERANDS: dict[str, Schema] = {
    **dict.fromkeys(("is", "is_not"), SCALAR),
    **dict.fromkeys(("in", "not_in", "includes_any", "includes_all", "includes_none"), _list(SCALAR)),
    **dict.fromkeys(("at_least", "at_most", "over", "under"), NUMBER),
    **dict.fromkeys(("contains", "starts_with", "ends_with", "matches"), STRING),
    **dict.fromkeys(("not_contains", "not_starts_with", "not_ends_with", "not_matches"), STRING),
    **dict.fromkeys(("before", "after"), MOMENT),
    **dict.fromkeys(("within", "older_than", "in_next"), SPAN),
    "between": PAIR,
    "exists": FLAG,
    "includes": SCALAR,
    "length": {"anyOf": [NUMBER, _ref("quantity")]},
    "any_item": _list(_ref("condition")),
    "anniversary": ANNIVERSARY,
    "calendar": PERIOD,
    "held_for": SPANS,
}
WINDOWED: dict[str, Schema] = {
    "within": SPAN,
    "since": MOMENT,
    "until": MOMENT,
    "between": PAIR,
    "ago": PAIR,
    "calendar": PERIOD,
}
WHERE = _list(_ref("condition"))
COUNT: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, _ref("quantity")]}
JUDGED: Schema = {"anyOf": [SCALAR, {"type": "object", "minProperties": 1, "maxProperties": 1}]}


def _measures() -> dict[str, Schema]:
    words = {word: OPERANDS[word] for word in QUANTITIES}
    of = _object({"of": TEXT, **words}, ["of"], minProperties=2, maxProperties=2)
    return {word: COUNT if word == "count" else of for word in leaves.MEASURES}


def _windows() -> dict[str, Schema]:
    return {word: WINDOWED[word] for word in WINDOWS}


def _takes() -> dict[str, Schema]:
    """Each leaf; those that the parser does not know yet are left out by `document`."""
    measured = {**_measures(), **_windows()}
    one = {"allOf": [_at_most_one(leaves.MEASURES), _at_most_one(WINDOWS)]}
    dated = {word: OPERANDS[word] for word in DATES}
    picked = {"where": WHERE, "having": WHERE, **_windows()}
    message = _object(dict.fromkeys(("campaign", "step", "variant", "channel"), TEXT))
    states = [*leaves.STATES, "none"]
    place = _object({"lat": NUMBER, "lon": NUMBER}, ["lat", "lon"])
    step = _object({"event": TEXT, "where": WHERE, "within": SPAN, "count": {"const": 0}}, ["event"])
    return {
        "trait": _leaf("trait", TEXT, {word: OPERANDS[word] for word in TRAIT}, also=_one_of_keys(TRAIT)),
        "event": _leaf("event", TEXT, {"where": WHERE, "minimum_age": SPAN, **measured}, also=one),
        "last_event": _leaf("last_event", TEXT, picked, also=_at_most_one(WINDOWS)),
        "first_event": _leaf("first_event", TEXT, picked, also=_at_most_one(WINDOWS)),
        "sequence": _leaf("sequence", _list(step, minItems=1), _windows(), also=_at_most_one(WINDOWS)),
        "segment": _leaf("segment", TEXT, {"is": FLAG}),
        "list": _leaf("list", TEXT, {"is": FLAG}),
        "topic": _leaf("topic", TEXT, {"subscribed": FLAG}),
        "reachable": _leaf("reachable", TEXT, {"is": FLAG}),
        "consent": _leaf(
            "consent", TEXT, {"purpose": TEXT, "is": {"enum": states}, **dated}, also=_at_most_one(DATES)
        ),
        "survey": _leaf("survey", TEXT, {"score": JUDGED, "answer": JUDGED, **_windows()}, also=_at_most_one(WINDOWS)),
        "message": _leaf("message", message, {"got": {"enum": list(leaves.GOT)}, **measured}, ["got"], also=one),
        "bucket": _leaf("bucket", TEXT, {"percent": NUMBER, "from": NUMBER, "to": NUMBER}),
        "rfm": _leaf("rfm", {"const": "cell"}, {"in": _list(TEXT)}, ["in"]),
        "predicted": _leaf(
            "predicted", TEXT, {"confidence": NUMBER, **{word: OPERANDS[word] for word in QUANTITIES}},
            also=_one_of_keys(QUANTITIES),
        ),
        "near": _leaf("near", place, {"km": _ref("quantity")}, ["km"]),
    }  # fmt: skip


def _leaf(
    subject: str, told: Schema, beside: dict[str, Schema], needed: Iterable[str] = (), also: Schema | None = None
) -> Schema:
    return _object({subject: told, **beside}, [subject, *needed], **(also or {}))


def document() -> Schema:
    """The schema (draft 2020-12) of one segment as files and the API have it."""
    takes = {subject: _takes()[subject] for subject in leaves.LEAVES}
    rules = _list(_ref("rule"))
    combined = {word: _object({word: rules}, [word]) for word in parse.COMBINATORS}
    exactly = _object({"k": {"type": "integer", "minimum": 0}, "of": rules}, ["k", "of"])
    quantity = {word: OPERANDS[word] for word in QUANTITIES}
    condition = {word: OPERANDS[word] for word in PROPERTY}
    nodes = {**combined, "exactly": _object({"exactly": exactly}, ["exactly"]), **takes}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A segment of Dangol",
        **_object(
            {
                "key": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
                "name": {"type": "string", "minLength": 1, "maxLength": parse.NAME_LONGEST},
                "state": {"enum": ["draft", "active"]},
                "where": {"anyOf": [{"const": "everyone"}, _ref("rule")]},
            },
            ["where"],
        ),
        "$defs": {
            "rule": {"oneOf": [_ref(f"of-{word}") for word in nodes]},
            **{f"of-{word}": node for word, node in nodes.items()},
            "quantity": _object(quantity, minProperties=1, maxProperties=1),
            "condition": _object({"property": TEXT, **condition}, ["property"], minProperties=2, maxProperties=2),
        },
    }
