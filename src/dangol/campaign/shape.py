"""Reads the parts of a definition and notes each fault with its place (a JSON Pointer): all of them, not the first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from dangol.base import spans
from dangol.base.shapes import ShapeReader
from dangol.campaign import templates
from dangol.segment.language import Path
from dangol.segment.paths import ALLOWED as PATH_ALLOWED
from dangol.segment.paths import property_path, trait_path

KEY = re.compile(r"[a-z0-9-]{1,64}")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_SPAN = timedelta(days=3650)
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class Reader(ShapeReader):
    """Knows what shapes of campaigns hold."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()  # of the steps read so far

    def items(self, given: object, at: str, *, least: int, most: int) -> Sequence[Any]:
        if not isinstance(given, list) or not least <= len(given) <= most:
            self.fault(at, given, f"a list of {least} to {most}")
            return given[:most] if isinstance(given, list) else []
        return given

    def text(self, given: object, at: str, *, most: int) -> str:
        if not isinstance(given, str) or not given.strip() or len(given) > most:
            self.fault(at, given, f"text of 1 to {most} characters")
            return ""
        return given

    def liquid(self, given: object, at: str, *, most: int, form: str = "", holds: bool = False) -> str:
        """A Liquid text; `form` is html or mjml where it is a whole message. One that `holds` partials is judged as far
        as it stands there.
        """
        text = self.text(given, at, most=most)
        found = templates.troubles_apart(text) if holds and templates.held(text) else templates.troubles(text, form)
        if found:
            self.fault(at, "; ".join(trouble.said() for trouble in found[:5]), found[0].allowed)
        return text

    def key(self, given: object, at: str) -> str:
        if not isinstance(given, str) or not KEY.fullmatch(given):
            self.fault(at, given, "1 to 64 of a-z, 0-9 and -")
            return ""
        return given

    def span(self, given: object, at: str) -> timedelta:
        span = spans.parse_span(given)
        if span is None or span > LONGEST_SPAN:
            self.fault(at, given, spans.ALLOWED)
            return timedelta(days=1)
        return span

    def offset(self, given: object, at: str) -> timedelta:
        """A span before (-7d) or behind (7d) a day."""
        before = isinstance(given, str) and given.startswith("-")
        span = spans.parse_span(given[1:] if before and isinstance(given, str) else given)
        if span is None or span > LONGEST_SPAN:
            self.fault(at, given, "a span such as 7d, or -7d for the time before")
            return timedelta(0)
        return -span if before else span

    def clock(self, given: object, at: str) -> time:
        """A time of day, such as 09:00."""
        match = CLOCK.fullmatch(given) if isinstance(given, str) else None
        if match is None:
            self.fault(at, given, 'a time of day in quotes, such as "09:00"')
            return time(9)
        return time(int(match[1]), int(match[2]))

    def weekdays(self, given: object, at: str) -> tuple[int, ...]:
        days = self.items(given, at, least=1, most=7)
        return tuple(sorted({DAYS.index(self.choice(day, f"{at}/{n}", DAYS)) for n, day in enumerate(days)}))

    def trait(self, given: object, at: str) -> str:
        if not isinstance(given, str) or trait_path(given) is None:
            self.fault(at, given, "the name of a trait: " + PATH_ALLOWED)
            return ""
        return given

    def property(self, given: object, at: str) -> str:
        found = property_path(given) if isinstance(given, str) else PATH_ALLOWED
        if not isinstance(found, Path) or not isinstance(given, str):
            self.fault(at, given, found if isinstance(found, str) else PATH_ALLOWED)
            return ""
        return given

    def percent(self, shape: Mapping[str, Any], name: str, at: str, *, most: int) -> float:
        given = shape.get(name, 0)
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= most:
            self.fault(f"{at}/{name}", given, f"a number from 0 to {most}")
            return 0
        return given
