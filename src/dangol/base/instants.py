"""Times as people and programs write them, read without loss."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

MILLISECONDS_FROM = 100_000_000_000  # a number from here on counts milliseconds, below it seconds
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)?)?"
)
_LENGTHS = {20, 24, 27}


def parse_instant(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """The aware UTC instant of an ISO 8601 text or a number of seconds or milliseconds; None for anything else.

    `zone` is where a time without offset was told. Digits behind the microsecond are dropped.
    """
    if isinstance(value, str) and (found := _as_programs_write(value)):
        return found
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_number(value)
    match = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        naive = datetime(  # noqa: DTZ001 - the zone follows below
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
        )
        if offset is None:
            return naive.replace(tzinfo=zone).astimezone(UTC)
        return (naive - _offset(offset)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _as_programs_write(text: str) -> datetime | None:
    """The instant of 2026-11-24T03:00:00Z, with no fraction or three or six digits of one: almost all that arrive."""
    if len(text) not in _LENGTHS or text[4] + text[7] + text[10] + text[13] + text[16] + text[-1] != "--T::Z":
        return None
    try:
        return None if text[11:13] == "24" else datetime.fromisoformat(text)
    except ValueError:
        return None


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -span if text[0] == "-" else span


def _from_number(value: float) -> datetime | None:
    if not math.isfinite(value):
        return None
    seconds = value / 1000 if abs(value) >= MILLISECONDS_FROM else value
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError:
        return None


def iso(at: datetime) -> str:
    """ISO 8601 with offset, as every answer of the API writes a time."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
