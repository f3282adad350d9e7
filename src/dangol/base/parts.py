"""Many values in parts that a database takes in one IN (…)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 300  # SQLite allows 32,766 variables; plans stay small and parts stay quick


def parts(values: Sequence[T], most: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """The values in order, at most `most` at a time."""
    for start in range(0, len(values), most):
        yield values[start : start + most]
