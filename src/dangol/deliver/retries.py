"""When a hand-over that was put off is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

RETRIES = (5, 15, 30, 60, 120)  # minutes; four hours each from there on
RETRY_FOR = timedelta(hours=72)


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that were put off; None when three days of them are enough."""
    waits = [timedelta(minutes=minutes) for minutes in RETRIES]
    wait = waits[attempts - 1] if attempts <= len(waits) else timedelta(hours=4)
    waited = sum(waits[: attempts - 1], timedelta(0)) + timedelta(hours=4) * max(attempts - 1 - len(waits), 0)
    return wait if waited + wait <= RETRY_FOR else None
