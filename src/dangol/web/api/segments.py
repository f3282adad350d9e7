"""Segments over the API: save, read, put away, who is in one, and for whom a rule would hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Status

from dangol.base.errors import Fault, Invalid
from dangol.base.instants import parse_instant
from dangol.profile import reads as profiles
from dangol.segment import steps as segment
from dangol.segment.models import Segment
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.lists import Page, Paging, page, whole
from dangol.web.api.parameters import Key

router = Router(tags=["segments"])
LANGUAGES = ("en", "ko")


@router.get("", response=Page[shapes.SegmentShown])
def segments(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Every active segment, by key."""
    return whole(segment.all_active(), paging, _shown, lambda row: row.key)


@router.post("/evaluate", response=shapes.Members)
def evaluate(request: HttpRequest, question: Body[shapes.Question]) -> dict[str, Any]:
    """For whom a rule holds at an instant, over full history. Reads only."""
    ids = segment.evaluate(question.where, _instant(question.at))
    users = profiles.user_ids(ids) if question.ids else {}
    return {"count": len(ids), "members": [users.get(customer) or str(customer) for customer in ids]}


def _instant(told: str | None) -> datetime:
    if told is None:
        return guard.CLOCK.now()
    at = parse_instant(told, segment.zone())
    if at is None:
        raise Invalid([Fault("/at", told[:200], "an ISO 8601 instant such as 2026-11-24T12:00:00+09:00")])
    return at


@router.get("/{key}", response=shapes.SegmentShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One active segment."""
    return _shown(segment.get(key))


@router.put("/{key}", response=shapes.SegmentShown)
def save(request: HttpRequest, key: Key, shape: Body[dict[str, Any]]) -> dict[str, Any]:
    """Save a segment; it applies to all history at once, and its first members start no campaign."""
    return _shown(segment.save(key, shape, guard.CLOCK.now()))


@router.delete("/{key}", response={204: None})
def archive(request: HttpRequest, key: Key) -> Status[None]:
    """Put a segment away: nobody is in it any more."""
    segment.archive(key, guard.CLOCK.now())
    return Status(204, None)


@router.get("/{key}/members", response=Page[shapes.Member])
def members(request: HttpRequest, key: Key, paging: Query[Paging]) -> dict[str, Any]:
    """Who is in a segment now, by customer id."""
    rows = segment.members(key, paging.number() or 0, paging.limit + 1)
    users = profiles.user_ids([row.customer_id for row in rows])
    return page(
        rows,
        paging,
        lambda row: {"id": str(row.customer_id), "userId": users.get(row.customer_id)},
        lambda row: str(row.customer_id),
    )


def _shown(row: Segment) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "where": row.rule,
        "version": row.version,
        "updated_at": row.updated_at,
        "words": {language: segment.words(row.rule, language) for language in LANGUAGES},
    }
