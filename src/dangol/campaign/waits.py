"""Waiting: reads it, and says when it is over for one customer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Protocol

from dangol.base.instants import parse_instant
from dangol.campaign.definition import BestHour, LocalHour, Span, TraitDay, Wait
from dangol.campaign.shape import Reader

KINDS = ("hour", "days", "date", "offset", "yearly", "best_hour")
ANY_DAY = tuple(range(7))


class Person(Protocol):
    """What waiting depends on, of one customer."""

    @property
    def zone(self) -> tzinfo: ...

    @property
    def best_hour(self) -> int: ...

    def trait(self, path: str) -> Any: ...


def read_wait(read: Reader, given: object, at: str) -> Wait:
    """`2d`; `{hour, days}`; `{date: trait, offset, hour, yearly}`; `{best_hour: true}`."""
    if not isinstance(given, Mapping):
        return Span(read.span(given, at))
    shape = read.mapping(given, at, KINDS)
    kinds = [word for word in ("date", "best_hour") if word in shape]
    if len(kinds) > 1 or not (kinds or "hour" in shape):
        read.fault(at, given, "a span such as 2d, or one of {hour}, {date}, {best_hour: true}")
        return Span(timedelta(0))
    if kinds == ["date"]:
        return trait_day(read, shape, at, also=("days", "best_hour"))
    if kinds == ["best_hour"]:
        if shape["best_hour"] is not True or len(shape) > 1:
            read.fault(at, given, "{best_hour: true} and nothing beside it")
        return BestHour()
    _only(read, shape, at, ("hour", "days"))
    days = read.weekdays(shape["days"], f"{at}/days") if shape.get("days") is not None else ()
    return LocalHour(read.clock(shape["hour"], f"{at}/hour"), days)


def _only(read: Reader, shape: Mapping[str, Any], at: str, known: tuple[str, ...]) -> None:
    for word in shape:
        if word not in known:
            read.fault(f"{at}/{word}", word, "one of " + ", ".join(known))


def trait_day(read: Reader, shape: Mapping[str, Any], at: str, also: tuple[str, ...] = ()) -> TraitDay:
    """`date` with `offset`, `hour` and `yearly`."""
    for word in also:
        if word in shape:
            read.fault(f"{at}/{word}", word, "one of date, offset, hour, yearly")
    return TraitDay(
        trait=read.trait(shape.get("date"), f"{at}/date"),
        offset=read.offset(shape["offset"], f"{at}/offset") if shape.get("offset") is not None else timedelta(0),
        hour=read.clock(shape["hour"], f"{at}/hour") if shape.get("hour") is not None else time(9),
        yearly=read.flag(shape, "yearly", at, default=False),
    )


# --- when it is over ------------------------------------------------------------------------------------------------


def over(wait: Wait | None, since: datetime, person: Person) -> datetime | None:
    """When a wait that began at `since` ends; None where it never does (the trait names no day)."""
    match wait:
        case None:
            return since
        case Span(by):
            return since + by
        case LocalHour(hour, days):
            return next_hour(since, hour, days or ANY_DAY, person.zone)
        case BestHour():
            return next_hour(since, time(person.best_hour), ANY_DAY, person.zone)
        case TraitDay():
            found = next_day(wait, since, person)
            return None if found is None else max(found[1], since)


def next_hour(since: datetime, hour: time, days: tuple[int, ...], zone: tzinfo) -> datetime:
    """The first instant from `since` on at which a clock in the zone shows this hour on one of these days."""
    first = since.astimezone(zone).date()
    for ahead in range(9):
        day = first + timedelta(days=ahead)
        at = on(day, hour, zone)
        if day.weekday() in days and at >= since:
            return at
    return since  # cannot be: nine days hold every weekday twice or more but the first


def on(day: date, hour: time, zone: tzinfo) -> datetime:
    """A local time as an instant: the first of two where clocks go back, an hour later where it is skipped."""
    return datetime.combine(day, hour, zone).astimezone(UTC)


def next_day(wanted: TraitDay, since: datetime, person: Person) -> tuple[date, datetime] | None:
    """The day that the trait names and the instant that is meant: for a yearly one the next from a day ago on."""
    born = day_of(person.trait(wanted.trait), person.zone)
    if born is None:
        return None
    if not wanted.yearly:
        return born, on(_shifted(born, wanted.offset), wanted.hour, person.zone)
    year = since.astimezone(person.zone).year
    for ahead in range(-1, 3):
        day = _in_year(born, year + ahead)
        at = on(_shifted(day, wanted.offset), wanted.hour, person.zone)
        if at > since - timedelta(days=1) and day > born:
            return day, at
    return None


def day_of(value: Any, zone: tzinfo) -> date | None:
    """The day a trait's value names, on a calendar in the zone."""
    found = parse_instant(value, zone)
    return None if found is None else found.astimezone(zone).date()


def _in_year(day: date, year: int) -> date:
    """The anniversary in a year; of the 29th of February the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _shifted(day: date, offset: timedelta) -> date:
    try:
        return day + timedelta(days=round(offset / timedelta(days=1)))
    except OverflowError:
        return day
