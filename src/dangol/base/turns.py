"""One turn at a time: whoever changes what facts mean waits until the other is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

TURN_LOCK = 0x0DA17601  # an arbitrary key of our own in PostgreSQL's advisory lock space


@contextmanager
def turn() -> Iterator[None]:
    """An exclusive transaction on the state database.

    The loop's batch and everything that computes memberships run inside one, so that a segment saved while facts
    arrive is computed over a history that stands still. SQLite begins IMMEDIATE, which is that lock already.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN_LOCK])
        yield
