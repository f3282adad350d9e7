"""Named mappings: kept once, found again by their name or by a header row that is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from dangol.base.errors import Fault, Invalid
from dangol.collect.files.fields import REASON, plain
from dangol.collect.files.guess import Sample
from dangol.collect.files.mapping import NOTHING, Mapped, Remembered
from dangol.collect.models import SavedMapping

NAME_LONGEST = 100


def save(name: str, kind: str, files: Sequence[Mapped], now: datetime) -> None:
    """Keep how these files were read; a mapping of that name is replaced. Raises Invalid for a name that is none."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LONGEST:
        raise Invalid([Fault("/save_mapping", repr(name[:120]), f"a name of 1 to {NAME_LONGEST} characters")])
    kept = [{"header": header_of(one.sample), "columns": one.kept()} for one in files if one.sample.headed]
    if not kept:
        raise Invalid(
            [Fault("/save_mapping", "a file without column names", "a file whose first row names its columns")]
        )
    SavedMapping.objects.update_or_create(name=name, defaults={"kind": kind, "files": kept, "saved_at": now})


def recalled(kind: str, samples: Sequence[Sample], name: str = "") -> list[Remembered]:
    """For each file what a named mapping says of it. Without a name, the newest one with the same header row.

    Raises Invalid where no mapping has that name, and where the one that has says nothing about these files.
    """
    if not name:
        newest = list(SavedMapping.objects.filter(kind=kind).order_by("-saved_at", "-pk"))
        return [next((got for one in newest if (got := _same(one, sample))), NOTHING) for sample in samples]
    return _named(name, kind, samples)


def kind_by_header(samples: Sequence[Sample]) -> str:
    """The kind of the newest mapping that knows one of these header rows; empty where none does."""
    newest = SavedMapping.objects.order_by("-saved_at", "-pk")
    return next((one.kind for one in newest if any(_same(one, sample) for sample in samples)), "")


def used(files: Sequence[Mapped], now: datetime) -> None:
    """Note when the mappings that these files follow were of use."""
    SavedMapping.objects.filter(name__in={one.known_as for one in files} - {""}).update(used_at=now)


def _named(name: str, kind: str, samples: Sequence[Sample]) -> list[Remembered]:
    saved = SavedMapping.objects.filter(name=name, kind=kind).first()
    if saved is None:
        known = ", ".join(SavedMapping.objects.filter(kind=kind).order_by("name").values_list("name", flat=True))
        raise Invalid([Fault("/mapping", f"{name!r} for {kind}", known or "none is kept yet: --save-mapping NAME")])
    found = [_same(saved, sample) or _alike(saved, sample) for sample in samples]
    if not any(one.columns for one in found):
        columns = ", ".join(sorted({column for one in saved.files for column in one["columns"]}))
        there = ", ".join(column for sample in samples for column in sample.columns)
        raise Invalid([Fault("/mapping", f"{name!r} over the columns {there}", f"files with the columns {columns}")])
    return found


def _same(saved: SavedMapping, sample: Sample) -> Remembered | None:
    header = header_of(sample)
    columns = next((one["columns"] for one in saved.files if sample.headed and one["header"] == header), None)
    return None if columns is None else Remembered(saved.name, _over(columns, sample))


def _alike(saved: SavedMapping, sample: Sample) -> Remembered:
    """What the mapping says about columns of the same names in a file with another header row."""
    columns = _over({column: field for one in saved.files for column, field in one["columns"].items()}, sample)
    return Remembered(saved.name, columns) if columns else NOTHING


def _over(columns: Mapping[str, str], sample: Sample) -> dict[str, str]:
    """What is known of columns, under the names that this file writes."""
    known = {plain(column): field for column, field in columns.items()}
    return {column: known[plain(column)] for column in sample.columns if plain(column) in known}


def header_of(sample: Sample) -> str:
    """A header row's digest: the same names in the same order, however they are written, also with reasons in front."""
    names = [plain(column) for column in sample.columns if column != REASON]
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()
