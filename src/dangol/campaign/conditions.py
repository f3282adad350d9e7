"""Reads what a campaign waits for or asks: a fact with conditions, or any rule of the segment language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

from dangol.base.errors import Invalid
from dangol.campaign.definition import Happens, Holds, When
from dangol.campaign.shape import Reader
from dangol.segment import hidden, matching
from dangol.segment.matching import NOTHING_ASKED
from dangol.segment.parse import read_rule

WORDS = ("rule", "fact", "where", "match")
NO_WHEN = Happens("")


def when(read: Reader, shape: Mapping[str, Any], at: str) -> When:
    """The condition that some of a shape's words are: `rule`, or `fact` with `where` and `match`."""
    if ("rule" in shape) == ("fact" in shape):
        read.fault(at, ", ".join(shape) or "nothing", "one of rule or fact")
        return NO_WHEN
    if "rule" in shape:
        for word in ("where", "match"):
            if word in shape:
                read.fault(f"{at}/{word}", word, "beside fact only")
        return holds(read, shape["rule"], f"{at}/rule")
    return happens(read, shape, at)


def happens(read: Reader, shape: Mapping[str, Any], at: str) -> Happens:
    """A fact by name, with conditions."""
    name = read.text(shape.get("fact"), f"{at}/fact", most=300)
    match = read.property(shape["match"], f"{at}/match") if shape.get("match") is not None else ""
    return Happens(name, where(read, name, shape.get("where"), at), match)


def where(read: Reader, fact: str, given: object, at: str) -> str:
    """Conditions beside a fact's name, as JSON; they are those of a segment's leaf about events."""
    asked = [] if given is None else given
    found = matching.faults(fact or "any", asked, at)
    read.faults += found
    return NOTHING_ASKED if found or not asked else json.dumps(asked, sort_keys=True, ensure_ascii=False, default=str)


def holds(read: Reader, given: object, at: str) -> Holds:
    """A rule of the segment language. Whether what it refers to is there is asked when the campaign is activated."""
    try:
        read_rule(given, UTC)
    except Invalid as refused:
        read.faults += [replace(fault, path=at + fault.path.removeprefix("/where")) for fault in refused.faults]
        return Holds("", "")
    told = json.dumps(given, sort_keys=True, ensure_ascii=False, default=str)
    return Holds(hidden.key_of(json.loads(told)), told)
