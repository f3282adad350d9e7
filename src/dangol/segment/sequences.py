"""The leaf `sequence`: steps in order, each an event, some of them events that must not come between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dangol.segment import operands
from dangol.segment.comparisons import conditions
from dangol.segment.language import Rule, Sequence, Step
from dangol.segment.operands import Reading, below
from dangol.segment.shapes import Shape, name_of, only
from dangol.segment.windows import WINDOWS, in_calendar, window

MOST_STEPS = 10


def sequence(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """Some choice of events satisfies the steps in order; the window is where the first lies."""
    known = only(reading, pointer, shape, "sequence", *WINDOWS)
    steps, at = shape["sequence"], below(pointer, "sequence")
    lies = window(reading, pointer, shape)
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        found = f"{len(steps)} steps" if isinstance(steps, list) else steps
        reading.refuse(at, found, f"a list of 1 to {MOST_STEPS} steps, each {{event: Name}}")
        return None
    told = [_step(reading, below(at, place), step, place == 0) for place, step in enumerate(steps)]
    found_steps = tuple(step for step in told if step is not None)
    if not known or lies is None or len(found_steps) < len(told):
        return None
    first, *rest = found_steps
    return Sequence((replace(first, where=(*first.where, *in_calendar(shape))), *rest), lies)


def _step(reading: Reading, pointer: str, shape: Any, first: bool) -> Step | None:
    if not isinstance(shape, Mapping) or "event" not in shape:
        reading.refuse(pointer, shape, "{event: Name} and beside it where" + ("" if first else ", within, count: 0"))
        return None
    known = only(reading, pointer, shape, "event", "where", *(() if first else ("within", "count")))
    name = name_of(reading, below(pointer, "event"), shape["event"])
    where = conditions(reading, below(pointer, "where"), shape.get("where", []))
    within = operands.span(reading, below(pointer, "within"), shape["within"]) if "within" in shape else None
    absent = "count" in shape
    if absent and not first and not (operands.is_number(shape["count"]) and shape["count"] == 0):
        reading.refuse(below(pointer, "count"), shape["count"], "0, or no count at all")
        return None
    if not known or name is None or where is None or ("within" in shape and within is None):
        return None
    return Step(name, where, within, absent)
