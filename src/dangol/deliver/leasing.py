"""Which deliveries a worker takes: due ones, the longest due first, each by one worker.

A lease is a name that no other lease has. Whoever writes to a delivery afterwards names it, so a worker that lost its
lease (it was stopped for a minute, or the clock went on) writes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from dangol.base.clock import from_us, to_us
from dangol.deliver.models import Delivery

LEASE = timedelta(seconds=60)  # a slow batch may lose its lease: then another worker takes what was not begun

# By hand, with the states spelt out: only then do both engines use the index of what waits, which stays small.
WAITING = "state IN ('planned', 'deferred')"
TAKEN = "state IN ('leased', 'attempting')"
TAKE = f"""UPDATE deliver_delivery SET state = 'leased', lease = %s, leased_until = %s WHERE id IN (
    SELECT id FROM deliver_delivery WHERE {WAITING} AND due_at <= %s ORDER BY due_at, id LIMIT %s {{others}})
    RETURNING *"""  # noqa: S608 - nothing of it comes from outside
NEXT = f"SELECT due_at FROM deliver_delivery WHERE {WAITING} ORDER BY due_at, id LIMIT 1"  # noqa: S608
SILENT = f"SELECT 1 FROM deliver_delivery WHERE {TAKEN} AND leased_until <= %s LIMIT 1"  # noqa: S608


def lease(now: datetime, limit: int, name: str) -> list[Delivery]:
    """Take up to `limit` due deliveries for one worker, under the lease `name`."""
    others = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""  # SQLite has one writer
    with transaction.atomic():
        take = Delivery.objects.raw(TAKE.format(others=others), [name, to_us(now + LEASE), to_us(now), limit])
        return sorted(take, key=lambda delivery: (delivery.due_at, delivery.pk))


def next_due() -> datetime | None:
    """When the next message is due."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT)
        found = cursor.fetchone()
    return from_us(found[0]) if found else None


def any_silent(now: datetime) -> bool:
    """Whether a worker was not heard of for longer than it asked for."""
    with connection.cursor() as cursor:
        cursor.execute(SILENT, [to_us(now)])
        return cursor.fetchone() is not None
