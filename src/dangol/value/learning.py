"""Beside the loop: the shop's forecast is made when it is due, on a thread that facts do not wait for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from dangol.base.clock import Clock
from dangol.value import steps

log = logging.getLogger("dangol.value")

LOOKS_EVERY = 5.0  # seconds
RESTS = 300.0  # seconds after a failure


def run(clock: Clock, stopping: threading.Event, waits: Callable[[], bool] = lambda: False) -> None:
    """Until told to stop; while `waits` says so, nothing is done."""
    rest = LOOKS_EVERY
    while not stopping.wait(rest):
        rest = LOOKS_EVERY
        try:
            if not waits():
                _learn(clock.now())
        except Exception:
            log.exception("the forecast of the shop failed; it is tried again")
            rest = RESTS
        finally:
            connection.close()


def _learn(now: datetime) -> None:
    if steps.fit_due(now):
        steps.fit(now)
    from dangol.value import scoring  # noqa: PLC0415 - numpy and scipy: not at start-up

    while scoring.score_next(now):
        pass
