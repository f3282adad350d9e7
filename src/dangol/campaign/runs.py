"""Writing runs: new ones, those that went on, and the facts that tell who came and who left."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from dangol.base import bulk
from dangol.campaign import rules
from dangol.campaign.models import Run
from dangol.campaign.walking import Walk
from dangol.collect.steps import emit_all

CHANGING = ("version", "step", "phase", "since", "due_at", "state", "ended_at", "ended_for", "reached_at", "context")
# By hand, as in deliver/rows.py: the ORM's own bulk update builds one CASE per row and column.
UPDATE = f"UPDATE campaign_run SET {', '.join(f'{name} = %s' for name in CHANGING)} WHERE id = %s"  # noqa: S608


def add(runs: Sequence[Run]) -> None:
    """Insert new runs; one that is there already stays as it is."""
    bulk.insert(runs, ignore=True)


def save(runs: Iterable[Run]) -> None:
    """Write what walking changes; the caller holds the rows."""
    by_name = {field.name: field for field in Run._meta.concrete_fields}
    fields = [by_name[name] for name in CHANGING]
    values = [
        [field.get_db_prep_save(getattr(run, field.attname), connection) for field in fields] + [run.pk] for run in runs
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(UPDATE, values)


def tell_entered(runs: Sequence[Run]) -> None:
    """A `Journey Entered` fact for each that is told of."""
    _emit("Journey Entered", [(run, {"campaign": run.campaign.key, "arm": run.arm}, run.entered_at) for run in runs])


def tell_left(walk: Walk, now: datetime) -> None:
    """A `Journey Left` fact for each that ended and is told of, with its reason."""
    _emit("Journey Left", [(run, {"campaign": run.campaign.key, "reason": why}, now) for run, why in walk.ended])


def _emit(name: str, about: Iterable[tuple[Run, dict[str, Any], datetime]]) -> None:
    """Of runs that began with many others nothing is told, neither how they came nor how they left: the log stays
    small."""
    facts = [
        (name, run.customer_id, told, message_id(name, run), at)
        for run, told, at in about
        if not rules.of_a_slot(run.trigger)
    ]
    if facts:
        emit_all(facts)


def message_id(name: str, run: Run) -> str:
    """The same for the same run, whoever writes it and however often."""
    what = f"{run.campaign.key}:{run.home}:{run.trigger}"
    return f"{name.lower().replace(' ', '-')}:{hashlib.sha256(what.encode()).hexdigest()[:40]}"
