"""What the harvest does by itself: large campaigns are compared anew every few minutes."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from dangol.base.clock import Clock
from dangol.harvest import keeping

log = logging.getLogger("dangol.harvest")

LOOKS_EVERY = 60.0  # seconds


def run(clock: Clock, stopping: threading.Event) -> None:
    """Until told to stop."""
    while not stopping.wait(LOOKS_EVERY):
        try:
            while keeping.due(clock.now()) and not stopping.is_set():
                keeping.go_on(clock.now())
        except Exception:
            log.exception("the harvest's own work failed; it is tried again")
        finally:
            connection.close()
