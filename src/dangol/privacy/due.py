"""Until when the law wants an answer. Pure: dates in, dates out."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dangol.base.months import months_later

KOREA = timedelta(days=10)  # 개인정보 보호법 시행령 41, 43
PLATFORM = timedelta(days=30)  # what Shopify gives a shop to redact
EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
LAWS = ("KR", "EU", "platform", "other")


def law_of(country: str, source: str = "staff") -> str:
    """The law a request falls under, by the shop's country; one that a platform passed on has the platform's term."""
    if country == "KR":
        return "KR"
    if country in EU:
        return "EU"
    return "platform" if source not in {"staff", "api"} else "other"


def due(law: str, received_at: datetime, zone: ZoneInfo) -> datetime:
    """When an answer is due: the stricter of a month (GDPR 12(3)) and what the law at hand says."""
    if law == "KR":
        return received_at + KOREA
    if law == "platform":
        return received_at + PLATFORM
    return months_later(received_at, 1, zone)


def extended(received_at: datetime, zone: ZoneInfo) -> datetime:
    """Two further months, which must be told with a reason within the first (GDPR 12(3))."""
    return months_later(received_at, 3, zone)


def reconfirmation(agreed_at: datetime, times: int, zone: ZoneInfo, years: int) -> datetime:
    """When a consent is to be confirmed for the n-th time: before the same day every so many years, never so many times
    365 days. A consent of 29 February is confirmed before the 28th.
    """
    day = months_later(agreed_at, 12 * years * times, zone).astimezone(zone)
    return day.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(agreed_at.tzinfo)


def missed(agreed_at: datetime, now: datetime, zone: ZoneInfo, years: int) -> datetime | None:
    """The newest reconfirmation that was due at `now`; None before the first."""
    times = 0
    while reconfirmation(agreed_at, times + 1, zone, years) <= now:
        times += 1
    return reconfirmation(agreed_at, times, zone, years) if times else None
