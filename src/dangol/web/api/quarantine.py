"""The quarantine over the API: what was not taken and why, and judging it again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from dangol.base.clock import from_us
from dangol.base.errors import Fault, Invalid
from dangol.collect import quarantine
from dangol.collect.bounds import Limits
from dangol.collect.log import Rejected
from dangol.collect.steps import own_log
from dangol.web.api import shapes
from dangol.web.api.lists import LARGEST, Page, Paging, page
from dangol.web.api.parameters import Text

router = Router(tags=["quarantine"])


class Wanted(Paging):
    """Which of those that were not taken."""

    source: Text | None = Field(None, max_length=64, description="of this source")
    code: Text | None = Field(None, max_length=64, description="for this reason")


@router.get("", response=Page[shapes.RejectedShown])
def listed(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """What was not taken, the newest first."""
    rows = quarantine.listed(
        own_log(), source=wanted.source, code=wanted.code, before=wanted.number(), limit=wanted.limit + 1
    )
    return page(rows, wanted, _shown, lambda row: str(row.id))


@router.get("/reasons", response=shapes.Reasons)
def reasons(request: HttpRequest) -> dict[str, Any]:
    """How many wait, by source and reason."""
    return {
        "reasons": [
            {"source": found.source, "code": found.code, "count": found.count, "newest_at": found.newest_at}
            for found in quarantine.reasons(own_log())
        ]
    }


@router.post("/replay", response=shapes.Replayed)
def replay(request: HttpRequest, wanted: shapes.Replay) -> dict[str, Any]:
    """Judge some, or all of a source or reason, again; those that are taken now are gone from here."""
    done = _replay(wanted, Limits(settings.DANGOL.max_event_bytes, settings.DANGOL.max_batch_events))
    return {
        "taken": done.taken,
        "refused": [{"id": str(row.id), "code": row.code, "detail": row.detail} for row in done.refused],
    }


def _replay(wanted: shapes.Replay, limits: Limits) -> quarantine.Replayed:
    log, ids = own_log(), [_number(id_) for id_ in wanted.ids or []]
    if wanted.all == bool(ids):
        raise Invalid([Fault("/ids", f"{len(ids)} ids and all: {wanted.all}", 'ids, or "all": true')])
    if wanted.event is not None:
        if len(ids) != 1:
            raise Invalid([Fault("/event", f"a correction for {len(ids)} ids", "a correction for one id")])
        return quarantine.replay_corrected(log, limits, ids[0], wanted.event)
    if ids:
        return quarantine.replay(log, limits, ids)
    return quarantine.replay_all(log, limits, source=wanted.source, code=wanted.code)


def _number(id_: str) -> int:
    if not (id_.isascii() and id_.isdecimal() and len(id_) < 20 and int(id_) <= LARGEST):
        raise Invalid([Fault("/ids", id_, "ids from GET /api/quarantine")])
    return int(id_)


def _shown(row: Rejected) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "source": row.source,
        "code": row.code,
        "detail": row.detail,
        "received_at": from_us(row.received_us),
        "in_log": bool(row.position),
        "event": quarantine.shown(row),
    }
