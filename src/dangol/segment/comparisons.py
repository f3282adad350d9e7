"""Every comparison of the language, read into a test of one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import re2  # type: ignore[import-untyped]

from dangol.segment import operands
from dangol.segment.language import (
    Anniversary,
    AnyItem,
    Condition,
    Equals,
    Exists,
    HeldFor,
    Includes,
    Length,
    Matches,
    Not,
    OneOf,
    Order,
    Path,
    Rolling,
    Scalar,
    Test,
    Text,
    Times,
)
from dangol.segment.operands import Reading, below
from dangol.segment.paths import ALLOWED, property_path

Reader = Callable[[Reading, str, Any], Test | None]

PATTERN_LONGEST = 500
DEEPEST_ITEM = 8
_QUIET = re2.Options()
_QUIET.log_errors = False


# --- numbers --------------------------------------------------------------------------------------------------------


def _order(low: bool, strict: bool) -> Reader:
    def read(reading: Reading, pointer: str, value: Any) -> Test | None:
        end = operands.number(reading, pointer, value)
        if end is None:
            return None
        return Order(end, None, strict) if low else Order(None, end, strict)

    return read


def _between(reading: Reading, pointer: str, value: Any) -> Test | None:
    ends = operands.pair(reading, pointer, value, "a list of two numbers or two times, the smaller first")
    if ends is None:
        return None
    if not any(_numeric(end) for end in ends):
        return _times_between(reading, pointer, ends)
    low = operands.number(reading, below(pointer, 0), ends[0])
    high = operands.number(reading, below(pointer, 1), ends[1])
    if low is None or high is None:
        return None
    if low > high:
        reading.refuse(pointer, value, "the smaller end first")
        return None
    return Order(low, high)


def _numeric(value: Any) -> bool:
    return operands.is_number(value) or (isinstance(value, str) and operands.number_in(value) is not None)


def _times_between(reading: Reading, pointer: str, ends: tuple[Any, Any]) -> Test | None:
    first = operands.moment(reading, below(pointer, 0), ends[0])
    last = operands.moment(reading, below(pointer, 1), ends[1])
    if first is None or last is None:
        return None
    if first.first > last.last:
        reading.refuse(pointer, list(ends), "the earlier end first")
        return None
    return Times(first.first, last.last)


# --- scalars --------------------------------------------------------------------------------------------------------


def _is(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = operands.scalar(reading, pointer, value)
    return None if found is None else Equals(found)


def _in(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = operands.scalars(reading, pointer, value)
    return None if found is None else OneOf(found)


def _exists(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = operands.flag(reading, pointer, value)
    return None if found is None else Exists() if found else Not(Exists())


def _text(how: str) -> Reader:
    def read(reading: Reading, pointer: str, value: Any) -> Test | None:
        if isinstance(value, str):
            return Text(how, value)
        reading.refuse(pointer, value, "a text")
        return None

    return read


def _matches(reading: Reading, pointer: str, value: Any) -> Test | None:
    allowed = f"an RE2 expression of at most {PATTERN_LONGEST} characters"
    if not isinstance(value, str) or len(value) > PATTERN_LONGEST:
        reading.refuse(pointer, value, allowed)
        return None
    try:
        re2.compile(value, _QUIET)
    except re2.error as error:
        reading.refuse(pointer, value, f"{allowed} ({_reason(error)})")
        return None
    return Matches(value)


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


# --- lists ----------------------------------------------------------------------------------------------------------


def _includes(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = operands.scalar(reading, pointer, value)
    return None if found is None else Includes((found,), every=False)


def _includes_many(every: bool) -> Reader:
    def read(reading: Reading, pointer: str, value: Any) -> Test | None:
        found = operands.scalars(reading, pointer, value)
        return None if found is None else Includes(found, every)

    return read


def _length(reading: Reading, pointer: str, value: Any) -> Test | None:
    test = quantity(reading, pointer, value, operands.whole)
    return None if test is None else Length(test)


def _any_item(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = conditions(reading, pointer, value, of_item=True)
    return None if found is None else AnyItem(found)


# --- times ----------------------------------------------------------------------------------------------------------


def _before(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = operands.moment(reading, pointer, value)
    return None if found is None else Times(None, found.first - 1)


def _after(reading: Reading, pointer: str, value: Any) -> Test | None:
    found = operands.moment(reading, pointer, value)
    return None if found is None else Times(found.last + 1, None)


def _rolling(make: Callable[[int], Rolling]) -> Reader:
    def read(reading: Reading, pointer: str, value: Any) -> Test | None:
        found = operands.span(reading, pointer, value)
        return None if found is None else make(found)

    return read


def _anniversary(reading: Reading, pointer: str, value: Any) -> Test | None:
    word, operand = _only(value)
    at = below(pointer, word)
    if word == "on" and operand == "today":
        return Anniversary(0, 0)
    if word in {"in_next", "in_last"}:
        found = operands.days(reading, at, operand)
        if found is None:
            return None
        return Anniversary(found, 0) if word == "in_next" else Anniversary(0, found)
    reading.refuse(pointer, value, "{in_next: 7d}, {in_last: 7d} or {on: today}")
    return None


def _held_for(reading: Reading, pointer: str, value: Any) -> Test | None:
    word, operand = _only(value)
    at = below(pointer, word)
    if word == "between":
        ends = operands.pair(reading, at, operand, "a list of two spans, the shorter first")
        low = operands.span(reading, below(at, 0), ends[0]) if ends else None
        high = operands.span(reading, below(at, 1), ends[1]) if ends else None
        if low is not None and high is not None and low > high:
            reading.refuse(at, operand, "the shorter span first")
            return None
        return None if low is None or high is None else HeldFor(low, high)
    if word not in {"at_least", "at_most", "over", "under"}:
        reading.refuse(pointer, value, "{at_least: 7d}, {at_most: 7d}, {over: 7d}, {under: 7d} or {between: [1d, 7d]}")
        return None
    found = operands.span(reading, at, operand)
    if found is None:
        return None
    ranges = {
        "at_least": HeldFor(found, None),
        "over": HeldFor(found + 1, None),
        "at_most": HeldFor(0, found),
        "under": HeldFor(0, found - 1),
    }
    return ranges[word]


def _only(value: Any) -> tuple[str, Any]:
    """The one key of a mapping and what it leads to; an empty word for anything else."""
    if isinstance(value, Mapping) and len(value) == 1:
        [(word, operand)] = value.items()
        return str(word), operand
    return "", None


def _not(read: Reader) -> Reader:
    def negative(reading: Reading, pointer: str, value: Any) -> Test | None:
        test = read(reading, pointer, value)
        return None if test is None else Not(test)

    return negative


DATES: dict[str, Reader] = {
    "before": _before,
    "after": _after,
    "between": _between,
    "within": _rolling(lambda span: Rolling(0, span)),
    "older_than": _rolling(lambda span: Rolling(span + 1, None)),
    "in_next": _rolling(lambda span: Rolling(-span, -1)),
    "anniversary": _anniversary,
    "calendar": operands.period,
}
QUANTITIES: dict[str, Reader] = {
    "is": _is,
    "is_not": _not(_is),
    "in": _in,
    "not_in": _not(_in),
    "at_least": _order(low=True, strict=False),
    "at_most": _order(low=False, strict=False),
    "over": _order(low=True, strict=True),
    "under": _order(low=False, strict=True),
    "between": _between,
}
TEXTS: dict[str, Reader] = {
    "contains": _text("contains"),
    "starts_with": _text("starts_with"),
    "ends_with": _text("ends_with"),
    "matches": _matches,
}
PROPERTY: dict[str, Reader] = {
    **DATES,
    **QUANTITIES,
    **TEXTS,
    **{f"not_{word}": _not(read) for word, read in TEXTS.items()},
    "exists": _exists,
    "includes": _includes,
    "includes_any": _includes_many(every=False),
    "includes_all": _includes_many(every=True),
    "includes_none": _not(_includes_many(every=False)),
    "length": _length,
    "any_item": _any_item,
}
TRAIT: dict[str, Reader] = {**PROPERTY, "held_for": _held_for}


def comparison(
    reading: Reading, pointer: str, shape: Mapping[str, Any], words: Mapping[str, Reader], others: set[str]
) -> Test | None:
    """The one comparison that a mapping holds beside its other keys."""
    unknown = [key for key in shape if key not in words and key not in others]
    for key in unknown:
        reading.refuse(below(pointer, key), key, f"one of {', '.join(sorted([*words, *others]))}")
    given = [key for key in shape if key in words]
    if unknown:
        return None
    if len(given) != 1:
        found = ", ".join(given) if given else "no comparison"
        reading.refuse(pointer, found, f"exactly one comparison: {', '.join(words)}")
        return None
    return words[given[0]](reading, below(pointer, given[0]), shape[given[0]])


def quantity(
    reading: Reading, pointer: str, value: Any, read: Callable[[Reading, str, Any], float | None], also: str = ""
) -> Test | None:
    """A number, or a mapping with one comparison of numbers (and the key `also`); every number is read by `read`."""
    if not isinstance(value, Mapping):
        found = read(reading, pointer, value)
        return None if found is None else Equals(found)
    before = len(reading.faults)
    test = comparison(reading, pointer, value, QUANTITIES, {also} if also else set())
    for word, operand in value.items():
        if word in QUANTITIES and len(reading.faults) == before:
            for at, item in _numbers(below(pointer, word), operand):
                read(reading, at, item)
    return _numeric_test(test) if test is not None and len(reading.faults) == before else None


def _numeric_test(test: Test) -> Test:
    """The test with every text that is a number made that number."""
    if isinstance(test, Not):
        return Not(_numeric_test(test.test))
    if isinstance(test, Equals):
        return Equals(_as_number(test.value))
    if isinstance(test, OneOf):
        return OneOf(tuple(_as_number(value) for value in test.values))
    return test


def _as_number(value: Scalar) -> Scalar:
    found = operands.number_in(value) if isinstance(value, str) else None
    return value if found is None else found


def _numbers(pointer: str, operand: Any) -> list[tuple[str, Any]]:
    if isinstance(operand, list):
        return [(below(pointer, i), item) for i, item in enumerate(operand)]
    return [(pointer, operand)]


def conditions(reading: Reading, pointer: str, value: Any, *, of_item: bool = False) -> tuple[Condition, ...] | None:
    """A list of `{property: path, <comparison>}`."""
    if not isinstance(value, list):
        reading.refuse(pointer, value, "a list of {property: path, <comparison>}")
        return None
    if pointer.split("/").count("any_item") > DEEPEST_ITEM:
        reading.refuse(pointer, "any_item", f"any_item inside any_item at most {DEEPEST_ITEM} times")
        return None
    found = [_condition(reading, below(pointer, i), item, of_item) for i, item in enumerate(value)]
    return tuple(item for item in found if item is not None) if None not in found else None


def _condition(reading: Reading, pointer: str, value: Any, of_item: bool) -> Condition | None:
    if not isinstance(value, Mapping):
        reading.refuse(pointer, value, "{property: path, <comparison>}")
        return None
    test = comparison(reading, pointer, value, PROPERTY, {"property"})
    path = path_of(reading, below(pointer, "property"), value.get("property"), of_item)
    return None if test is None or path is None else Condition(path, test)


def path_of(reading: Reading, pointer: str, value: Any, of_item: bool = False) -> Path | None:
    """The path that a property's name is."""
    found = property_path(value) if isinstance(value, str) else ALLOWED
    if isinstance(found, Path) and of_item and found.root:
        found = "a path into the item; $ looks at the fact and stands outside any_item"
    if isinstance(found, Path):
        return found
    reading.refuse(pointer, value, found)
    return None


__all__ = ["DATES", "PROPERTY", "TRAIT", "comparison", "conditions", "path_of", "quantity"]
