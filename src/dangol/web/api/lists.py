"""Lists: one page of items and the cursor that leads to the next. A cursor is the place of the last item seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from ninja import Field, Query, Schema

from dangol.base.clock import from_us
from dangol.base.errors import Fault, Invalid

MOST = 1_000
LARGEST = 2**63 - 1

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items, at most.")]
Cursor = Annotated[str | None, Query(max_length=200, description="What `next` of the page before gave.")]

T = TypeVar("T")
S = TypeVar("S")


class Page(Schema):
    """What every list has beside its items."""

    next: str | None = Field(None, description="The cursor of the next page; null at the end.")


def page(rows: Sequence[T], limit: int, show: Callable[[T], Any], place: Callable[[T], str]) -> dict[str, Any]:
    """A page of `limit` items from rows that were read with one more than that."""
    items = rows[:limit]
    return {"items": [show(row) for row in items], "next": place(items[-1]) if len(rows) > limit else None}


def behind(rows: Sequence[T], cursor: str | None, limit: int, key: Callable[[T], str]) -> list[T]:
    """Of a short list the part behind a cursor, with one more than `limit`."""
    ordered = sorted(rows, key=key)
    return [row for row in ordered if cursor is None or key(row) > cursor][: limit + 1]


def numbers(cursor: str | None, count: int) -> tuple[int, ...] | None:
    """The numbers that a cursor is made of; None where there is no cursor. Raises Invalid for one that is not ours."""
    if cursor is None:
        return None
    parts = cursor.split(".")
    if len(parts) != count or not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts):
        raise bad(cursor)
    told = tuple(int(part) for part in parts)
    if max(told) > LARGEST:
        raise bad(cursor)
    return told


def instant_and_number(cursor: str | None) -> tuple[datetime, int] | None:
    """The instant and the number of a cursor. Raises Invalid for one that is not ours."""
    told = numbers(cursor, 2)
    if told is None:
        return None
    try:
        return from_us(told[0]), told[1]
    except OverflowError:
        raise bad(cursor or "") from None


def bad(cursor: str) -> Invalid:
    return Invalid([Fault("/query/cursor", cursor[:200], "what `next` of the page before gave")])
