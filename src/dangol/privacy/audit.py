"""The log of accesses: who did what with whose data, when, from where and why. Lines are only added.

In: one line from whoever does something that must be accounted for, in the same transaction.
Promise: a line that was changed, removed or put in between is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from dangol.base.clock import to_us
from dangol.privacy.models import Access

LINE_LOCK = 0x0DA17602  # in PostgreSQL's advisory lock space; SQLite has one writer anyway
FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person of the staff, a key, or the house."""

    name: str
    ip: str = ""


HOUSE = Actor("dangol")


def note(
    actor: Actor, what: str, now: datetime, *, customer: int | None = None, reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Access:  # fmt: skip
    """Add a line."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LINE_LOCK])
        last = Access.objects.order_by("-pk").values_list("hash", flat=True).first() or FIRST
        line = Access(
            at=now, who=actor.name[:254], what=what, customer_id=customer, reason=reason[:200], ip=actor.ip[:45],
            detail=dict(detail or {}), previous=last,
        )  # fmt: skip
        line.hash = hash_of(line)
        line.save(force_insert=True)
    return line


def hash_of(line: Access) -> str:
    """Over everything the line says and the hash of the one before."""
    told = [
        line.previous, to_us(line.at), line.who, line.what, line.customer_id, line.reason, line.ip,
        msgspec.json.encode(line.detail, order="sorted").decode(),
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk along the log found."""

    lines: int
    last: str  # hash of the newest line: written down elsewhere, it proves that none was cut off the end
    broken_at: int | None  # the first line that does not fit
    why: str = ""


def verify(newest: int | None = None) -> Verified:
    """Walk the log, all of it or its newest lines. The first may follow ones that were kept long enough and purged."""
    before, count = None, 0
    ids = Access.objects.order_by("-pk").values_list("pk", flat=True)
    first = min(ids[:newest], default=0) if newest else 0
    for line in Access.objects.filter(pk__gte=first).order_by("pk").iterator(chunk_size=1_000):
        if before is not None and line.previous != before:
            return Verified(count, before, line.pk, "a line before it was removed or put in")
        if line.hash != hash_of(line):
            return Verified(count, before or FIRST, line.pk, "it was changed")
        before, count = line.hash, count + 1
    return Verified(count, before or FIRST, None)


def lines(limit: int = 100, before: int | None = None, customer: int | None = None) -> list[Access]:
    """The newest lines."""
    rows = Access.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if customer is not None:
        rows = rows.filter(customer_id=customer)
    return list(rows[:limit])
