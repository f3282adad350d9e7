"""When a hand-over that was put off is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RETRY_FOR = timedelta(hours=72)
WAITS = (5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, *[4 * HOUR] * 18)
USUAL = tuple(wait for wait, since in zip(WAITS, accumulate(WAITS), strict=True) if since <= RETRY_FOR)
# Standard Webhooks': soon at first, since a program answers, and rarely at last.
WEBHOOK = (timedelta(seconds=5), 5 * MINUTE, 30 * MINUTE, *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24)))


def retry_after(attempts: int, channel: str = "") -> timedelta | None:
    """How long to wait after so many attempts that were put off; None when three days of them are enough."""
    waits = WEBHOOK if channel == "webhook" else USUAL
    return waits[attempts - 1] if attempts <= len(waits) else None
