"""The picture of a segment's size."""

from __future__ import annotations

from datetime import date, timedelta

from dangol.segment.days import Size
from dangol.web.sizes import picture

TODAY = date(2026, 11, 28)


def days(*sizes: int) -> list[Size]:
    return [Size(TODAY - timedelta(days=len(sizes) - 1 - n), size, 0, 0) for n, size in enumerate(sizes)]


def test_days_before_anybody_was_in_it_are_not_drawn() -> None:
    """A segment that is new has no history of nobody."""
    assert picture(days(0, 0, 0, 7)) is None
    drawn = picture(days(0, 0, 3, 7, 0))
    assert drawn
    assert (drawn.first.on, drawn.first.size, drawn.last.size) == (TODAY - timedelta(days=2), 3, 0)
    assert len(drawn.line.split()) == 3
