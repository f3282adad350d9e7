"""What readers of leaves share: which keys a leaf takes, the name of its events, `is`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dangol.segment import operands
from dangol.segment.language import Name
from dangol.segment.operands import Reading, below

Shape = Mapping[str, Any]


def only(reading: Reading, pointer: str, shape: Shape, subject: str, *allowed: str) -> bool:
    """Whether the leaf holds nothing but its subject and what it takes."""
    unknown = [key for key in shape if key != subject and key not in allowed]
    for key in unknown:
        reading.refuse(below(pointer, key), key, f"beside {subject}: {', '.join(allowed) or 'nothing'}")
    return not unknown


def name_of(reading: Reading, pointer: str, value: Any) -> Name | None:
    text = operands.text(reading, pointer, value, "an event's name; Prefix* for all that begin so, * for any")
    if text is None:
        return None
    return Name(text[:-1], prefix=True) if text.endswith("*") else Name(text)


def inside(reading: Reading, pointer: str, shape: Shape) -> bool | None:
    return operands.flag(reading, below(pointer, "is"), shape["is"]) if "is" in shape else True
