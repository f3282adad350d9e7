"""Months later, by the calendar of a place."""

from __future__ import annotations

import calendar
from datetime import datetime, tzinfo


def months_later(at: datetime, months: int, zone: tzinfo) -> datetime:
    """The same day of a later month, in local time; the last day of a month that has none such."""
    local = at.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    moved = local.replace(year=year, month=month + 1, day=min(local.day, last))
    return moved.astimezone(at.tzinfo)
