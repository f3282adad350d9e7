"""What staff have to do, and what they say to customers.

In: what went wrong for one customer, and what customers write. Out: a task that a person sees and closes; a thread for
each customer, in which staff answer.
Promise: the same cause makes one task; what was said stands in the thread once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.parts import parts
from dangol.collect.steps import emit
from dangol.converse import talking
from dangol.converse.models import Task
from dangol.converse.talking import answer, close, hear
from dangol.identity.rules import Moves

__all__ = [
    "answer",
    "close",
    "count_open",
    "done",
    "hear",
    "of_customer",
    "open_task",
    "open_tasks",
    "put_back",
    "rehome",
    "take",
]

OPEN, DONE = "open", "done"
ASKED = frozenset({"call", "letter", "visit"})  # kinds that campaigns ask for
OUTCOMES = ("done", "reached", "not_reached", "refused")


def open_task(customer_id: int, kind: str, reason: Mapping[str, Any], key: str, now: datetime) -> None:
    """Ask staff to look after a customer; `key` names the cause."""
    Task.objects.bulk_create(
        [Task(key=key[:200], customer_id=customer_id, home=customer_id, kind=kind, reason=dict(reason), opened_at=now)],
        ignore_conflicts=True,
    )


def take(task_id: int, who: str, now: datetime) -> Task:
    """Say that somebody looks after a task; whoever said so first does, until they put it back. Raises NotFound."""
    Task.objects.filter(pk=task_id, state=OPEN, taken_by="").update(taken_by=who, taken_at=now)
    return _task(task_id)


def put_back(task_id: int, who: str) -> Task:
    """Leave a task that one took to the others. Raises NotFound."""
    Task.objects.filter(pk=task_id, state=OPEN, taken_by=who).update(taken_by="", taken_at=None)
    return _task(task_id)


def done(task_id: int, note: str, now: datetime, outcome: str = "done", who: str = "") -> Task:
    """Close a task with what came of it; closing it twice changes nothing. What a campaign asked for is told as a
    fact. Raises NotFound, and Invalid for an outcome that is none.
    """
    if outcome not in OUTCOMES:
        raise Invalid([Fault("/outcome", outcome, ", ".join(OUTCOMES))])
    with transaction.atomic():
        open_one = Task.objects.filter(pk=task_id, state=OPEN)
        closed = open_one.update(state=DONE, note=note, done_at=now, outcome=outcome, taken_by=who)
        task = _task(task_id)
        if closed and task.kind in ASKED:
            _tell(task, now)
    return task


def _task(task_id: int) -> Task:
    task = Task.objects.filter(pk=task_id).first()
    if task is None:
        raise NotFound(f"there is no task {task_id}")
    return task


def _tell(task: Task, now: datetime) -> None:
    told = {name: task.reason.get(name, "") for name in ("kind", "title", "text", "campaign", "step", "delivery")}
    told |= {"outcome": task.outcome, "note": task.note, "by": task.taken_by}
    emit("Task Done", task.customer_id, told, message_id=f"task done:{task.pk}", at=now)


def open_tasks(limit: int = 100) -> list[Task]:
    """What is to do, the oldest first."""
    return list(Task.objects.filter(state=OPEN).order_by("opened_at", "id")[:limit])


def count_open() -> int:
    return Task.objects.filter(state=OPEN).count()


def of_customer(customer_id: int) -> list[Task]:
    """One customer's tasks, the newest first."""
    return list(Task.objects.filter(customer_id=customer_id).order_by("-opened_at"))


def rehome(moves: Moves) -> None:
    """Give tasks and conversations to the customers that their homes lead to now."""
    talking.rehome(moves)
    for (before, after), (_, homes) in moves.pairs().items():
        for part in parts(homes):
            Task.objects.filter(customer_id=before, home__in=part).update(customer_id=after)
