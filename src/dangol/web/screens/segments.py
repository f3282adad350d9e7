"""Segments: who is where now, each rule in words, and one segment with its members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.profile import reads as profile
from dangol.segment import active, asking, audits, reads, relations
from dangol.segment import steps as segment
from dangol.segment.models import Audit, Computation, Segment
from dangol.web import sizes
from dangol.web.page import Asked, go, show
from dangol.web.sizes import SizePicture

MEMBERS_ON_A_PAGE = 50
DAYS_SHOWN = 90
LOOKED_THROUGH = 300  # customers that a search may mean


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
    drafts: list[Segment]
    archived: list[Segment]
    audit: Audit | None  # of today, or the last one
    now: datetime


@dataclass(frozen=True, slots=True)
class Members:
    """A stretch of the members."""

    key: str
    rows: list[tuple[int, datetime]]
    names: dict[int, str]
    next: int  # to go on after, or 0
    text: str = ""  # what was searched for


@dataclass(frozen=True, slots=True)
class Uses:
    """What would miss a segment."""

    segments: list[Segment]
    campaigns: list[Campaign]


@dataclass(frozen=True, slots=True)
class ProgressPart:
    """How far a computation is."""

    key: str
    computation: Computation

    @property
    def percent(self) -> float:
        return 100 * self.computation.done / self.computation.of if self.computation.of else 0.0


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """One segment: what it means, who is in it, who uses it."""

    segment: Segment
    state: str  # draft, active, archived
    computation: Computation | None  # under way, or failed
    history: SizePicture | None
    size: int
    customers: int
    words: str
    members: Members
    uses: Uses
    now: datetime

    @property
    def progress(self) -> ProgressPart | None:
        return ProgressPart(self.segment.key, self.computation) if self.computation else None

    @property
    def share(self) -> float:
        """Of all customers, in per cent."""
        return 100 * self.size / self.customers if self.customers else 0.0


def segments(request: Asked) -> HttpResponse:
    customers = profile.count()
    rows = [
        Listed(row, size, words(row.rule), 100 * size / customers if customers else 0.0) for row, size in reads.active()
    ]
    active_ones = {row.segment.key for row in rows}
    coming = [row for row in reads.listed("active") if row.key not in active_ones and row.stands_for not in active_ones]
    rows += [Listed(_under_its_key(row), 0, words(row.rule), 0.0) for row in coming]
    page = SegmentsPage(rows, reads.listed("draft"), reads.listed("archived"), audits.latest(), request.now)
    return show(request, "segments.html", page)


def _under_its_key(row: Segment) -> Segment:
    """A version that is being computed, under the key that people know it by."""
    row.key = row.stands_for or row.key
    return row


def one(request: Asked, key: str) -> HttpResponse:
    found = _under_its_key(active.newest(key))
    page = SegmentPage(
        segment=found,
        state="active" if found.stands_for else found.state,
        computation=reads.computation(key),
        history=sizes.picture(reads.history(key, DAYS_SHOWN, request.now)) if found.state != "draft" else None,
        size=reads.size(key),
        customers=profile.count(),
        words=words(found.rule),
        members=_members(key, 0),
        uses=Uses(relations.used_by(key), _campaigns(key)),
        now=request.now,
    )
    return show(request, "segment.html", page)


def members(request: Asked, key: str) -> HttpResponse:
    after, text = request.GET.get("after", ""), request.GET.get("q", "").strip()[:200]
    part = _found(key, text) if text else _members(key, int(after) if after.isdecimal() and len(after) < 18 else 0)
    return show(request, "parts/members.html", part)


def progress(request: Asked, key: str) -> HttpResponse:
    """How far the computing of a segment is; once it is whole, the page is shown anew."""
    computation = reads.computation(key)
    if computation is None:
        answer = HttpResponse("")
        answer["HX-Refresh"] = "true"
        return answer
    return show(request, "parts/segment_progress.html", ProgressPart(key, computation))


def activate(request: Asked, key: str) -> HttpResponse:
    """Let a draft work, or bring an archived segment back."""
    segment.activate(key, request.now)
    messages.success(request, _("The segment works now. Its members are counted over the whole history."))
    return go("segment", key)


def archive(request: Asked, key: str) -> HttpResponse:
    segment.archive(key, request.now)
    messages.success(request, _("The segment is archived."))
    return go("segments")


def _members(key: str, after: int) -> Members:
    rows = reads.members(key, after, MEMBERS_ON_A_PAGE + 1)
    more, rows = len(rows) > MEMBERS_ON_A_PAGE, rows[:MEMBERS_ON_A_PAGE]
    return Members(key, rows, profile.names([customer for customer, _since in rows]), rows[-1][0] if more else 0)


def _found(key: str, text: str) -> Members:
    """The members whom a search could mean."""
    rows = relations.among(key, [row.customer_id for row in profile.search(text, limit=LOOKED_THROUGH)], LOOKED_THROUGH)
    return Members(key, rows, profile.names([customer for customer, _since in rows]), 0, text)


def _campaigns(key: str) -> list[Campaign]:
    return [one for one in campaign.everyone() if (one.definition.get("entry") or {}).get("segment") == key]


def words(where: Any) -> str:
    """A rule in words, in the page's language."""
    return asking.words(where, (get_language() or "en")[:2])
