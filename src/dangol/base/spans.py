"""Spans of time as people write them: 90s, 30m, 12h, 7d, 2w. A day is always 24 hours and a week seven days."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d{1,9})([smhdw])")
ALLOWED = "a whole number above 0 and a unit s, m, h, d or w, such as 30d"


def parse_span(text: object) -> timedelta | None:
    """The span that `text` names, or None where it names none (also for a span of zero)."""
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        return None
    try:
        return timedelta(seconds=int(match[1]) * UNITS[match[2]])
    except OverflowError:
        return None
