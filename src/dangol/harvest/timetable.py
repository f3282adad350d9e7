"""What the harvest does by itself: large campaigns are compared anew, and the monthly letter leaves."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from dangol.base.clock import Clock
from dangol.harvest import keeping, letters
from dangol.harvest.letters import Beside

log = logging.getLogger("dangol.harvest")

LOOKS_EVERY = 60.0  # seconds


def run(clock: Clock, stopping: threading.Event, beside: Beside) -> None:
    """Until told to stop."""
    while not stopping.wait(LOOKS_EVERY):
        try:
            while keeping.due(clock.now()) and not stopping.is_set():
                keeping.go_on(clock.now())
            letters.go_on(clock.now(), beside)
        except Exception:
            log.exception("the harvest's own work failed; it is tried again")
        finally:
            connection.close()
