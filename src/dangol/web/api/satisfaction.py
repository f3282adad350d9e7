"""Satisfaction over the API: what came back on a question, and what staff have to do."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema
from pydantic import Field

from dangol.converse import reads as tasks_reads
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.survey import steps as survey
from dangol.survey.models import Answer
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.lists import Page, Paging, at_number, page
from dangol.web.api.parameters import Key, TaskId, Text

router = Router(tags=["satisfaction"])
NO_NOTE = shapes.Note(note="")


class Asked(Schema):
    """Whose answers."""

    campaign: Text = Field("", max_length=64, description="of this campaign only")


class Wanted(Paging):
    """Which tasks."""

    state: Literal["open", "done"] = Field("open", description="open: the oldest first; done: the newest first")


@router.get("/surveys/{key}/results", response=shapes.SurveyShown)
def results(request: HttpRequest, key: Key, asked: Query[Asked]) -> dict[str, Any]:
    """What came back on a question, of one campaign or of all."""
    told = survey.results(key, asked.campaign)
    return {
        "key": told.survey.key,
        "asked": told.asked,
        "answers": told.csat.answers,
        "satisfied": told.csat.satisfied,
        "csat": told.csat.per_cent,
        "low": told.csat.low,
        "high": told.csat.high,
        "counts": list(told.csat.counts),
        "latest": [_answer(row) for row in told.latest],
    }


@router.get("/tasks", response=Page[shapes.TaskShown])
def tasks(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """What staff have to do, or have done."""
    read = tasks_reads.open_after if wanted.state == "open" else tasks_reads.done_before
    rows = read(wanted.instant(), wanted.limit + 1)
    return page(rows, wanted, _task, lambda row: at_number(row.done_at or row.opened_at, row.pk))


@router.post("/tasks/{task_id}/done", response=shapes.TaskShown)
def done(request: HttpRequest, task_id: TaskId, told: Body[shapes.Note] = NO_NOTE) -> dict[str, Any]:
    """Close a task with what was done."""
    return _task(converse.done(task_id, told.note, guard.CLOCK.now()))


def _answer(row: Answer) -> dict[str, Any]:
    return {
        "customer": str(row.customer_id),
        "campaign": row.campaign,
        "score": row.score,
        "answer": row.answer,
        "at": row.at,
    }


def _task(row: Task) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "customer": str(row.customer_id),
        "kind": row.kind,
        "reason": row.reason,
        "state": row.state,
        "opened_at": row.opened_at,
        "done_at": row.done_at,
        "note": row.note,
    }
