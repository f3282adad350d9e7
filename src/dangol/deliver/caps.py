"""How often one customer hears from us: caps per channel and local day or week, and who goes first under them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

EVERY_CHANNEL = "*"
DAY, WEEK = 1, 7
MORNING = time(8)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many marketing messages to one customer in a local day or week."""

    most: int
    days: int = DAY  # 1: the local day; 7: the local week, from Monday on
    channel: str = EVERY_CHANNEL

    @property
    def rule(self) -> str:
        return "daily_cap" if self.days == DAY else "weekly_cap"


ONE_A_DAY = (Cap(1),)
FEWER = Cap(1, WEEK)  # what a customer chooses who wants fewer messages


@dataclass(frozen=True, slots=True)
class Other:
    """Another marketing message to the same customer: handed over at `at`, or waiting until then."""

    channel: str
    at: datetime
    priority: int = 0
    delivery: int = 0  # its number in the ledger


def full(caps: Iterable[Cap], channel: str, sent: Sequence[Other], now: datetime, zone: tzinfo) -> dict[str, datetime]:
    """The caps that leave no room: rule → when the next local day or week begins."""
    found: dict[str, datetime] = {}
    for cap in caps:
        if counts(cap, channel) and _used(cap, sent, now, zone) >= cap.most:
            until = morning(_window(now, cap.days, zone) + timedelta(days=cap.days), zone)
            found[cap.rule] = max(until, found.get(cap.rule, until))
    return found


def ahead(
    caps: Iterable[Cap], channel: str, sent: Sequence[Other], waiting: Sequence[Other], priority: int,
    now: datetime, zone: tzinfo,
) -> datetime | None:  # fmt: skip
    """When the last of the more important messages is due that take the room this one would need; None for none."""
    before = [one for one in waiting if one.priority > priority]
    due = [
        max(one.at for one in theirs)
        for cap in caps
        if counts(cap, channel) and (theirs := within(cap, before, now, zone))
        and _used(cap, sent, now, zone) + len(theirs) >= cap.most
    ]  # fmt: skip
    return max(due, default=None)


def counts(cap: Cap, channel: str) -> bool:
    """Whether messages on this channel count for a cap."""
    return cap.channel in (EVERY_CHANNEL, channel)


def _used(cap: Cap, sent: Sequence[Other], now: datetime, zone: tzinfo) -> int:
    return len(within(cap, sent, now, zone))


def within(cap: Cap, others: Sequence[Other], now: datetime, zone: tzinfo) -> list[Other]:
    """Those that count for a cap in the local day or week of `now`. What is overdue is still to come today."""
    this = _window(now, cap.days, zone)
    return [one for one in others if counts(cap, one.channel) and _window(one.at, cap.days, zone) == this]


def _window(at: datetime, days: int, zone: tzinfo) -> date:
    """The day on which the local day or week of an instant begins."""
    day = at.astimezone(zone).date()
    return day if days == DAY else day - timedelta(days=day.weekday())


def morning(day: date, zone: tzinfo, at: time = MORNING) -> datetime:
    """When a day's messages may begin."""
    return datetime.combine(day, at, zone).astimezone(UTC)
