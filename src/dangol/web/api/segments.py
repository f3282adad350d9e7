"""Segments over the API: save, read, put away, who is in one, and for whom a rule would hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Body, Query, Router, Status

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.instants import parse_instant
from dangol.identity import steps as identity
from dangol.profile import reads as profiles
from dangol.profile import steps as profile_steps
from dangol.segment import active, adopting, asking, library, reads, schema
from dangol.segment import steps as segment
from dangol.segment.days import MOST_DAYS
from dangol.segment.models import Segment
from dangol.web import guard
from dangol.web.api import segment_shapes, shapes
from dangol.web.api.explained import explained
from dangol.web.api.lists import Page, Paging, page, whole
from dangol.web.api.parameters import Key

router = Router(tags=["segments"])
LANGUAGES = ("en", "ko")


@router.get("", response=Page[segment_shapes.SegmentShown])
def segments(
    request: HttpRequest, paging: Query[Paging], state: Literal["draft", "active", "archived"] = "active"
) -> dict[str, Any]:
    """Every segment in a state, by key; active ones unless another is named."""
    return whole(reads.listed(state), paging, _shown, lambda row: row.stands_for or row.key)


@router.post("/evaluate", response=shapes.Members)
def evaluate(request: HttpRequest, question: Body[shapes.Question]) -> dict[str, Any]:
    """For whom a rule holds at an instant, over full history. Reads only."""
    ids = asking.evaluate(question.where, _instant(question.at))
    users = profiles.user_ids(ids) if question.ids else {}
    return {"count": len(ids), "members": [users.get(customer) or str(customer) for customer in ids]}


@router.post("/explain", response=shapes.Explanation)
def explain(request: HttpRequest, question: Body[shapes.AskedWhy]) -> dict[str, Any]:
    """Why a rule holds for a customer or not, leaf by leaf, and when that changes if nothing happens. Reads only."""
    return explained(asking.explain_rule(question.where, _customer(question.customer), _instant(question.at)))


def _customer(told: str) -> int:
    found = identity.current(int(told)) if told.isascii() and told.isdecimal() and len(told) < 19 else None
    if found is None or profile_steps.get(found) is None:
        raise Invalid([Fault("/customer", told[:200], "the id of a customer")])
    return found


def _instant(told: str | None) -> datetime:
    if told is None:
        return guard.CLOCK.now()
    at = parse_instant(told, active.zone())
    if at is None:
        raise Invalid([Fault("/at", told[:200], "an ISO 8601 instant such as 2026-11-24T12:00:00+09:00")])
    return at


@router.get("/library", response=Page[segment_shapes.ReadyShown])
def ready_made(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Segments that most shops want, each with what it is for; none is at work before it is adopted."""
    return whole(list(library.everything().values()), paging, _ready, lambda one: one.key)


@router.post("/library/{key}/adopt", response=segment_shapes.SegmentShown)
def adopt(request: HttpRequest, key: Key, told: Body[segment_shapes.Adoption]) -> dict[str, Any]:
    """Make one of them the shop's own, with what it asks for, as a draft or at work."""
    found = adopting.adopt(key, told.values, told.language, guard.CLOCK.now(), state=told.state)
    return _shown(found)


@router.get("/schema.json", response=dict[str, Any])
def language_schema(request: HttpRequest) -> dict[str, Any]:
    """The segment language as a JSON Schema, for editors."""
    return schema.document()


@router.get("/{key}", response=segment_shapes.SegmentShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One segment, active or a draft, as it was saved last."""
    row = active.newest(key)
    if row.state == "archived":
        raise NotFound(f"no segment {key}")
    return _shown(row)


@router.put("/{key}", response=segment_shapes.SegmentShown)
def save(request: HttpRequest, key: Key, shape: Body[dict[str, Any]]) -> dict[str, Any]:
    """Save a segment; it applies to all history at once, and its first members start no campaign.

    In a large shop the answer has `computing`: until that is null the members are those of the version before.
    """
    return _shown(segment.save(key, shape, guard.CLOCK.now()))


@router.delete("/{key}", response={204: None})
def archive(request: HttpRequest, key: Key) -> Status[None]:
    """Put a segment away: nobody is in it any more."""
    segment.archive(key, guard.CLOCK.now())
    return Status(204, None)


@router.post("/{key}/activate", response=segment_shapes.SegmentShown)
def activate(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Let a draft work, or bring an archived segment back."""
    return _shown(segment.activate(key, guard.CLOCK.now()))


@router.get("/{key}/history", response=segment_shapes.Sizes)
def history(request: HttpRequest, key: Key, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 90) -> dict[str, Any]:
    """How many were in a segment on each of the last days."""
    active.newest(key)
    return {"segment": key, "days": reads.history(key, days, guard.CLOCK.now())}


@router.get("/{key}/members", response=Page[shapes.Member])
def members(request: HttpRequest, key: Key, paging: Query[Paging]) -> dict[str, Any]:
    """Who is in a segment now, by customer id."""
    rows = asking.members(key, paging.number() or 0, paging.limit + 1)
    users = profiles.user_ids([row.customer_id for row in rows])
    return page(
        rows,
        paging,
        lambda row: {"id": str(row.customer_id), "userId": users.get(row.customer_id)},
        lambda row: str(row.customer_id),
    )


def _ready(one: library.Ready) -> dict[str, Any]:
    asks = {name: {language: str(asked[language]) for language in LANGUAGES} for name, asked in one.asks.items()}
    return {
        "key": one.key, "group": one.group, "name": one.name, "for": one.purpose, "where": one.where, "asks": asks,
        "suggestions": adopting.suggestions(one),
    }  # fmt: skip


def _shown(row: Segment) -> dict[str, Any]:
    return {
        "key": row.stands_for or row.key,
        "name": row.name,
        "state": row.state if row.state in ("draft", "archived") else "active",
        "where": row.rule,
        "version": row.version,
        "updated_at": row.updated_at,
        "words": {language: asking.words(row.rule, language) for language in LANGUAGES},
        "computing": row.computation if row.state in active.COMING else None,
    }
