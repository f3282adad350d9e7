"""Imports.

In: files of any export (readers.py), a kind, and what the user says about their columns.
Out: facts in the log, marked as imported, and a row of collect.Import; rejected rows in a file with the reason.
Promise: the same files again add nothing, so a run that was cut short is simply run again.
"""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from dangol.base.errors import Fault, Invalid
from dangol.collect.files import mapping, readers
from dangol.collect.files.fields import KINDS, REASON
from dangol.collect.files.flow import Flow, Place
from dangol.collect.files.mapping import Mapped
from dangol.collect.files.readers import Opened
from dangol.collect.files.report import FileReport, Report
from dangol.collect.files.stage import Progress, Stage
from dangol.collect.files.text import guarded
from dangol.collect.models import Import

__all__ = ["Place", "Progress", "Report", "import_file", "import_files"]


def _silent(_what: str, _done: int, _total: int | None) -> None:
    return


def import_file(path: Path, kind: str, place: Place, **more: Any) -> Report:
    """Import one file; see import_files."""
    return import_files([path], kind, place, **more)


def import_files(
    paths: Sequence[Path],
    kind: str,
    place: Place,
    *,
    overrides: Mapping[str, str] | None = None,
    dry_run: bool = False,
    progress: Progress = _silent,
) -> Report:
    """Import files as orders, customers, items, reviews or events. `overrides` is column → field.

    Several files as orders are joined (lines.py says how); as any other kind they are read one after the other.
    Raises Invalid, before anything is written, for a kind, a file or a mapping that cannot work.
    """
    _check_kind(kind)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dangol-import-")))
        opened = [one for path in paths for one in stack.enter_context(readers.opened(path))]
        stage = Stage(folder)
        stack.callback(stage.close)
        samples = [stage.load(one.table, progress) for one in opened]
        files = _mapped(samples, kind, overrides or {})
        flow = Flow(stage, files, place, dry_run, progress)
        flow.run()
        where = [None if dry_run else _write_rejected(stage, index, opened[index], one, place) for index, one in files]
        report = _report(kind, flow, opened, where)
    if not dry_run:
        _remember(report, paths, place.now)
    return report


def _check_kind(kind: str) -> None:
    if kind == "products":
        allowed = (
            "give the file of products together with the orders: `dangol import orders.csv products.csv --as orders`"
        )
        raise Invalid([Fault("/as", "products alone: there is no catalogue yet that could keep them", allowed)])
    if kind not in KINDS:
        raise Invalid([Fault("/as", repr(kind), ", ".join(KINDS))])


def _mapped(
    files: Sequence[tuple[int, mapping.Sample]], kind: str, overrides: Mapping[str, str]
) -> list[tuple[int, Mapped]]:
    """The mapping of every file. Raises Invalid with everything that cannot work."""
    known = {column for _, sample in files for column in sample.columns}
    faults = [
        Fault(f"/map/{column}", "no such column", ", ".join(sorted(known)))
        for column in overrides
        if column not in known
    ]
    if faults:
        raise Invalid(faults)
    joined = kind == "orders" and len(files) > 1
    chosen: list[tuple[int, Mapped]] = []
    for index, sample in files:
        role = mapping.role_of(sample, overrides) if joined else {"items": "orders"}.get(kind, kind)
        if role is None:
            allowed = "a file of orders, items, customers, products or reviews, by the names of its columns"
            faults.append(Fault(f"/{sample.name}", f"the columns {', '.join(sample.columns)}", allowed))
        else:
            chosen.append((index, mapping.mapped(sample, role, overrides)))
    roles = {one.role for _, one in chosen}
    if joined and "orders" not in roles and not faults:
        faults.append(Fault("/as", "no file of orders", "a file whose columns name order, customer and time"))
    for _, one in chosen:
        faults += mapping.faults_of(one, with_items="items" in roles, with_orders=joined and "orders" in roles)
    if faults:
        raise Invalid(faults)
    return chosen


def _write_rejected(stage: Stage, index: int, opened: Opened, one: Mapped, place: Place) -> Path | None:
    """The rejected rows of a file with the reason in front: mend them and import that file."""
    if not stage.rejected(index):
        return None
    path = _folder_for(opened.path, place) / f"{opened.table.name}.rejected.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        columns = _column_names(opened, one)
        kept = [n for n, column in enumerate(columns) if column != REASON]
        writer.writerow([REASON, *(columns[n] for n in kept)])
        for reason, *cells in stage.rejected_rows(index):
            writer.writerow([reason, *(guarded(cells[n]) for n in kept)])
    return path


def _folder_for(path: Path, place: Place) -> Path:
    """Beside the file; where its folder is not to be written, in the place's own."""
    beside = path.absolute().parent
    if beside.stat().st_mode & 0o222 and os.access(beside, os.W_OK):
        return beside
    place.rejects.mkdir(parents=True, exist_ok=True)
    return place.rejects


def _column_names(opened: Opened, one: Mapped) -> Sequence[str]:
    """The file's own names; the fields', for a file that has none, so that the mended rows can be read."""
    fields = {place: name for name, place in one.places.items()}
    columns = opened.table.columns
    return columns if opened.table.headed else [fields.get(n, column) for n, column in enumerate(columns)]


def _report(kind: str, flow: Flow, opened: Sequence[Opened], where: Sequence[Path | None]) -> Report:
    stage = flow.stage
    return Report(
        kind=kind,
        files=[
            FileReport(one, opened[index].table.format, stage.count(index), stage.rejected(index), where[index])
            for index, one in flow.files
        ],
        figures=flow.figures(),
        facts=dict(flow.facts),
        reasons=stage.reasons(),
        appended=flow.appended,
        known=flow.known,
        dry_run=flow.dry_run,
        notes=tuple(flow.notes),
    )


def _remember(report: Report, paths: Sequence[Path], now: datetime) -> None:
    told = report.as_json()
    digests = "".join(readers.digest(path) for path in paths)
    Import.objects.create(
        name=", ".join(path.name for path in paths)[:300],
        digest=digests if len(paths) == 1 else hashlib.sha256(digests.encode()).hexdigest(),
        kind=report.kind,
        mapping={one.mapped.sample.name: one.mapped.named() for one in report.files},
        counts={key: told[key] for key in ("figures", "facts", "appended", "known", "rejected", "reasons")},
        started_at=now,
        finished_at=now,
    )
