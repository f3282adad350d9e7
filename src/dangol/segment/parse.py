"""From a segment as people write it to its rule: every fault is named by place, what was found and what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dangol.base.errors import Invalid
from dangol.segment.language import EVERYBODY, All, AnyOf, Exactly, Leaf, NoneOf, Rule
from dangol.segment.leaves import LEAVES
from dangol.segment.operands import Reading, below, is_number

DEEPEST = 10
MOST_LEAVES = 50
NAME_LONGEST = 200
NO_MAKINGS: Mapping[str, int] = {}
_KEY = re.compile(r"[a-z0-9-]{1,64}")
COMBINATORS: dict[str, type[All] | type[AnyOf] | type[NoneOf]] = {"all": All, "any": AnyOf, "none": NoneOf}
_ALLOWED_RULE = f"all, any, none, exactly, or a leaf: {', '.join(LEAVES)}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A segment that was read without a fault."""

    key: str
    name: str
    where: Any  # as it was written
    rule: Rule


def read_segment(
    shape: Any,
    zone: tzinfo,
    key: str | None = None,
    opt_out: frozenset[str] = frozenset(),
    makings: Mapping[str, int] = NO_MAKINGS,
) -> Shape:
    """The segment that a shape says; `key` where its place says it already. Raises Invalid."""
    reading = Reading(zone, opt_out, makings)
    if not isinstance(shape, Mapping):
        reading.refuse("", shape, "a mapping with key, name and where")
        raise Invalid(reading.faults)
    for word in shape:
        if word not in {"key", "name", "where"}:
            reading.refuse(below("", word), word, "key, name, where")
    found = _key(reading, shape, key)
    name = shape.get("name", found or "unnamed")
    if not (isinstance(name, str) and name.strip() and len(name) <= NAME_LONGEST):
        reading.refuse("/name", name, f"a text of 1 to {NAME_LONGEST} characters")
    rule = _whole(reading, shape)
    if reading.faults or rule is None:
        raise Invalid(reading.faults)
    return Shape(found, name, shape["where"], rule)


def _key(reading: Reading, shape: Mapping[str, Any], key: str | None) -> str:
    given = shape.get("key", key)
    if not (isinstance(given, str) and _KEY.fullmatch(given)):
        reading.refuse("/key", given, "1 to 64 of a-z, 0-9 and -")
        return ""
    if key is not None and given != key:
        reading.refuse("/key", given, f"{key}, as in the address")
    return given


def read_rule(
    where: Any, zone: tzinfo, opt_out: frozenset[str] = frozenset(), makings: Mapping[str, int] = NO_MAKINGS
) -> Rule:
    """The rule under `where`; `opt_out` are the topics declared so, `makings` how often lists were made under their
    keys. Raises Invalid with pointers from /where."""
    reading = Reading(zone, opt_out, makings)
    rule = _whole(reading, {"where": where})
    if reading.faults or rule is None:
        raise Invalid(reading.faults)
    return rule


def _whole(reading: Reading, shape: Mapping[str, Any]) -> Rule | None:
    if "where" not in shape:
        reading.refuse("/where", None, f"everyone, {_ALLOWED_RULE}")
        return None
    where = shape["where"]
    if where == "everyone":
        return Leaf("/where", json.dumps(where), EVERYBODY)
    before = len(reading.faults)
    rule = _rule(reading, "/where", where, 1, [0])
    return rule if len(reading.faults) == before else None


def _rule(reading: Reading, pointer: str, shape: Any, level: int, counted: list[int]) -> Rule | None:
    """One node; `counted` holds how many leaves the whole rule has so far."""
    if level > DEEPEST:
        reading.refuse(pointer, f"level {level}", f"at most {DEEPEST} levels")
        return None
    if not isinstance(shape, Mapping):
        reading.refuse(pointer, shape, _ALLOWED_RULE + (" (everyone stands alone)" if shape == "everyone" else ""))
        return None
    combined = [word for word in (*COMBINATORS, "exactly") if word in shape]
    subjects = [word for word in LEAVES if word in shape]
    if combined:
        return _combined(reading, pointer, shape, level, counted)
    if len(subjects) != 1:
        found = ", ".join(subjects) if subjects else ", ".join(map(str, shape)) or "an empty mapping"
        reading.refuse(pointer, found, f"exactly one of {_ALLOWED_RULE}")
        return None
    counted[0] += 1
    if counted[0] == MOST_LEAVES + 1:
        reading.refuse(pointer, f"{MOST_LEAVES + 1} leaves", f"at most {MOST_LEAVES} leaves")
    return _leaf(reading, pointer, shape, subjects[0])


def _leaf(reading: Reading, pointer: str, shape: Mapping[str, Any], subject: str) -> Rule | None:
    rule = LEAVES[subject](reading, pointer, shape)
    return None if rule is None else Leaf(pointer, json.dumps(shape, ensure_ascii=False, default=str), rule)


def _combined(reading: Reading, pointer: str, shape: Mapping[str, Any], level: int, counted: list[int]) -> Rule | None:
    if len(shape) != 1:
        reading.refuse(pointer, ", ".join(map(str, shape)), "one combinator and nothing beside it")
        return None
    [(word, value)] = shape.items()
    at = below(pointer, word)
    if word == "exactly":
        return _exactly(reading, at, value, level, counted)
    rules = _rules(reading, at, value, level, counted)
    return None if rules is None else COMBINATORS[word](rules)


def _rules(reading: Reading, pointer: str, value: Any, level: int, counted: list[int]) -> tuple[Rule, ...] | None:
    if not isinstance(value, list):
        reading.refuse(pointer, value, "a list of rules")
        return None
    found = [_rule(reading, below(pointer, i), item, level + 1, counted) for i, item in enumerate(value)]
    return tuple(rule for rule in found if rule is not None) if None not in found else None


def _exactly(reading: Reading, pointer: str, value: Any, level: int, counted: list[int]) -> Rule | None:
    if not isinstance(value, Mapping) or set(value) != {"k", "of"}:
        reading.refuse(pointer, value, "{k: number, of: [rules]}")
        return None
    rules = _rules(reading, below(pointer, "of"), value["of"], level, counted)
    k = value["k"]
    most = len(value["of"]) if isinstance(value["of"], list) else 0
    if not (is_number(k) and float(k).is_integer() and 0 <= k <= most):
        reading.refuse(below(pointer, "k"), k, f"a whole number from 0 to {most}, the length of the list")
        return None
    return None if rules is None else Exactly(int(k), rules)
