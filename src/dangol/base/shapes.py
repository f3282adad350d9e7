"""Reads shapes that people and programs write, and notes every fault at its place. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dangol.base.errors import Fault

MISSING = "nothing"  # was found where something is wanted
SHOWN = 200  # signs of what was found that a fault tells


class ShapeReader:
    """Each method returns what was read, or something harmless of the same kind after noting a fault.

    `at` is the JSON pointer of the place (RFC 6901).
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, at: str, found: object, allowed: str) -> None:
        shown = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str)
        self.faults.append(Fault(at, MISSING if found is None else shown[:SHOWN], allowed))

    def mapping(self, given: object, at: str, known: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            self.fault(at, given, "an object with " + ", ".join(known))
            return {}
        for name in given:
            if name not in known:
                self.fault(f"{at}/{escaped(str(name))}", str(name), "one of " + ", ".join(known))
        return {name: value for name, value in given.items() if name in known}

    def choice(self, given: object, at: str, known: Sequence[str]) -> str:
        if not isinstance(given, str) or given not in known:
            self.fault(at, given, "one of " + ", ".join(known))
            return known[0]
        return given

    def flag(self, shape: Mapping[str, Any], name: str, at: str, *, default: bool = False) -> bool:
        given = shape.get(name, default)
        if not isinstance(given, bool):
            self.fault(f"{at}/{name}", given, "true or false")
            return default
        return given


def escaped(name: str) -> str:
    """A name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
