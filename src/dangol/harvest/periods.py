"""Stretches of the shop's calendar: what a page is about, and the parts that it is shown in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dangol.base.clock import to_us

DAYS_AT_MOST, WEEKS_AT_MOST = 62, 400  # days of a period that is shown by days, by weeks
LONGEST = 366 * 12
DAY, WEEK, MONTH = "day", "week", "month"


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day of the shop's calendar, both in it."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The instant behind it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As long a one that ends where this begins."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    @property
    def step(self) -> str:
        return DAY if self.days <= DAYS_AT_MOST else WEEK if self.days <= WEEKS_AT_MOST else MONTH

    def parts(self) -> list[date]:
        """The first day of each part it is shown in."""
        found, day = [], self.first
        while day <= self.last:
            found.append(day)
            day = _next(day, self.step)
        return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _next(day: date, step: str) -> date:
    if step == MONTH:
        return next_month(day)
    return day + timedelta(days=1 if step == DAY else 7)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def edges(days: Sequence[date], zone: ZoneInfo) -> list[int]:
    """Where these days begin, in microseconds since 1970."""
    return [to_us(midnight(day, zone)) for day in days]


def period(first: str, last: str, today: date, zone: ZoneInfo, days: int = 30) -> Period:
    """What two texts like 2026-03-09 mean; what cannot be read is the last `days` days up to today.

    Ends that are the wrong way round are turned, the future is left out, and so is what is longer than twelve years.
    """
    end = min(_day(last) or today, today)
    start = _day(first) or end - timedelta(days=days - 1)
    if start > end:
        start, end = end, min(start, today)
    return Period(max(start, end - timedelta(days=LONGEST)), end, zone)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year >= 1990 else None
