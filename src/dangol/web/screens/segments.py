"""Segments: who is where now, each rule in words, and an editor that counts as one types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Invalid, NotFound
from dangol.profile import reads as profile
from dangol.segment import reads
from dangol.segment import steps as segment
from dangol.segment.models import Segment
from dangol.web.page import Asked, go, show
from dangol.web.writing import Placed, as_yaml, placed, read_one

SAMPLE = 8
MEMBERS_ON_A_PAGE = 50
MOST_TEXT = 100_000
EXAMPLE = """\
key: two-orders-gone-quiet
name: Two orders, gone quiet
where:
  all:
    - event: Order Completed
      count: {at_least: 2}
    - event: Order Completed
      count: 0
      within: 45d
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """One segment in the list."""

    segment: Segment
    size: int
    words: str
    share: float  # of all customers, in per cent


@dataclass(frozen=True, slots=True)
class SegmentsPage:
    """The list."""

    rows: list[Listed]
    customers: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What the text in the editor means now."""

    faults: list[Placed]
    words: str = ""
    count: int = 0
    customers: int = 0
    sample: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Members:
    """A stretch of the members."""

    key: str
    rows: list[tuple[int, datetime]]
    names: dict[int, str]
    next: int  # to go on after, or 0


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """One segment with its editor; `segment` is empty for a new one."""

    segment: Segment | None
    size: int
    words: str
    text: str
    preview: Preview
    members: Members | None
    now: datetime


def segments(request: Asked) -> HttpResponse:
    customers = profile.count()
    rows = [
        Listed(row, size, _words(row.rule), 100 * size / customers if customers else 0.0)
        for row, size in reads.active()
    ]
    return show(request, "segments.html", SegmentsPage(rows, customers))


def new(request: Asked) -> HttpResponse:
    return _editor(request, None, EXAMPLE)


def one(request: Asked, key: str) -> HttpResponse:
    found = segment.get(key)
    return _editor(request, found, as_yaml({"key": found.key, "name": found.name, "where": found.rule}))


def preview(request: Asked) -> HttpResponse:
    """How many the text in the editor means, or what is wrong with it and where. Saves nothing."""
    return show(request, "parts/segment_preview.html", _preview(_text(request), request.now))


def members(request: Asked, key: str) -> HttpResponse:
    after = request.GET.get("after", "")
    return show(request, "parts/members.html", _members(key, int(after) if after.isdecimal() else 0))


def save(request: Asked) -> HttpResponse:
    """Save what is in the editor under the key it names; a refused rule comes back with its faults."""
    text = _text(request)
    try:
        shape = read_one(text)
        saved = segment.save(str(shape.get("key", "")) if isinstance(shape, Mapping) else "", shape, request.now)
    except Invalid as error:
        return _editor(request, _named(request.POST.get("saved", "")), text, error, status=422)
    messages.success(request, _("Saved. Its members are counted over the whole history."))
    return go("segment", saved.key)


def archive(request: Asked, key: str) -> HttpResponse:
    segment.archive(key, request.now)
    messages.success(request, _("The segment is archived."))
    return go("segments")


def _editor(
    request: Asked, found: Segment | None, text: str, error: Invalid | None = None, status: int = 200
) -> HttpResponse:
    page = SegmentPage(
        segment=found,
        size=reads.size(found.key) if found else 0,
        words=_words(found.rule) if found else "",
        text=text,
        preview=Preview(placed(text, error.faults)) if error else _preview(text, request.now),
        members=_members(found.key, 0) if found else None,
        now=request.now,
    )
    return show(request, "segment.html", page, status)


def _text(request: Asked) -> str:
    return request.POST.get("text", "")[:MOST_TEXT].replace("\r\n", "\n")


def _named(key: str) -> Segment | None:
    try:
        return segment.get(key) if key else None
    except NotFound:
        return None


def _preview(text: str, now: datetime) -> Preview:
    try:
        told = segment.check(read_one(text))
        found = segment.evaluate(told.where, now)
    except Invalid as error:
        return Preview(placed(text, error.faults))
    ids = sorted(found, reverse=True)[:SAMPLE]
    names = profile.names(ids)
    sample = tuple((customer, names.get(customer, "")) for customer in ids)
    return Preview([], _words(told.where), len(found), profile.count(), sample)


def _members(key: str, after: int) -> Members:
    rows = reads.members(key, after, MEMBERS_ON_A_PAGE + 1)
    more, rows = len(rows) > MEMBERS_ON_A_PAGE, rows[:MEMBERS_ON_A_PAGE]
    return Members(key, rows, profile.names([customer for customer, _since in rows]), rows[-1][0] if more else 0)


def _words(where: Any) -> str:
    return segment.words(where, (get_language() or "en")[:2])
