"""Segments over the API: save, read, put away, who is in one, and what a rule would give."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router

from dangol.base.errors import Fault, Invalid
from dangol.base.instants import parse_instant
from dangol.profile import reads as profiles
from dangol.segment import steps as segment
from dangol.segment.models import Segment
from dangol.web.api import shapes
from dangol.web.api.shapes import Paging
from dangol.web.guard import CLOCK

router = Router(tags=["segments"])


@router.get("", response=shapes.Page[shapes.SegmentShown], summary="Every active segment")
def segments(request: HttpRequest) -> dict[str, Any]:
    return {"items": [_shown(found) for found in segment.all_active()], "next": None}


@router.post("/evaluate", response=shapes.Members, summary="Who a rule holds for, at an instant, over full history")
def evaluate(request: HttpRequest, question: Body[shapes.Question]) -> dict[str, Any]:
    ids = segment.evaluate(question.where, _instant(question.at))
    if not question.ids:
        return {"count": len(ids), "members": [str(customer) for customer in ids]}
    users = profiles.user_ids(ids)
    return {"count": len(ids), "members": [users.get(customer) or str(customer) for customer in ids]}


def _instant(told: str | None) -> datetime:
    if told is None:
        return CLOCK.now()
    at = parse_instant(told, segment.zone())
    if at is None:
        raise Invalid([Fault("/at", repr(told), "an ISO 8601 instant such as 2026-11-24T12:00:00+09:00")])
    return at


@router.get("/{key}", response=shapes.SegmentShown, summary="One segment")
def read(request: HttpRequest, key: str) -> dict[str, Any]:
    return _shown(segment.get(key))


@router.put("/{key}", response=shapes.SegmentShown, summary="Save a segment; it applies to all history at once")
def save(request: HttpRequest, key: str, shape: Body[Any]) -> dict[str, Any]:
    if not isinstance(shape, dict):
        raise Invalid([Fault("", type(shape).__name__, "a segment: an object with name and where")])
    return _shown(segment.save(key, shape, CLOCK.now()))


@router.delete("/{key}", response={204: None}, summary="Put a segment away")
def archive(request: HttpRequest, key: str) -> tuple[int, None]:
    segment.archive(key, CLOCK.now())
    return 204, None


@router.get("/{key}/members", response=shapes.Page[shapes.Member], summary="Who is in a segment now")
def members(request: HttpRequest, key: str, paging: Query[Paging]) -> dict[str, Any]:
    rows = segment.members(key, paging.after, paging.limit + 1)
    users = profiles.user_ids([row.customer_id for row in rows])
    return shapes.page(
        rows,
        paging,
        lambda row: {"id": str(row.customer_id), "userId": users.get(row.customer_id)},
        lambda row: row.customer_id,
    )


def _shown(found: Segment) -> dict[str, Any]:
    return {
        "key": found.key,
        "name": found.name,
        "where": found.rule,
        "version": found.version,
        "updated_at": found.updated_at,
        "words": {language: segment.words(found.rule, language) for language in ("en", "ko")},
    }
