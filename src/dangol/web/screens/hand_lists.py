"""Lists kept by hand: made, filled by a paste or a file, and what could not be used, line by line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid
from dangol.collect.files.guess import Sample, guessed
from dangol.segment import lists
from dangol.segment.models import List
from dangol.web.builder.fault_words import said
from dangol.web.page import Asked, go, show

MOST_TEXT = 8_000_000
SHOWN = 50  # lines that lead to nobody
KINDS = {"customer_id": "userId", "email": "email", "phone": "phone", "loyalty_card": "loyalty_card"}
LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class ListsPage:
    """Every list with its size; after a change what came of it."""

    rows: list[tuple[List, int]]
    changed: str = ""  # the key of the list that was just changed
    result: lists.Changed | None = None
    unknown: list[str] = field(default_factory=list)
    faults: tuple[str, ...] = ()


def hand_lists(request: Asked) -> HttpResponse:
    return _show(request)


def save(request: Asked) -> HttpResponse:
    """Make a list, or give it another name."""
    try:
        lists.save(request.POST.get("key", "").strip(), request.POST.get("name", ""), request.now)
    except Invalid as error:
        return _show(request, faults=tuple(map(said, error.faults)), status=422)
    messages.success(request, _("Saved."))
    return go("lists")


def change(request: Asked, key: str) -> HttpResponse:
    """Put on a list, or take off, whoever is in the paste or the file."""
    lists.get(key)
    try:
        entries = entries_of(_text(request))
        off = request.POST.get("what") == "remove"
        result = lists.change(key, [] if off else entries, entries if off else [], request.now)
    except Invalid as error:
        return _show(request, faults=tuple(map(said, error.faults)), status=422)
    unknown = [entries[int(fault.path.rsplit("/", 1)[1])] for fault in result.unknown[:SHOWN]]
    return _show(request, changed=key, result=result, unknown=unknown)


def remove(request: Asked, key: str) -> HttpResponse:
    lists.remove(key, request.now)
    messages.success(request, _("The list is gone, and nobody is on it any more."))
    return go("lists")


def _show(
    request: Asked,
    *,
    changed: str = "",
    result: lists.Changed | None = None,
    unknown: list[str] | None = None,
    faults: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    rows = lists.everything()
    sizes = lists.sizes([row.key for row in rows], request.now)
    page = ListsPage([(row, sizes[row.key]) for row in rows], changed, result, unknown or [], faults)
    return show(request, "lists.html", page, status)


def _text(request: Asked) -> str:
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", "")
    if (file.size or 0) > MOST_TEXT:
        raise Invalid([Fault("/file", f"{file.size:,} bytes", f"at most {MOST_TEXT:,}")])
    data = file.read()
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return str(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise Invalid([Fault("/file", "bytes", "text in UTF-8 or CP949")])


def entries_of(text: str) -> list[str]:
    """The customers whom lines name: of a table the column that names people best, else each line for itself.

    An address becomes `email:…`; `#720`, as the console numbers customers, the customer's id; anything else without a
    kind `userId:…`.
    """
    rows = [row for row in csv.reader(io.StringIO(text.replace("\x00", ""))) if any(cell.strip() for cell in row)]
    if rows and len(rows[0]) > 1:
        columns = [cell.strip() for cell in rows[0]]
        width = len(columns)
        body = [(row + [""] * width)[:width] for row in rows[1:]]
        found = guessed(Sample("list", columns, body[:LOOKED_AT]), "customers", range(width), set())
        for name, kind in KINDS.items():
            if name in found:
                place = found[name][0]
                return [f"{kind}:{row[place].strip()}" for row in body if row[place].strip()]
        raise Invalid([Fault("/file", ", ".join(columns)[:80], "a column of e-mail addresses, phones or customer ids")])
    return [_entry(row[0].strip()) for row in rows]


def _entry(text: str) -> str:
    if ":" in text:
        return text
    if text[:1] == "#" and text[1:].isdecimal():
        return text[1:]
    return f"email:{text}" if "@" in text else f"userId:{text}"
