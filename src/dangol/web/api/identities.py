"""Who is who over the API: merges and their reasons, two customers who are one, a merge that was wrong."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from dangol import loop
from dangol.base.errors import Fault, Invalid
from dangol.identity import reads, signposts
from dangol.identity.models import Merge
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.lists import LARGEST, Page, Paging, page

router = Router(tags=["identity"])


class Wanted(Paging):
    """Which merges."""

    customer: str | None = Field(None, max_length=20, description="that made this customer what it is")


@router.get("/merges", response=Page[shapes.MergeShown])
def merges(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Customers found to be one, the newest first, with those that were undone."""
    customer = None if wanted.customer is None else number(wanted.customer, "/query/customer")
    rows = reads.merges(customer=customer, before=wanted.number(), limit=wanted.limit + 1)
    return page(rows, wanted, _shown, lambda row: str(row.pk))


@router.post("/merge", response=shapes.Joined)
def merge(request: HttpRequest, wanted: shapes.Join) -> dict[str, Any]:
    """Two customers are one. Everything of the one becomes the other's, until it is undone."""
    one, other = (number(id_, f"/customers/{index}") for index, id_ in enumerate(wanted.customers))
    loop.join(one, other, guard.CLOCK.now())
    return {"customer": str(signposts.current_of({one})[one])}


@router.post("/unmerge", response=shapes.Parted)
def unmerge(request: HttpRequest, wanted: shapes.Part) -> dict[str, Any]:
    """A merge was wrong: both histories come back, and facts from after it go to the identifier they came with."""
    row = _merge(wanted)
    loop.part(row.pk, guard.CLOCK.now())
    now = signposts.current_of({row.survivor_id, row.absorbed_id})
    return {"customers": [str(now[row.survivor_id]), str(now[row.absorbed_id])]}


def _merge(wanted: shapes.Part) -> Merge:
    if (wanted.merge is None) == (wanted.customer is None):
        raise Invalid([Fault("", "both, or neither, of merge and customer", "one of them")])
    if wanted.merge is not None:
        return reads.merge(number(wanted.merge, "/merge"))
    return reads.merge_of(number(str(wanted.customer), "/customer"))


def number(id_: str, place: str) -> int:
    """An id as a number. Raises Invalid."""
    if not (id_.isascii() and id_.isdecimal() and len(id_) < 20 and int(id_) <= LARGEST):
        raise Invalid([Fault(place, id_, "an id, such as 42")])
    return int(id_)


def _shown(row: Merge) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "survivor": str(row.survivor_id),
        "absorbed": str(row.absorbed_id),
        "reason": row.reason,
        "merged_at": row.merged_at,
        "undone_at": row.undone_at,
    }
