"""The clock is an argument: the same loop runs live, in tests at any speed and over last year's facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A clock that stands where it was set: for tests, rehearsals and the demo's history."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self._at += by


def to_us(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant; exact, no float on the way."""
    return (at - EPOCH) // MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC instant `us` microseconds after 1970."""
    return EPOCH + timedelta(microseconds=us)
