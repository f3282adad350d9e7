"""What people look at in tasks. Reads only."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from dangol.converse.models import Task

Place = tuple[datetime, int]  # time and id of the last one seen


def newest_done(limit: int = 20) -> list[Task]:
    """What was done last."""
    return list(Task.objects.filter(state="done").order_by("-done_at", "-pk")[:limit])


def open_after(place: Place | None, limit: int) -> list[Task]:
    """What is to do, the oldest first, behind a place."""
    rows = Task.objects.filter(state="open").order_by("opened_at", "pk")
    if place:
        at, pk = place
        rows = rows.filter(Q(opened_at__gt=at) | Q(opened_at=at, pk__gt=pk))
    return list(rows[:limit])


def done_before(place: Place | None, limit: int) -> list[Task]:
    """What was done, the newest first, behind a place."""
    rows = Task.objects.filter(state="done").order_by("-done_at", "-pk")
    if place:
        at, pk = place
        rows = rows.filter(Q(done_at__lt=at) | Q(done_at=at, pk__lt=pk))
    return list(rows[:limit])
