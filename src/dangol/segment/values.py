"""What a JSON value is to a rule: a text, a number, an instant, a list; and what `is` calls equal."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from dangol.base.clock import from_us, to_us
from dangol.base.instants import parse_instant
from dangol.segment.operands import as_double, day_start, number_in

NEVER = 2**62  # later than every instant


def exists(value: Any) -> bool:
    """Missing, null and the empty string do not exist; false, 0, [] and {} do."""
    return value is not None and value != ""


def at_path(value: Any, keys: tuple[str, ...]) -> Any:
    """The value that keys of nested objects lead to; None where they lead nowhere. Lists are not entered."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_of(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def number_of(value: Any) -> float | None:
    """A number, or the number that a text is."""
    if isinstance(value, str):
        return number_in(value)
    return as_double(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def boolean_of(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def length_of(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def instant_of(value: Any, zone: tzinfo) -> int | None:
    """Microseconds since 1970 of an ISO 8601 text, a date (its first moment) or a number of (milli)seconds."""
    found = parse_instant(value, zone)
    return None if found is None else to_us(found)


def written(number: float) -> str:
    """A number as JSON writes it at its shortest."""
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def key_of(value: Any) -> str | None:
    """What `distinct` counts: a number and the text that writes it are one value."""
    if not exists(value):
        return None
    if isinstance(value, str):
        return "s:" + value
    number = number_of(value)
    return "s:" + written(number) if number is not None else "j:" + json.dumps(value, sort_keys=True)


# Keys under which an item of a list is found. `is` compares texts as they stand, and a number with a text that is
# one by their values: so a text is listed as itself and by its value, a number by its value, twice marked.
TEXT_ITEM, ANY_NUMBER, PLAIN_NUMBER, OTHER_ITEM = "s:", "n:", "p:", "b:"


def item_keys(value: Any) -> list[str] | None:
    """The keys of all items of a list; None for anything else."""
    if not isinstance(value, list):
        return None
    return [key for item in value if exists(item) for key in _keys_of_item(item)]


def _keys_of_item(item: Any) -> list[str]:
    if isinstance(item, bool):
        return [OTHER_ITEM + str(item)]
    number = number_of(item)
    if isinstance(item, str):
        return [TEXT_ITEM + item] + ([ANY_NUMBER + written(number)] if number is not None else [])
    return [ANY_NUMBER + written(number), PLAIN_NUMBER + written(number)] if number is not None else []


def keys_sought(operand: str | float | bool) -> list[str]:
    """The keys under which an operand of `includes` may stand in a list."""
    if isinstance(operand, bool):
        return [OTHER_ITEM + str(operand)]
    if isinstance(operand, str):
        number = number_in(operand)
        found = [TEXT_ITEM + operand] if operand else []
        return found + ([PLAIN_NUMBER + written(number)] if number is not None else [])
    return [ANY_NUMBER + written(operand)]


def same(one: Any, other: Any) -> bool:
    """Whether `is` calls two values equal; objects and lists are when they are alike in everything."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if isinstance(one, dict | list) or isinstance(other, dict | list):
        return type(one) is type(other) and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    if not exists(one) or not exists(other):
        return not exists(one) and not exists(other)
    first, second = number_of(one), number_of(other)
    return first is not None and first == second


def anniversary(instant: int | None, t: int, before: int, behind: int, zone: tzinfo) -> tuple[int, int] | None:
    """The span, end excluded, of days around the first anniversary whose days are not all over at t.

    29 February falls on 28 February in common years; the first anniversary is one year after the date.
    """
    if instant is None:
        return None
    try:
        born = from_us(instant).astimezone(zone).date()
        today = from_us(t).astimezone(zone).date()
        for year in range(max(born.year + 1, today.year - behind // 365 - 2), 9999):
            on = _in_year(born, year)
            end = day_start(on + timedelta(days=behind + 1), zone)
            if end > t:
                return _day_start(on, before, zone), end
    except (OverflowError, ValueError):
        return None
    return None


def calendar(instant: int | None, unit: str, back: int, zone: tzinfo) -> tuple[int, int] | None:
    """From when on, and up to when (excluded), an instant lies in the present day, week …, or in that `back` before."""
    if instant is None:
        return None
    try:
        first = _first_of(unit, from_us(instant).astimezone(zone).date())
        begin, end = (day_start(_later(unit, first, back + n), zone) for n in (0, 1))
    except (OverflowError, ValueError):
        return None
    return begin, end


def _first_of(unit: str, on: date) -> date:
    if unit == "week":
        return on - timedelta(days=on.weekday())
    return on.replace(month=1, day=1) if unit == "year" else on.replace(day=1) if unit == "month" else on


def _later(unit: str, first: date, n: int) -> date:
    if unit in {"day", "week"}:
        return first + timedelta(days=n if unit == "day" else 7 * n)
    months = first.month - 1 + (12 * n if unit == "year" else n)
    return first.replace(year=first.year + months // 12, month=months % 12 + 1)


def _in_year(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _day_start(on: date, before: int, zone: tzinfo) -> int:
    if on.toordinal() <= before + 1:
        return to_us(datetime(1, 1, 2, tzinfo=UTC))
    return day_start(on - timedelta(days=before), zone)
