"""What people look at in segments: lists with counts, members, one customer's memberships. Reads only."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count

from dangol.segment.models import Member, Segment

ACTIVE = "active"


def active() -> list[tuple[Segment, int]]:
    """Active segments with how many are in each now, the fullest first."""
    rows = Segment.objects.filter(state=ACTIVE).annotate(size=Count("members")).order_by("-size", "key")
    return [(row, row.size) for row in rows]


def count_active() -> int:
    return Segment.objects.filter(state=ACTIVE).count()


def find(key: str) -> Segment | None:
    """An active segment."""
    return Segment.objects.filter(key=key, state=ACTIVE).first()


def size(key: str) -> int:
    return Member.objects.filter(segment__key=key).count()


def of_customer(customer_id: int) -> list[tuple[Segment, datetime]]:
    """The segments a customer is in now, and since when; the newest first."""
    rows = Member.objects.filter(customer_id=customer_id, segment__state=ACTIVE).select_related("segment")
    return [(row.segment, row.since) for row in rows.order_by("-since")]


def members(key: str, after: int, limit: int) -> list[tuple[int, datetime]]:
    """Customers in a segment and since when, by customer id from `after` on."""
    rows = Member.objects.filter(segment__key=key, customer_id__gt=after).order_by("customer_id")
    return list(rows.values_list("customer_id", "since")[:limit])
