"""Imports.

In: files of any export (readers.py), a kind, and what the user says about their columns.
Out: facts in the log, marked as imported, and a row of collect.Import; rejected rows in a file with the reason.
Promise: the same files again add nothing, so a run that was cut short is simply run again.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dangol.base.errors import Fault, Invalid
from dangol.collect.files import kept, mapping, readers, record
from dangol.collect.files.fields import KINDS, REASON
from dangol.collect.files.flow import Choices, Flow, Place
from dangol.collect.files.guess import Sample
from dangol.collect.files.mapping import Mapped
from dangol.collect.files.readers import Opened
from dangol.collect.files.report import FileReport, Report
from dangol.collect.files.shape import CONSENTS
from dangol.collect.files.stage import Progress, Stage
from dangol.collect.files.text import guarded
from dangol.collect.models import Import

__all__ = ["Choices", "Place", "Progress", "Report", "Watch", "import_file", "import_files", "mapped"]


def _silent(*_: object) -> None:
    return


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to hear of an import: how far it is, and how each file is read before its first fact is written."""

    progress: Progress = _silent
    shown: Callable[[Sequence[FileReport]], None] = _silent


PLAIN, NOBODY = Choices(), Watch()


def import_file(path: Path, kind: str, place: Place, **more: Any) -> Report:
    """Import one file; see import_files."""
    return import_files([path], kind, place, **more)


def import_files(
    paths: Sequence[Path],
    kind: str,
    place: Place,
    choices: Choices = PLAIN,
    *,
    dry_run: bool = False,
    watch: Watch = NOBODY,
    row: Import | None = None,
) -> Report:
    """Import files of a kind (fields.KINDS); `row` is the import's own, if it has one.

    Several files as orders are joined (lines.py says how); as any other kind they are read one after the other.
    Raises Invalid, before anything is written, for a kind, a file or a mapping that cannot work.
    """
    _check_kind(kind)
    if dry_run:
        return _imported(paths, kind, place, choices, watch, dry_run=True)
    taken = record.Record(row) if row else record.begin(paths, kind, asdict(choices), place.now)

    def progress(what: str, done: int, total: int | None) -> None:
        taken.beat(what, done, total)
        watch.progress(what, done, total)

    try:
        report = _imported(paths, kind, place, choices, Watch(progress, watch.shown), dry_run=False)
    except Exception as error:
        taken.failed(error, place.now)
        raise
    taken.done(report, place.now)
    return report


def _imported(
    paths: Sequence[Path], kind: str, place: Place, choices: Choices, watch: Watch, *, dry_run: bool
) -> Report:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dangol-import-")))
        opened = [one for path in paths for one in stack.enter_context(readers.opened(path))]
        stage = Stage(folder)
        stack.callback(stage.close)
        samples = [stage.load(one.table, watch.progress) for one in opened]
        files = mapped(samples, kind, choices)
        if not dry_run:
            kept.used([one for _, one in files], place.now)
            if choices.save:
                kept.save(choices.save, kind, [one for _, one in files], place.now)
        watch.shown([_file_report(stage, index, one, opened[index]) for index, one in files])
        flow = Flow(stage, files, place, dry_run, watch.progress, choices)
        flow.run()
        where = [None if dry_run else _write_rejected(stage, index, opened[index], one, place) for index, one in files]
        return _report(kind, flow, opened, where)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Invalid([Fault("/as", repr(kind), ", ".join(KINDS))])


def _check_choices(files: Sequence[Mapped], choices: Choices) -> None:
    """A marketing list must say who agreed: without a column of consents it is refused."""
    if choices.consent_source and not any(set(CONSENTS) & set(one.places) for one in files):
        there = ", ".join(column for one in files for column in one.sample.columns)
        allowed = "a column of consents: " + " or ".join(f"--map COLUMN={name}" for name in CONSENTS)
        raise Invalid([Fault("/marketing", f"no column of consents among {there}", allowed)])


