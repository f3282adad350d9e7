"""Windows of time: from words such as `within: 30d` to bounds on an event's instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dangol.segment import operands
from dangol.segment.language import Condition, Path, Window
from dangol.segment.operands import Reading, below

ALWAYS = Window()
Reader = Callable[[Reading, str, Any], Window | None]


def _within(reading: Reading, pointer: str, value: Any) -> Window | None:
    span = operands.span(reading, pointer, value)
    return None if span is None else Window(0, span)


def _ago(reading: Reading, pointer: str, value: Any) -> Window | None:
    ends = operands.pair(reading, pointer, value, "a list of two spans, the shorter first, such as [30d, 60d]")
    if ends is None:
        return None
    near = operands.span(reading, below(pointer, 0), ends[0])
    far = operands.span(reading, below(pointer, 1), ends[1])
    if near is None or far is None:
        return None
    if near > far:
        reading.refuse(pointer, value, "the shorter span first")
        return None
    return Window(near, far)


def _since(reading: Reading, pointer: str, value: Any) -> Window | None:
    found = operands.moment(reading, pointer, value)
    return None if found is None else Window(low=found.first)


def _until(reading: Reading, pointer: str, value: Any) -> Window | None:
    found = operands.moment(reading, pointer, value)
    return None if found is None else Window(high=found.last)


def _between(reading: Reading, pointer: str, value: Any) -> Window | None:
    ends = operands.pair(reading, pointer, value, "a list of two times, the earlier first")
    if ends is None:
        return None
    first = operands.moment(reading, below(pointer, 0), ends[0])
    last = operands.moment(reading, below(pointer, 1), ends[1])
    if first is None or last is None:
        return None
    if first.first > last.last:
        reading.refuse(pointer, value, "the earlier end first")
        return None
    return Window(low=first.first, high=last.last)


def _calendar(reading: Reading, pointer: str, value: Any) -> Window | None:
    return None if operands.period(reading, pointer, value) is None else ALWAYS


def in_calendar(shape: Mapping[str, Any]) -> tuple[Condition, ...]:
    """What a window of the calendar, one that was read, asks of an event's own time."""
    period = operands.PERIODS.get(str(shape.get("calendar")))
    return (Condition(Path((), "$timestamp"), period),) if period is not None else ()


WINDOWS: dict[str, Reader] = {
    "within": _within,
    "between": _between,
    "since": _since,
    "until": _until,
    "ago": _ago,
    "calendar": _calendar,
}


def window(reading: Reading, pointer: str, shape: Mapping[str, Any]) -> Window | None:
    """The one window of a leaf; all time up to now where it names none."""
    given = [word for word in WINDOWS if word in shape]
    if not given:
        return ALWAYS
    if len(given) > 1:
        reading.refuse(pointer, ", ".join(given), f"one window: {', '.join(WINDOWS)}")
        return None
    return WINDOWS[given[0]](reading, below(pointer, given[0]), shape[given[0]])
