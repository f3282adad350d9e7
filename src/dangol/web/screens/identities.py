"""Who is who: customers that were found to be one, why, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol import loop
from dangol.identity import reads as identity
from dangol.identity.models import Identifier, Merge
from dangol.profile import reads as profile
from dangol.profile import recounting
from dangol.profile.models import Recount
from dangol.web.page import Asked, go, show, wants_part

ON_A_PAGE = 40


@dataclass(frozen=True, slots=True)
class Merged:
    """One merge and the identifiers that the absorbed customer brought."""

    row: Merge
    keys: list[tuple[str, str]]
    name: str  # of the survivor


@dataclass(frozen=True, slots=True)
class IdentitiesPage:
    """The newest merges, and what joins nobody because several people share it."""

    merges: list[Merged]
    shared: list[Identifier]
    shared_total: int
    next: int  # id to go on below, or 0
    recount: Recount | None  # of everybody's figures, today's or the last
    now: datetime


def identities(request: Asked) -> HttpResponse:
    before = request.GET.get("before", "")
    rows = identity.merges(before=int(before) if before.isdecimal() else None, limit=ON_A_PAGE + 1)
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    page = IdentitiesPage(
        merges=merges_shown(rows),
        shared=identity.shared(),
        shared_total=identity.count_shared(),
        next=rows[-1].pk if more else 0,
        recount=recounting.latest(),
        now=request.now,
    )
    return show(request, "parts/merges.html" if before and wants_part(request) else "identities.html", page)


def undo(request: Asked, pk: int) -> HttpResponse:
    """The merge was wrong."""
    row = identity.merge(pk)
    loop.part(pk, request.now)
    messages.success(request, _("The two are two again, and each has what was theirs."))
    return go("customer", row.survivor_id)


def merges_shown(rows: Sequence[Merge]) -> list[Merged]:
    names = profile.names({row.survivor_id for row in rows})
    return [Merged(row, identity.keys(row.moved), names.get(row.survivor_id, "")) for row in rows]
