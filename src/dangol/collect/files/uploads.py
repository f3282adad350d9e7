"""Files that come by the console: kept in the data folder until a person has said how they are read, then imported.

draft ── a person looks at the mapping ── waiting ── a process of its own takes it ── running ── done
                    └──────────────── failed: look at it again ◄───────────────────────┘

A run that was cut short is taken up when the shop is served again. The files go as soon as they are imported, drafts
that nobody starts and rejected rows after a while: an export is a list of people.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.conf import settings

from dangol.base.clock import SystemClock
from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.collect.files import kept, mapping, readers, waiting, weblog
from dangol.collect.files.fields import IGNORE, KINDS, ROLES
from dangol.collect.files.flow import Choices
from dangol.collect.files.guess import Sample
from dangol.collect.files.mapping import Mapped
from dangol.collect.files.steps import mapped
from dangol.collect.models import Import

SHOWN = 200  # rows of each file that are kept to guess from
NAME_LONGEST = 120
TRIES = 3
SAMPLE = "sample.json"


@dataclass(frozen=True, slots=True)
class Peek:
    """One table of an upload: how it is written, and its first rows."""

    sample: Sample
    format: str


def get(pk: int) -> Import:
    """Raises NotFound."""
    row = Import.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"there is no import {pk}")
    return row


def receive(files: Sequence[tuple[str, Iterable[bytes]]], by: str, now: datetime) -> Import:
    """Keep files as a draft. Raises Invalid where there is none, or one that cannot be read."""
    if not files:
        raise Invalid([Fault("/files", "no file", "one file or more")])
    names = [_plain(name) for name, _ in files]
    row = Import.objects.create(
        name=", ".join(names)[:300], digest="", kind="", state="draft", files=names, by=by[:254], started_at=now
    )
    try:
        for path, (_, pieces) in zip(paths(row), files, strict=True):
            path.parent.mkdir(parents=True, mode=0o700)
            with path.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
        _peek(row)
    except BaseException:
        remove(row)
        raise
    return row


def paths(row: Import) -> list[Path]:
    """Where an upload's files lie; each in a folder of its own, for two may have one name."""
    return [_folder(row) / str(n) / name for n, name in enumerate(row.files)]


def rejected_folder(row: Import) -> Path:
    return settings.DANGOL.folder / "rejected" / str(row.pk)


def _folder(row: Import) -> Path:
    return settings.DANGOL.folder / "uploads" / str(row.pk)


def _plain(name: str) -> str:
    """A file's name that leads nowhere."""
    last = "".join(c for c in Path(name.replace("\\", "/")).name if c.isprintable()).lstrip(".")
    return last[-NAME_LONGEST:] or "file"


def _peek(row: Import) -> None:
    """Read the first rows once; every look at the mapping guesses from them."""
    with ExitStack() as stack:
        tables = [one.table for path in paths(row) for one in stack.enter_context(readers.opened(path))]
        told = [
            {
                "name": table.name,
                "columns": table.columns,
                "rows": [list(cells) for cells, fault in islice(table.rows(), SHOWN) if fault is None],
                "headed": table.headed,
                "format": table.format,
            }
            for table in tables
        ]
    (_folder(row) / SAMPLE).write_text(json.dumps(told))


def peeks(row: Import) -> list[Peek]:
    """The tables of an upload. Raises Conflict where its files are gone."""
    try:
        told = json.loads((_folder(row) / SAMPLE).read_text())
    except FileNotFoundError as error:
        raise Conflict("the files of this import are gone; upload them again") from error
    return [Peek(Sample(one["name"], one["columns"], one["rows"], one["headed"]), one["format"]) for one in told]


def kind_of(tables: Sequence[Peek]) -> str:
    """What the files hold, as far as their columns say."""
    if any(tuple(one.sample.columns) == weblog.COLUMNS for one in tables):
        return "visits"
    if known := kept.kind_by_header([one.sample for one in tables]):
        return known
    if len(tables) == 1:
        names = mapping.mapped(tables[0].sample, "events", {}).places
        if {"event", "time"} <= set(names) and {"user_id", "anonymous_id", "email"} & set(names):
            return "events"
        orders = mapping.mapped(tables[0].sample, "orders", {})
        if "order_id" in orders.places and not mapping.faults_of(orders):
            return "orders"
        people = mapping.mapped(tables[0].sample, "customers", {}).places
        goods = mapping.mapped(tables[0].sample, "products", {}).places
        if {"product_id", "price"} <= set(goods) and not {"email", "phone"} & set(people):
            return "products"
    roles = {mapping.role_of(one.sample, {}) for one in tables}
    return next((kind for kind in ("orders", "customers", "reviews", "products") if kind in roles), "orders")


