"""The row of an import: made before the first fact, so that whoever looks sees it run, or that it was cut short."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.models import QuerySet

from dangol.base.clock import SystemClock
from dangol.base.errors import Conflict
from dangol.collect.files import readers
from dangol.collect.files.report import Report
from dangol.collect.models import Import

PATIENCE = 300.0  # seconds
BEAT_EVERY = 1.0  # seconds between two signs of life
COUNTED = ("figures", "facts", "appended", "known", "rejected", "reasons", "notes")


class Stopped(Conflict):
    """Somebody does not want the import any more; what is in the log already stays there."""


def _running(row: Import) -> QuerySet[Import]:
    return Import.objects.filter(pk=row.pk, state="running")


@dataclass(slots=True)
class Record:
    """One import's row, as it runs."""

    row: Import
    again: bool = False  # takes up one that was cut short
    _beaten: float = field(default=0.0)

    def beat(self, what: str, done: int, total: int | None) -> None:
        """Say how far it is, once a second at most."""
        now = time.monotonic()
        if now - self._beaten >= BEAT_EVERY:
            self._beaten = now
            told = {"what": what, "done": done, "total": total}
            with contextlib.suppress(OperationalError):  # the state is busy: the next sign of life will do
                if not _running(self.row).update(progress=told, beat_at=SystemClock().now()):
                    raise Stopped("stopped by hand")

    def done(self, report: Report, now: datetime) -> None:
        told = report.as_json()
        self.row.mapping = {one.mapped.sample.name: one.mapped.named() for one in report.files}
        self.row.counts = {key: told[key] for key in COUNTED}
        self.row.rejected = [str(one.rejected_to) for one in report.files if one.rejected_to]
        self.row.state, self.row.error, self.row.progress, self.row.finished_at = "done", "", {}, now
        _surely(self.row)

    def failed(self, error: Exception, now: datetime) -> None:
        self.row.state, self.row.error, self.row.finished_at = "failed", str(error)[:10_000], now
        _surely(self.row)


def _surely(row: Import) -> None:
    """Save what came of it: the state may be busy for long while the loop works through what was imported."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            row.save()
        except OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def begin(paths: Sequence[Path], kind: str, choices: Mapping[str, Any], now: datetime) -> Record:
    """The row of an import that starts now: a new one, or that of the same files which was cut short."""
    digest = readers.digest_of(paths)
    same = Import.objects.filter(digest=digest, kind=kind, state="running", files=[]).order_by("-pk").first()
    if same is not None:
        Import.objects.filter(pk=same.pk).update(beat_at=now, choices=choices)
        same.choices = dict(choices)
        return Record(same, again=True)
    name = ", ".join(path.name for path in paths)[:300]
    row = Import.objects.create(
        name=name, digest=digest, kind=kind, state="running", choices=choices, started_at=now, beat_at=now
    )
    return Record(row)
