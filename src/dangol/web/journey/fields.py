"""A control of a step's form: which part of the step it holds, and how what is typed into it becomes JSON again. Pure.

What cannot be read is kept as it was typed: the campaign's own reader says what is wrong with it, at this control. What
nobody touched stays as it was, though no control can say it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dangol.base.errors import Invalid
from dangol.web.builder.controls import Words
from dangol.web.journey import repeats
from dangol.web.writing import as_yaml, read_one

Json = Any
Typed = Callable[[str], str | None]  # what stands in the form's input of a name; None where there is no such input
ON_A_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")  # all that a browser's control of a date and time can hold
CLOCK = re.compile(r"\d\d:\d\d")
SPAN = re.compile(r"(-?)(\d+)([smhdw])")


@dataclass(frozen=True, slots=True)
class Field:
    """One control. `path` leads to its value in what the form edits, by dots; numbers are places in lists."""

    path: str
    kind: str  # text, long, code, number, flag, choice, span, hour, days, channels, moment, yaml, rule
    label: Any = ""
    options: Words = field(default_factory=dict)  # of a choice
    hint: Any = ""
    default: Json = None  # what leaving it out means; it is then left out
    remakes: bool = False  # the form looks different once it is changed
    suggest: str = ""  # what suggestions are of
    stays: bool = False  # emptied it stands there with nothing in it: without it the step would be of another kind
    reads: str = ""  # what stands in a choice that is no value itself: it says which of several forms this is


@dataclass(frozen=True, slots=True)
class Shown:
    """A control with what stands in it."""

    field: Field
    name: str
    value: Json
    pointer: str
    faults: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")

    @property
    def fits(self) -> bool:
        """Whether the browser's own control of a moment or an hour can hold the value."""
        form = {"moment": ON_A_CLOCK, "hour": CLOCK}.get(self.field.kind)
        return form is None or not self.value or form.fullmatch(str(self.value)) is not None

    @property
    def described(self) -> str:
        """Ids of what is said about the control."""
        ids = [f"{self.id}-hint"] if self.field.hint else []
        return " ".join([*ids, *(f"{self.id}-fault-{n}" for n, _ in enumerate(self.faults, 1))])


def listed(value: Json) -> list[Json]:
    """A list as it is; anything else is none."""
    return value if isinstance(value, list) else []


def get(shape: Json, path: str) -> Json:
    """The value at a path; None where there is none."""
    for word in path.split("."):
        if isinstance(shape, Mapping):
            shape = shape.get(word)
        elif isinstance(shape, list) and word.isdecimal() and int(word) < len(shape):
            shape = shape[int(word)]
        else:
            return None
    return shape


def put(shape: Json, path: str, value: Json) -> None:
    """Set the value at a path; None takes it away. Objects on the way are made; lists are not."""
    *above, last = path.split(".")
    for word in above:
        if isinstance(shape, list):
            if not word.isdecimal() or int(word) >= len(shape):
                return
            shape = shape[int(word)]
        elif isinstance(shape, dict):
            if not isinstance(shape.get(word), dict | list):
                if value is None:
                    return
                shape[word] = {}
            shape = shape[word]
    if isinstance(shape, dict):
        if value is None:
            shape.pop(last, None)
        else:
            shape[last] = value
    elif isinstance(shape, list) and last.isdecimal() and int(last) < len(shape):
        shape[int(last)] = value


def show(fields: Sequence[Field], shape: Json, place: str, faults: Mapping[str, Sequence[str]]) -> list[Shown]:
    """The controls with what a shape holds; `place` is where the shape stands, `faults` are by pointer."""
    found = []
    for one in fields:
        pointer = f"{place}/{one.path.replace('.', '/')}"
        said = tuple(text for at, texts in faults.items() if _under(at, pointer) for text in texts)
        value = one.reads or WRITERS.get(one.kind, _as_text)(get(shape, one.path), one)
        found.append(Shown(one, f"f.{one.path}", value, pointer, said))
    return found


def _under(at: str, pointer: str) -> bool:
    return at == pointer or at.startswith(pointer + "/")


def read(fields: Sequence[Field], shape: Json, typed: Typed) -> None:
    """Write what was typed into the shape; controls that the form did not have stay as they are."""
    for one in fields:
        name = f"f.{one.path}"
        if one.reads or (typed(f"{name}.here") is None and typed(name) is None):
            continue
        now = get(shape, one.path)
        if _same(one, typed, name, WRITERS.get(one.kind, _as_text)(now, one)):
            continue
        value = READERS.get(one.kind, _text)(typed, name, one)
        if value != now:  # what is written out, though it is the default, stays written
            put(shape, one.path, "" if value is None and one.stays else None if value == one.default else value)


