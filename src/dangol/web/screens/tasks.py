"""Tasks: what a person has to do, because a customer said something that no machine should answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.converse import reads as converse_reads
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.profile import reads as profile
from dangol.web.page import Asked, go, show


@dataclass(frozen=True, slots=True)
class TasksPage:
    """What is to do, and what was done."""

    open: list[Task]
    done: list[Task]
    names: dict[int, str]
    reach: dict[int, str]  # customer → telephone number
    now: datetime
    outcomes: tuple[str, ...] = converse.OUTCOMES


def tasks(request: Asked) -> HttpResponse:
    to_do, done = converse.open_tasks(), converse_reads.newest_done()
    names = profile.names({task.customer_id for task in [*to_do, *done]})
    numbers = profile.phones({task.customer_id for task in to_do if task.kind == "call"})
    return show(request, "tasks.html", TasksPage(to_do, done, names, numbers, request.now))


def take(request: Asked, pk: int) -> HttpResponse:
    """Say that one looks after a task, or that one no longer does."""
    who = request.user.get_username()
    if request.POST.get("back"):
        converse.put_back(pk, who)
    elif (task := converse.take(pk, who, request.now)).taken_by != who:
        messages.info(request, _("%(name)s was faster.") % {"name": task.taken_by})
    return go("tasks")


def finish(request: Asked, pk: int) -> HttpResponse:
    note = request.POST.get("note", "").strip()[:2_000]
    converse.done(pk, note, request.now, request.POST.get("outcome") or "done", request.user.get_username())
    messages.success(request, _("Done. Thank you for looking after them."))
    return go("tasks")
