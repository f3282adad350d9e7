"""Imports: files are uploaded, looked at, and imported by a process of their own; what could not be used is fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.collect import reads as collect
from dangol.collect.files import uploads
from dangol.collect.files.fields import IGNORE, ROLES
from dangol.collect.files.flow import Choices
from dangol.collect.files.mapping import KEPT, Mapped
from dangol.collect.models import Import, SavedMapping
from dangol.web import import_words as words
from dangol.web.page import Asked, go, show

LISTED = 50
WORDS_LONGEST = 2_000
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file, as the form shows it."""

    name: str
    key: str  # of its select box
    field: str
    because: str
    examples: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """One file of the upload."""

    name: str
    format: str
    role: str
    role_name: Any
    known_as: str
    unused: str
    fields: list[tuple[str, Any]]
    columns: list[Column]


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """The form and what was imported."""

    rows: list[Import]
    largest: int
    faults: list[str]
    states: Mapping[str, Any]
    kinds: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One import: a draft with its mapping, one under way, or what came of it."""

    row: Import
    state_name: Any
    kind: str
    kinds: list[tuple[str, Any]]
    kept: list[str]
    choices: Choices
    marketing: bool
    channels: list[tuple[str, Any]]
    tables: list[Table]
    faults: list[str]
    percent: int | None
    rejected: list[tuple[int, str]]
    now: datetime

    @property
    def live(self) -> bool:
        return self.row.state in {"waiting", "running"}


def imports(request: Asked, faults: Sequence[Fault] = (), status: int = 200) -> HttpResponse:
    page = ImportsPage(
        collect.imports(LISTED),
        settings.DANGOL.max_upload_bytes,
        words.faults(faults),
        words.STATES,
        words.KINDS,
        request.now,
    )
    return show(request, "imports.html", page, status)


def upload(request: Asked) -> HttpResponse:
    try:
        files = [(file.name or "file", file.chunks()) for file in request.FILES.getlist("files")]
        row = uploads.receive(files, request.user.email, request.now)
    except Invalid as error:
        return imports(request, error.faults, 422)
    return go("import", row.pk)


def one(request: Asked, pk: int) -> HttpResponse:
    row = uploads.get(pk)
    return show(request, "import.html", _page(row, request.now))


def preview(request: Asked, pk: int) -> HttpResponse:
    """The mapping guessed anew, for another kind or by a kept mapping."""
    row = uploads.get(pk)
    page = _draft(row, request, _kind(row, request), replace(_choices(request), columns={}))
    return show(request, "parts/import_mapping.html", page)


def start(request: Asked, pk: int) -> HttpResponse:
    row, choices = uploads.get(pk), _choices(request)
    kind, faults = _kind(row, request), _consent_faults(request)
    try:
        if faults:
            raise Invalid(faults)
        uploads.start(row, kind, choices, request.now)
    except Invalid as error:
        page = replace(_draft(row, request, kind, choices), faults=words.faults(error.faults))
        return show(request, "import.html", page, 422)
    return go("import", pk)


def remove(request: Asked, pk: int) -> HttpResponse:
    row = uploads.get(pk)
    running = row.state == "running"
    uploads.remove(row)
    messages.success(request, _("Stopped. What is in already stays.") if running else _("Removed."))
    return go("import", pk) if running else go("imports")


def progress(request: Asked, pk: int) -> HttpResponse:
    """How far it is; once it began or is over, the whole page."""
    row = uploads.get(pk)
    page = _page(row, request.now)
    if page.live and request.GET.get("state", row.state) == row.state:
        return show(request, "parts/import_progress.html", page)
    return HttpResponse(headers={"HX-Refresh": "true"})


def rejected(request: Asked, pk: int, number: int) -> HttpResponseBase:
    """The rows that could not be used, as a file."""
    row = uploads.get(pk)
    path = Path(row.rejected[number]) if number < len(row.rejected) else None
    if path is None or not path.is_relative_to(settings.DANGOL.folder.absolute()) or not path.is_file():
        raise NotFound(f"import {pk} has no file {number} of rejected rows on this machine")
    headers = {"Content-Disposition": content_disposition_header(True, path.name) or ""}
    return StreamingHttpResponse(_pieces(path), content_type="text/csv; charset=utf-8", headers=headers)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


# --- what a page needs ------------------------------------------------------------------------------------------------


def _kind(row: Import, request: Asked) -> str:
    told = request.POST.get("kind", "")
    return told if told in words.KINDS else row.kind or uploads.kind_of(uploads.peeks(row))


def _choices(request: Asked) -> Choices:
    """What the form says: every column as the person saw it when they pressed the button."""
    given = request.POST
    columns = {
        name.removeprefix("column:"): value
        for name, value in given.items()
        if name.startswith("column:") and isinstance(value, str)
    }
    source = given.get("consent_source", "").strip()[:WORDS_LONGEST] if given.get("marketing") else ""
    channel = given.get("channel", "")
    return Choices(
        columns=columns,
        use=given.get("use", ""),
        save=given.get("save", "").strip()[:100],
        channel=channel if channel in words.CHANNELS else "",
        consent_source=source,
    )


def _consent_faults(request: Asked) -> list[Fault]:
    if request.POST.get("marketing") and not request.POST.get("consent_source", "").strip():
        return [Fault("/consent_source", _("nothing"), _("what these people were told when they agreed, and where"))]
    return []


def _page(row: Import, now: datetime) -> ImportPage:
    if row.state in {"draft", "failed"} and row.files:
        try:
            tables = uploads.peeks(row)
        except Conflict:
            return _plain(row, now)
        kind = row.kind or uploads.kind_of(tables)
        return _with_mapping(row, tables, kind, Choices(**row.choices) if row.choices else Choices(), now)
    return _plain(row, now)


def _draft(row: Import, request: Asked, kind: str, choices: Choices) -> ImportPage:
    page = _with_mapping(row, uploads.peeks(row), kind, choices, request.now)
    return replace(page, marketing=bool(request.POST.get("marketing")))


def _with_mapping(
    row: Import, tables: Sequence[uploads.Peek], kind: str, choices: Choices, now: datetime
) -> ImportPage:
    faults: list[str] = []
    try:
        uploads.plan(tables, kind, choices)
    except Invalid as error:
        faults = words.faults(error.faults)
    read = uploads.read(tables, kind, choices)
    shown = [_table(one, table.format) for one, table in zip(read, tables, strict=True)]
    kept = SavedMapping.objects.filter(kind=kind).order_by("name").values_list("name", flat=True)
    return replace(_plain(row, now), kind=kind, kept=list(kept), choices=choices, tables=shown, faults=faults)


def _plain(row: Import, now: datetime) -> ImportPage:
    done, total = row.progress.get("done"), row.progress.get("total")
    return ImportPage(
        row=row,
        state_name=words.STATES.get(row.state, row.state),
        kind=row.kind,
        kinds=list(words.KINDS.items()),
        kept=[],
        choices=Choices(**row.choices) if row.choices else Choices(),
        marketing=bool(row.choices.get("consent_source")),
        channels=list(words.CHANNELS.items()),
        tables=[],
        faults=[],
        percent=min(int(done * 100 / total), 100) if done is not None and total else None,
        rejected=[(n, Path(path).name) for n, path in enumerate(row.rejected) if Path(path).is_file()],
        now=now,
    )


def _table(one: Mapped, written: str) -> Table:
    names = {place: name for name, place in one.places.items()}
    columns = [
        Column(
            name=column,
            key=f"{one.sample.name}:{column}",
            field=names.get(n, IGNORE if n in one.left_out else KEPT),
            because=words.because(one.why.get(names.get(n, ""), "")),
            examples=one.examples(n),
        )
        for n, column in enumerate(one.sample.columns)
    ]
    fields = sorted(((name, words.FIELDS[name]) for name in ROLES[one.role]), key=lambda pair: str(pair[1]))
    role_name = words.ROLES[one.role]
    return Table(one.sample.name, written, one.role, role_name, one.known_as, words.unused(one.role), fields, columns)
