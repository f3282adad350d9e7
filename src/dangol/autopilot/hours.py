"""Office hours: when somebody had enough of them to object. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

WORKDAYS = 5  # Monday to Friday


def after(now: datetime, hours: float, opens: time, closes: time, zone: tzinfo) -> datetime:
    """The instant at which `hours` office hours have passed since `now`, by the shop's clock."""
    left = timedelta(hours=hours)
    here = now.astimezone(zone)
    while True:
        begins = max(here, datetime.combine(here.date(), opens, zone))
        ends = datetime.combine(here.date(), closes, zone)
        room = (ends - begins) if here.weekday() < WORKDAYS else timedelta(0)
        if left <= room or (left == timedelta(0) and room >= timedelta(0)):
            return (begins + left).astimezone(UTC) if left else now
        left -= max(room, timedelta(0))
        here = datetime.combine(here.date() + timedelta(days=1), time(0), zone)
