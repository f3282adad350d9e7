"""Topics over the API: declared, declared otherwise, put away."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Status

from dangol.profile import topics as profile
from dangol.profile.models import Topic
from dangol.segment import topics
from dangol.web import guard
from dangol.web.api import segment_shapes
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key

router = Router(tags=["topics"])


@router.get("", response=Page[segment_shapes.TopicShown])
def everything(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The topics that customers can choose, by key."""
    rows = profile.everything()
    sizes = topics.sizes([row.key for row in rows], guard.CLOCK.now())
    return whole(rows, paging, lambda row: _shown(row, sizes[row.key]), lambda row: row.key)


@router.get("/{key}", response=segment_shapes.TopicShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One topic, also an archived one."""
    return _with_size(profile.get(key))


@router.put("/{key}", response=segment_shapes.TopicShown)
def save(request: HttpRequest, key: Key, told: Body[segment_shapes.TopicTold]) -> dict[str, Any]:
    """Declare a topic, or declare it otherwise; an archived one comes back."""
    return _with_size(topics.save(key, told.dict(), guard.CLOCK.now()))


@router.delete("/{key}", response={204: None})
def archive(request: HttpRequest, key: Key) -> Status[None]:
    """Offer a topic to nobody any more; what customers said of it stays."""
    topics.archive(key, guard.CLOCK.now())
    return Status(204, None)


def _with_size(row: Topic) -> dict[str, Any]:
    return _shown(row, topics.sizes([row.key], guard.CLOCK.now())[row.key])


def _shown(row: Topic, size: int) -> dict[str, Any]:
    archived = row.archived_at is not None
    return {
        "key": row.key, **profile.written(row), "archived": archived, "size": size, "created_at": row.created_at,
        "updated_at": row.updated_at,
    }  # fmt: skip
