"""What people say of a calendar, and the rule of RFC 5545 that means it. Pure."""

from __future__ import annotations

import re
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
