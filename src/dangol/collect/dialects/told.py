"""What every dialect makes of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class BadBody(Exception):
    """The request as a whole cannot be read."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Told:
    """The calls that a request holds."""

    key: str  # the write key that its body names; empty where it names none
    events: list[Any]  # in the Segment shape, or whatever stood there
    batch: Mapping[str, Any]  # what stands around them: context, integrations, sentAt
    imported: bool = False  # history: times are believed, no campaign starts


# (payload, the kind of call that the path names or "batch", when it arrived) → Told. Raises BadBody.
Dialect = Callable[[Any, str, datetime], Told]


def key_in(value: Any) -> str:
    """A write key as a body names it; libraries that mask it in the body name none."""
    return value if isinstance(value, str) and "***" not in value else ""


def fields(value: Any) -> dict[str, Any]:
    """An object; whatever else stands there is none."""
    return value if isinstance(value, dict) else {}


def present(**values: Any) -> dict[str, Any]:
    """Those that are there."""
    return {name: value for name, value in values.items() if value is not None and value != {}}
