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
    now: datetime


def tasks(request: Asked) -> HttpResponse:
    to_do, done = converse.open_tasks(), converse_reads.newest_done()
    names = profile.names({task.customer_id for task in [*to_do, *done]})
    return show(request, "tasks.html", TasksPage(to_do, done, names, request.now))


def finish(request: Asked, pk: int) -> HttpResponse:
    converse.done(pk, request.POST.get("note", "").strip()[:2_000], request.now)
    messages.success(request, _("Done. Thank you for looking after them."))
    return go("tasks")
