"""What staff have to do.

In: what went wrong for one customer. Out: a task that a person sees and closes.
Promise: the same cause makes one task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dangol.base.errors import NotFound
from dangol.converse.models import Task
from dangol.identity.rules import Merged

OPEN, DONE = "open", "done"


def open_task(customer_id: int, kind: str, reason: Mapping[str, Any], key: str, now: datetime) -> None:
    """Ask staff to look after a customer; `key` names the cause."""
    Task.objects.bulk_create(
        [Task(key=key[:200], customer_id=customer_id, kind=kind, reason=dict(reason), opened_at=now)],
        ignore_conflicts=True,
    )


def done(task_id: int, note: str, now: datetime) -> Task:
    """Close a task with what was done; closing it twice changes nothing. Raises NotFound."""
    Task.objects.filter(pk=task_id, state=OPEN).update(state=DONE, note=note, done_at=now)
    task = Task.objects.filter(pk=task_id).first()
    if task is None:
        raise NotFound(f"there is no task {task_id}")
    return task


def open_tasks(limit: int = 100) -> list[Task]:
    """What is to do, the oldest first."""
    return list(Task.objects.filter(state=OPEN).order_by("opened_at", "id")[:limit])


def count_open() -> int:
    return Task.objects.filter(state=OPEN).count()


def of_customer(customer_id: int) -> list[Task]:
    """One customer's tasks, the newest first."""
    return list(Task.objects.filter(customer_id=customer_id).order_by("-opened_at"))


def merge(merges: Sequence[Merged]) -> None:
    """Tasks of an absorbed customer become the survivor's."""
    for merged in merges:
        Task.objects.filter(customer_id=merged.absorbed).update(customer_id=merged.survivor)
