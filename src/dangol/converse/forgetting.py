"""Forgetting a person: what staff had to do for them goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from dangol.converse.models import Task


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Delete these customers' tasks."""
    return {"tasks": Task.objects.filter(customer_id__in=customer_ids).delete()[0]}


def drop_done(until: datetime, most: int) -> int:
    """Delete tasks that were done before `until`."""
    old = Task.objects.filter(state="done", done_at__lt=until).values_list("pk", flat=True)[:most]
    return Task.objects.filter(pk__in=list(old)).delete()[0]
