"""Two segments beside each other: who is in both, who in one only, and a new segment from either part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from dangol.profile import reads as profile
from dangol.segment import active, reads, relations
from dangol.segment.models import Segment
from dangol.segment.relations import PARTS, Overlap, Part
from dangol.web.circles import Circles, circles
from dangol.web.page import Asked, show, wants_part
from dangol.web.wording import segment_name

ON_A_PAGE = 30


@dataclass(frozen=True, slots=True)
class PartShown:
    """Some customers of one part, and what a segment of just them would say."""

    part: Part
    name: str
    count: int
    rows: list[tuple[int, datetime]]
    names: dict[int, str]
    next: int  # to go on after, or 0
    new: str  # the address at which it becomes a segment


@dataclass(frozen=True, slots=True)
class OverlapPage:
    """The comparison; empty below the choice where none was made yet."""

    choices: list[Segment]
    first: Segment | None
    second: Segment | None
    overlap: Overlap | None
    circles: Circles | None
    shown: PartShown | None

    @property
    def share(self) -> float:
        """The share of the smaller segment that is in the other, in per cent."""
        if self.overlap is None:
            return 0.0
        told = self.overlap
        smaller = min(told.both + told.first, told.both + told.second)
        return 100 * told.both / smaller if smaller else 0.0


def overlap(request: Asked) -> HttpResponse:
    a, b = request.GET.get("a", ""), request.GET.get("b", "")
    choices = active.visible()
    if not (a and b):
        first = reads.find(a[:64]) if a else None
        return show(request, "segment_overlap.html", OverlapPage(choices, first, None, None, None, None))
    first, second = active.get(a[:64]), active.get(b[:64])
    found = relations.overlap(first.key, second.key)
    after = request.GET.get("after", "")
    shown = _part(first, second, _asked(request), found, int(after) if after.isdecimal() and len(after) < 18 else 0)
    page = OverlapPage(choices, first, second, found, circles(found.both, found.first, found.second), shown)
    part_only = wants_part(request) and "part" in request.GET
    return show(request, "parts/overlap_part.html" if part_only else "segment_overlap.html", page)


def _asked(request: Asked) -> Part:
    return next((part for part in PARTS if part == request.GET.get("part")), "both")


def _part(first: Segment, second: Segment, part: Part, found: Overlap, after: int) -> PartShown:
    rows = relations.members_of(first.key, second.key, part, after, ON_A_PAGE + 1)
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    a, b = (first, second) if part != "second" else (second, first)
    new = f"all={a.key}&all={b.key}" if part == "both" else f"all={a.key}&none={b.key}"
    return PartShown(
        part=part,
        name=segment_name(a),
        count=found.of(part),
        rows=rows,
        names=profile.names([customer for customer, _ in rows]),
        next=rows[-1][0] if more else 0,
        new=new,
    )