def mapped(files: Sequence[tuple[int, Sample]], kind: str, choices: Choices) -> list[tuple[int, Mapped]]:
    """The mapping of every file. Raises Invalid with everything that cannot work."""
    overrides = choices.columns
    known = {name for _, sample in files for column in sample.columns for name in (column, f"{sample.name}:{column}")}
    faults = [
        Fault(f"/map/{column}", "no such column", ", ".join(sorted({name for _, one in files for name in one.columns})))
        for column in overrides
        if column not in known
    ]
    if faults:
        raise Invalid(faults)
    joined = kind == "orders" and len(files) > 1
    chosen: list[tuple[int, Mapped]] = []
    remembered = kept.recalled(kind, [sample for _, sample in files], choices.use)
    for (index, sample), memory in zip(files, remembered, strict=True):
        role = mapping.role_of(sample, {**memory.columns, **overrides}) if joined else _role(kind)
        if role is None:
            allowed = "a file of orders, items, customers, products or reviews, by the names of its columns"
            faults.append(Fault(f"/{sample.name}", f"the columns {', '.join(sample.columns)}", allowed))
        else:
            chosen.append((index, mapping.mapped(sample, role, overrides, memory, alone=not joined)))
    roles = {one.role for _, one in chosen}
    if joined and "orders" not in roles and not faults:
        faults.append(Fault("/as", "no file of orders", "a file whose columns name order, customer and time"))
    for _, one in chosen:
        faults += mapping.faults_of(one, with_items="items" in roles, with_orders=joined and "orders" in roles)
    if faults:
        raise Invalid(faults)
    _check_choices([one for _, one in chosen], choices)
    return chosen


def _role(kind: str) -> str:
    return "orders" if kind == "items" else kind


def _write_rejected(stage: Stage, index: int, opened: Opened, one: Mapped, place: Place) -> Path | None:
    """The rejected rows of a file with the reason in front: mend them and import that file."""
    if not stage.rejected(index):
        return None
    path = _folder_for(opened.path, place) / f"{opened.table.name}.rejected.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        columns = _column_names(opened, one)
        kept = [n for n, column in enumerate(columns) if column != REASON]
        writer.writerow([REASON, *(guarded(columns[n]) for n in kept)])
        for reason, *cells in stage.rejected_rows(index):
            writer.writerow([guarded(reason), *(guarded(cells[n]) for n in kept)])
    return path


def _folder_for(path: Path, place: Place) -> Path:
    """Beside the file; where its folder is not to be written, in the place's own."""
    beside = path.absolute().parent
    if place.beside and beside.stat().st_mode & 0o222 and os.access(beside, os.W_OK):
        return beside
    place.rejects.mkdir(parents=True, exist_ok=True)
    return place.rejects


def _column_names(opened: Opened, one: Mapped) -> Sequence[str]:
    """The file's own names; the fields', for a file that has none, so that the mended rows can be read."""
    fields = {place: name for name, place in one.places.items()}
    columns = opened.table.columns
    return columns if opened.table.headed else [fields.get(n, column) for n, column in enumerate(columns)]


def _file_report(stage: Stage, index: int, one: Mapped, opened: Opened, where: Path | None = None) -> FileReport:
    return FileReport(one, opened.table.format, stage.count(index), stage.rejected(index), where)


def _report(kind: str, flow: Flow, opened: Sequence[Opened], where: Sequence[Path | None]) -> Report:
    stage = flow.stage
    return Report(
        kind=kind,
        files=[
            _file_report(stage, index, one, opened[index], path)
            for (index, one), path in zip(flow.files, where, strict=True)
        ],
        figures=flow.figures(),
        facts=dict(flow.facts),
        reasons=stage.reasons(),
        appended=flow.appended,
        known=flow.known,
        dry_run=flow.dry_run,
        notes=tuple(flow.notes),
    )
