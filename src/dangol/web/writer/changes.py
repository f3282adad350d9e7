"""What differs between two states of a template, part by part, line by line. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

AROUND = 1  # lines of what did not change, shown for orientation
MOST_LINES, MOST_SIGNS = 60, 400  # of a part, of a line


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a part: `-` it was, `+` it is, empty for one that stayed, `…` for those that are not shown."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One part that is not what it was."""

    language: str  # empty for a partial
    part: str  # subject, html …; source for a partial
    lines: tuple[Line, ...]


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Changed]:
    """Every part that differs between two shapes as templates keep them."""
    was, now = _parts(before), _parts(after)
    places = list(dict.fromkeys((*was, *now)))
    return [
        Changed(language, part, tuple(_lines(was.get((language, part), ""), now.get((language, part), ""))))
        for language, part in places
        if was.get((language, part), "") != now.get((language, part), "")
    ]


def _parts(shape: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    if "source" in shape:
        return {("", "source"): shape["source"]}
    told = shape.get("templates") or {}
    return {(language, part): text for language, texts in told.items() for part, text in texts.items()}


def _lines(before: str, after: str) -> Iterator[Line]:
    told = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=AROUND))[2:]
    for number, line in enumerate(told):
        if number >= MOST_LINES:
            yield Line("…", "")
            return
        if line.startswith("@@"):
            if number:
                yield Line("…", "")
        else:
            yield Line(line[0].strip(), line[1 : MOST_SIGNS + 1])
