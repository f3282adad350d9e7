"""What people say of a calendar, and the rule of RFC 5545 that means it. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.web.builder.controls import Words

EVERY: Words = {"DAILY": _("day"), "WEEKLY": _("week"), "MONTHLY": _("month"), "YEARLY": _("year")}
BY_DAYS: Words = {
    "MO": _("Mon"),
    "TU": _("Tue"),
    "WE": _("Wed"),
    "TH": _("Thu"),
    "FR": _("Fri"),
    "SA": _("Sat"),
    "SU": _("Sun"),
}
SIMPLE = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(?:;INTERVAL=(\d{1,3}))?(?:;BYDAY=([A-Z,]+))?")


def parts(rule: Any) -> dict[str, Any]:
    """The parts of a simple rule; `text` alone where the rule is none that the form can say."""
    found = SIMPLE.fullmatch(rule) if isinstance(rule, str) else None
    days = found[3].split(",") if found and found[3] else []
    if found is None or any(day not in BY_DAYS for day in days) or (days and found[1] != "WEEKLY"):
        return {"text": rule or ""}
    return {"every": found[1], "interval": found[2] or "1", "days": days}


ONE_DAY = re.compile(
    r"FREQ=(?:YEARLY;BYMONTH=(1[0-2]|[1-9]);BYMONTHDAY=([12]?\d|3[01])|MONTHLY;BYMONTHDAY=([12]?\d|3[01])"
    r"|MONTHLY;BYDAY=([1-5])([A-Z]{2}))(?:;BY(?:HOUR|MINUTE|SECOND)=\d{1,2})*"
)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of each year (month and day), or of each month (day, or the nth of a weekday)."""

    month: int = 0
    day: int = 0
    nth: int = 0
    weekday: str = ""


def one_day(rule: Any) -> Day | None:
    """The day that a rule means; None where it means another kind of thing."""
    found = ONE_DAY.fullmatch(rule) if isinstance(rule, str) else None
    if found is None or (found[5] and found[5] not in BY_DAYS):
        return None
    day = Day(int(found[1] or 0), int(found[2] or found[3] or 0), int(found[4] or 0), found[5] or "")
    return day if day.month == 0 or day.day <= monthrange(2024, day.month)[1] else None


DATES = "RDATE:"


def days(rule: Any) -> list[str]:
    """The days that a rule lists, as 2027-01-24 10:00; none where it is another kind of rule."""
    if not isinstance(rule, str) or not rule.startswith(DATES):
        return []
    listed = rule.removeprefix(DATES).split(",")
    return [f"{one[:4]}-{one[4:6]}-{one[6:8]} {one[9:11]}:{one[11:13]}" for one in listed]


def of(parts: dict[str, Any]) -> str:
    """The rule that came apart into `parts`."""
    return str(parts["text"]) if "text" in parts else said(parts["every"], parts["interval"], parts["days"])


def said(every: str, interval: str, days: list[str]) -> str:
    """The rule that the parts say."""
    rule = f"FREQ={every}"
    if interval.isdecimal() and int(interval) > 1:
        rule += f";INTERVAL={int(interval)}"
    return f"{rule};BYDAY={','.join(days)}" if days and every == "WEEKLY" else rule
