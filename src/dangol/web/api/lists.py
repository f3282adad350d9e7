"""Lists: one page of items, and the cursor that leads to the next. A cursor is the place of the last item on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from ninja import Schema
from pydantic import Field

from dangol.base.clock import from_us, to_us
from dangol.base.errors import Fault, Invalid

MOST = 1_000
LARGEST = 2**63 - 1
T = TypeVar("T")
R = TypeVar("R")


class Page(Schema, Generic[T]):
    """A part of a list, and where the next one begins."""

    items: list[T]
    next: str | None = Field(description="pass it as `cursor` for the next part; null at the end")


class Paging(Schema):
    """Which part of a list."""

    cursor: str | None = Field(None, max_length=200, description="what `next` of the part before gave")
    limit: int = Field(100, ge=1, le=MOST, description="how many items, at most")

    def number(self) -> int | None:
        """The number that the cursor is. Raises Invalid for one that we did not give."""
        told = self._numbers(1)
        return told[0] if told else None

    def instant(self) -> tuple[datetime, int] | None:
        """The instant and the number that the cursor is made of. Raises Invalid for one that we did not give."""
        told = self._numbers(2)
        try:
            return (from_us(told[0]), told[1]) if told else None
        except OverflowError:
            raise self._foreign() from None

    def _numbers(self, count: int) -> tuple[int, ...]:
        if self.cursor is None:
            return ()
        parts = self.cursor.split(".")
        if len(parts) != count or not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts):
            raise self._foreign()
        told = tuple(int(part) for part in parts)
        if max(told) > LARGEST:
            raise self._foreign()
        return told

    def _foreign(self) -> Invalid:
        return Invalid([Fault("/query/cursor", str(self.cursor), "what `next` of the part before gave")])


def page(rows: Sequence[R], paging: Paging, shown: Callable[[R], T], place: Callable[[R], str]) -> dict[str, Any]:
    """A page of rows, of which one more than asked for was read to know whether there are more."""
    part = rows[: paging.limit]
    return {
        "items": [shown(row) for row in part],
        "next": place(part[-1]) if len(rows) > paging.limit else None,
    }


def whole(rows: Sequence[R], paging: Paging, shown: Callable[[R], T], key: Callable[[R], str]) -> dict[str, Any]:
    """A page of a short list that is in hand as a whole, by key."""
    ordered = sorted(rows, key=key)
    behind = [row for row in ordered if paging.cursor is None or key(row) > paging.cursor]
    return page(behind[: paging.limit + 1], paging, shown, key)


def at_number(at: datetime, number: int) -> str:
    """The cursor of a row that is placed by time and id."""
    return f"{to_us(at)}.{number}"
