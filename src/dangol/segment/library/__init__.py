"""Segments that most shops want, ready to be looked at and adopted: read from the files beside this one.

Adopting one makes an ordinary segment of the shop; nothing of the library is at work before. Every active segment costs
a little of each batch (see `dangol bench segment`), so a shop begins with few.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dangol.base.documents import read_text
from dangol.base.errors import Fault, Invalid, Misconfigured, NotFound

FILES = ("lifecycle", "rfm", "abandonment", "buying", "people")
LANGUAGES = ("en", "ko")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Ready:
    """A segment of the library; `asks` are what a shop has to fill in, by the name that stands in the rule."""

    key: str
    group: str  # its file
    name: Mapping[str, str]  # by language
    purpose: Mapping[str, str]
    where: Any
    asks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # name → question by language, and `number`


@lru_cache(maxsize=1)
def everything() -> dict[str, Ready]:
    """Every segment of the library by its key, in the order of the files. Raises Misconfigured for a wrong one."""
    found = [_ready(group, told) for group in FILES for told in _read(group)]
    return {one.key: one for one in found}


def _read(group: str) -> list[dict[str, Any]]:
    [shapes] = read_text((Path(__file__).parent / f"{group}.yaml").read_text("utf-8"))
    return list(shapes)


def _ready(group: str, told: Mapping[str, Any]) -> Ready:
    try:
        name, purpose = ({one: str(told[word][one]) for one in LANGUAGES} for word in ("name", "for"))
        return Ready(told["key"], group, name, purpose, told["where"], told.get("asks") or {})
    except (KeyError, TypeError) as error:
        raise Misconfigured(f"library/{group}.yaml: found no {error} in {told.get('key')}") from error


def get(key: str) -> Ready:
    """One of them. Raises NotFound."""
    found = everything().get(key)
    if found is None:
        raise NotFound(f"the library has no segment {key}; GET /api/segments/library lists them")
    return found


def filled(ready: Ready, values: Mapping[str, str]) -> Any:
    """Its rule with what it asks for. Raises Invalid for what is missing or no number where one is asked for."""
    told: dict[str, Any] = {}
    allowed = ", ".join(ready.asks) or "nothing to fill in"
    faults = [Fault(f"/{name}", name, allowed) for name in sorted(values.keys() - ready.asks.keys())]
    for name, asked in ready.asks.items():
        value = str(values.get(name, "")).strip()[:LONGEST]
        told[name] = _number(value) if asked.get("number") else value or None
        if told[name] is None:
            faults.append(Fault(f"/{name}", repr(value), "a number" if asked.get("number") else "a text"))
    if faults:
        raise Invalid(faults)
    return _with(ready.where, told)


def _number(text: str) -> float | int | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _with(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, Mapping):
        return {word: _with(one, values) for word, one in node.items()}
    if isinstance(node, list):
        return [_with(one, values) for one in node]
    if isinstance(node, str) and node.startswith("{") and node.endswith("}"):
        return values.get(node[1:-1], node)
    return node
