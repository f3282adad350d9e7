"""What stands to the right of a word of the language: numbers, texts, times, spans, each refused by name when wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from dangol.base import spans
from dangol.base.clock import MICROSECOND, to_us
from dangol.base.errors import Fault
from dangol.base.instants import parse_instant
from dangol.segment.language import DAY, LONGEST, Calendar, Scalar

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME_ALLOWED = "a date such as 2026-05-01, an ISO 8601 time, or seconds since 1970"


@dataclass(slots=True)
class Reading:
    """One rule being read: what the shop is to it, and the faults found so far."""

    zone: tzinfo
    opt_out: frozenset[str] = frozenset()  # topics to which people are subscribed unless they said no
    makings: Mapping[str, int] = field(default_factory=dict)  # of lists made anew under an old key: which time it is
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, pointer: str, found: Any, allowed: str) -> None:
        self.faults.append(Fault(pointer, shown(found), allowed))


def shown(value: Any) -> str:
    """A value as it stands in the rule, cut short."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = str(type(value).__name__)
    return text if len(text) <= 80 else text[:77] + "..."


def below(pointer: str, key: str | int) -> str:
    """The JSON Pointer one level down."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and as_double(value) is not None


def as_double(value: float) -> float | None:
    """The IEEE double of a number; None where there is none."""
    try:
        double = float(value)
    except OverflowError:
        return None
    return double if math.isfinite(double) else None


def number_in(text: str) -> float | None:
    """The number that a text is in JSON's sense; None for a text that is none, such as 04524."""
    return as_double(float(text)) if NUMBER.fullmatch(text) else None


def number(reading: Reading, pointer: str, value: Any) -> float | None:
    """A number, or a text that is one."""
    found = number_in(value) if isinstance(value, str) else float(value) if is_number(value) else None
    if found is None:
        reading.refuse(pointer, value, "a number")
    return found


def whole(reading: Reading, pointer: str, value: Any) -> float | None:
    """A whole number from 0 on."""
    if is_number(value) and value >= 0 and float(value).is_integer():
        return float(value)
    reading.refuse(pointer, value, "a whole number from 0 on")
    return None


def scalar(reading: Reading, pointer: str, value: Any) -> Scalar | None:
    """A text, a number, true or false."""
    if isinstance(value, str | bool):
        return value
    if is_number(value):
        return float(value)
    reading.refuse(pointer, value, "a text, a number, true or false")
    return None


def scalars(reading: Reading, pointer: str, value: Any) -> tuple[Scalar, ...] | None:
    """A list of texts, numbers, true and false."""
    if not isinstance(value, list):
        reading.refuse(pointer, value, "a list of texts, numbers, true or false")
        return None
    found = [scalar(reading, below(pointer, i), item) for i, item in enumerate(value)]
    return tuple(item for item in found if item is not None) if None not in found else None


def flag(reading: Reading, pointer: str, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    reading.refuse(pointer, value, "true or false")
    return None


PERIODS = {
    "today": Calendar("day", 0),
    "yesterday": Calendar("day", 1),
    "this_week": Calendar("week", 0),
    "last_week": Calendar("week", 1),
    "this_month": Calendar("month", 0),
    "last_month": Calendar("month", 1),
    "this_year": Calendar("year", 0),
    "last_year": Calendar("year", 1),
}


def period(reading: Reading, pointer: str, value: Any) -> Calendar | None:
    """A day, week, month or year of the shop's calendar."""
    if isinstance(value, str) and value in PERIODS:
        return PERIODS[value]
    reading.refuse(pointer, value, ", ".join(PERIODS))
    return None


def text(reading: Reading, pointer: str, value: Any, allowed: str = "a text") -> str | None:
    if isinstance(value, str) and value:
        return value
    reading.refuse(pointer, value, allowed)
    return None


def span(reading: Reading, pointer: str, value: Any, *, units: str = "smhdw") -> int | None:
    """A span in microseconds, at most LONGEST."""
    found = spans.parse_span(value)
    if found is None or value[-1] not in units:
        allowed = spans.ALLOWED if units == "smhdw" else "a whole number above 0 and a unit d or w, such as 7d"
        reading.refuse(pointer, value, allowed)
        return None
    return min(found // MICROSECOND, LONGEST)


def days(reading: Reading, pointer: str, value: Any) -> int | None:
    """A span in whole days, at most a thousand years."""
    found = span(reading, pointer, value, units="dw")
    return None if found is None else min(found // DAY, 366_000)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as the rule names it: an instant, or a whole local day. Both ends are in it, in microseconds."""

    first: int
    last: int


def moment(reading: Reading, pointer: str, value: Any) -> Moment | None:
    found = moment_in(value, reading.zone)
    if found is None:
        reading.refuse(pointer, value, TIME_ALLOWED)
    return found


def moment_in(value: Any, zone: tzinfo) -> Moment | None:
    """The instant or local day that a value names, if it names one."""
    instant = parse_instant(value, zone)
    if instant is None:
        return None
    first = to_us(instant)
    if not (isinstance(value, str) and _DATE.fullmatch(value.strip())):
        return Moment(first, first)
    day = date.fromisoformat(value.strip())
    if day == date.max:  # the calendar has no next day
        return Moment(first, first + DAY - 1)
    return Moment(first, day_start(day + timedelta(days=1), zone) - 1)


@lru_cache(maxsize=4096)  # a birthday asks for three of the days of a few years
def day_start(on: date, zone: tzinfo) -> int:
    """The first microsecond of a local day."""
    return to_us(datetime(on.year, on.month, on.day, tzinfo=zone))


def pair(reading: Reading, pointer: str, value: Any, allowed: str) -> tuple[Any, Any] | None:
    """A list of exactly two."""
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    reading.refuse(pointer, value, allowed)
    return None