def _same(one: Field, typed: Typed, name: str, shown: Json) -> bool:
    """Whether a control sends what was shown in it."""
    match one.kind:
        case "flag":
            return bool(_flag(typed, name, one) == shown)
        case "days" | "channels":
            return (_days(typed, name, one) or []) == [day for day in one.options if day in shown]
        case "span":
            told = f"{shown['sign']}{shown['number']}{shown['unit']}" if shown["number"] else None
            return bool(_span(typed, name, one) == told)
        case "repeat":
            return bool(_repeat(typed, name, one) == (repeats.of(shown) or None))
    return _plain(typed(name)) == _plain(str(shown))


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


# --- kinds ----------------------------------------------------------------------------------------------------------


def _as_text(value: Json, one: Field) -> Json:
    if value is None:
        return "" if one.default is None else one.default
    return value if isinstance(value, str | int | float | bool) else json.dumps(value, ensure_ascii=False)


def _text(typed: Typed, name: str, one: Field) -> Json:
    return (typed(name) or "").replace("\r\n", "\n").strip() or None


def _written(typed: Typed, name: str, one: Field) -> Json:
    text = (typed(name) or "").replace("\r\n", "\n")
    return text if text.strip() else None


def _number(typed: Typed, name: str, one: Field) -> Json:
    text = (typed(name) or "").strip()
    try:
        value = float(text)
    except ValueError:
        return text or None
    return int(value) if value.is_integer() else value


def _flag(typed: Typed, name: str, one: Field) -> Json:
    return typed(name) == "on"


def _as_flag(value: Json, one: Field) -> Json:
    return bool(one.default) if value is None else value is True


def _span(typed: Typed, name: str, one: Field) -> Json:
    number, unit = (typed(name) or "").strip(), typed(f"{name}.unit")
    unit = "d" if unit is None else unit
    sign = "-" if typed(f"{name}.sign") == "-" else ""
    return f"{sign}{number}{unit}" if number else None


def _as_span(value: Json, one: Field) -> Json:
    """Number, unit and side of a span that people write; anything else stands in the number as it is."""
    text = str(one.default if value is None and one.default is not None else value or "")
    if found := SPAN.fullmatch(text):
        return {"sign": found[1], "number": found[2], "unit": found[3]}
    return {"sign": "", "number": text, "unit": "" if text else "d"}


def _days(typed: Typed, name: str, one: Field) -> Json:
    return [day for day in one.options if typed(f"{name}.{day}") == "on"] or None


def _as_days(value: Json, one: Field) -> Json:
    return [str(day) for day in value] if isinstance(value, list) else []


def _yaml(typed: Typed, name: str, one: Field) -> Json:
    text = (typed(name) or "").replace("\r\n", "\n")
    if not text.strip():
        return None
    try:
        return json.loads(json.dumps(read_one(text), allow_nan=False))
    except (Invalid, ValueError, TypeError, RecursionError):
        return text  # the reader of campaigns says that this is no list or object


def _as_yaml(value: Json, one: Field) -> Json:
    if value is None or isinstance(value, str):
        return value or ""
    return as_yaml(value) if isinstance(value, Mapping) else as_yaml({"x": value}).partition("\n")[2]


def _repeat(typed: Typed, name: str, one: Field) -> Json:
    if typed(f"{name}.every") is None:
        return _text(typed, name, one)
    days = [day for day in repeats.BY_DAYS if typed(f"{name}.{day}") == "on"]
    return repeats.said(typed(f"{name}.every") or "", typed(f"{name}.interval") or "", days)


READERS: dict[str, Callable[[Typed, str, Field], Json]] = {
    "repeat": _repeat,
    "number": _number, "flag": _flag, "span": _span, "days": _days, "channels": _days, "yaml": _yaml, "rule": _yaml,
    "code": _written, "long": _written,
}  # fmt: skip
WRITERS: dict[str, Callable[[Json, Field], Json]] = {
    "repeat": lambda value, one: repeats.parts(value),
    "flag": _as_flag, "span": _as_span, "days": _as_days, "channels": _as_days, "yaml": _as_yaml,
    "rule": lambda value, one: "" if value is None else json.dumps(value, ensure_ascii=False),
}  # fmt: skip