def plan(tables: Sequence[Peek], kind: str, choices: Choices) -> list[Mapped]:
    """How the files would be read. Raises Invalid with everything that cannot work."""
    if kind not in KINDS:
        raise Invalid([Fault("/kind", repr(kind), ", ".join(KINDS))])
    return [one for _, one in mapped([(n, table.sample) for n, table in enumerate(tables)], kind, choices)]


def read(tables: Sequence[Peek], kind: str, choices: Choices) -> list[Mapped]:
    """How the files would be read, as far as anything can be said: also where that cannot work."""
    joined = kind == "orders" and len(tables) > 1
    try:
        memories = kept.recalled(kind, [one.sample for one in tables], choices.use)
    except Invalid:
        memories = [mapping.NOTHING] * len(tables)
    found = []
    for table, memory in zip(tables, memories, strict=True):
        said = {**memory.columns, **choices.columns}
        role = mapping.role_of(table.sample, said) if joined else None
        role = role or ("orders" if kind == "items" else kind)
        own = mapping.said_of(table.sample, choices.columns).items()
        once: dict[str, str] = {}
        for column, field in own:
            if field in {IGNORE, mapping.KEPT} or (field in ROLES[role] and field not in once.values()):
                once[column] = field
        found.append(mapping.mapped(table.sample, role, once, memory, alone=not joined))
    return found


def start(row: Import, kind: str, choices: Choices, now: datetime) -> None:
    """Let a draft be imported. Raises Invalid for a mapping that cannot work, Conflict where it has been started."""
    plan(peeks(row), kind, choices)
    changed = Import.objects.filter(pk=row.pk, state__in=("draft", "failed")).update(
        state="waiting", kind=kind, choices=asdict(choices), started_at=now, finished_at=None, error="", counts={}
    )
    if not changed:
        raise Conflict("this import has been started already")


def remove(row: Import) -> None:
    """Stop an import that runs; forget one that does not, with its files."""
    if Import.objects.filter(pk=row.pk, state="running").update(state="failed", error="stopped by hand"):
        return
    shutil.rmtree(_folder(row), ignore_errors=True)
    shutil.rmtree(rejected_folder(row), ignore_errors=True)
    row.delete()


# --- the process that imports -----------------------------------------------------------------------------------------


def claim(now: datetime) -> Import | None:
    """The next import to run: one that was cut short, else the one that waits longest."""
    for row in waiting.cut_short():
        if _tries(row) >= TRIES:
            row.state, row.finished_at = "failed", now
            row.error = f"cut short {TRIES} times; look at the server's log, then start it again"
            row.save()
            continue
        return _taken(row, now)
    first = waiting.to_start().first()
    return _taken(first, now) if first else None


def _tries(row: Import) -> int:
    return int(row.counts.get("tries", 0))


def _taken(row: Import, now: datetime) -> Import:
    row.state, row.beat_at, row.counts = "running", now, {"tries": _tries(row) + 1}
    row.digest = readers.digest_of(paths(row))
    row.save()
    return row


def finish(row: Import) -> None:
    """An import is done: its files go."""
    if Import.objects.filter(pk=row.pk, state="done").exists():
        shutil.rmtree(_folder(row), ignore_errors=True)


def sweep(now: datetime | None = None) -> int:
    """Remove drafts that nobody starts, and rejected rows that nobody has fetched; how many."""
    now, gone = now or SystemClock().now(), 0
    for row in waiting.forgotten(now):
        shutil.rmtree(_folder(row), ignore_errors=True)
        gone += 1
        if row.state == "draft":
            row.delete()
        else:
            Import.objects.filter(pk=row.pk).update(files=[])
    for row in waiting.stale(now):
        shutil.rmtree(rejected_folder(row), ignore_errors=True)
        Import.objects.filter(pk=row.pk).update(rejected=[])
        gone += 1
    return gone
