"""Lists kept by hand over the API: made, renamed, and who is put on and taken off."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Status

from dangol.profile import reads as profiles
from dangol.segment import lists
from dangol.segment.models import List
from dangol.web import guard
from dangol.web.api import segment_shapes, shapes
from dangol.web.api.lists import Page, Paging, page, whole
from dangol.web.api.parameters import Key

router = Router(tags=["lists"])


@router.get("", response=Page[segment_shapes.ListShown])
def everything(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """All lists, by key."""
    rows = lists.everything()
    sizes = lists.sizes([row.key for row in rows], guard.CLOCK.now())
    return whole(rows, paging, lambda row: _shown(row, sizes[row.key]), lambda row: row.key)


@router.get("/{key}", response=segment_shapes.ListShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One list."""
    return _shown(lists.get(key), lists.sizes([key], guard.CLOCK.now())[key])


@router.put("/{key}", response=segment_shapes.ListShown)
def save(request: HttpRequest, key: Key, named: Body[segment_shapes.ListNamed]) -> dict[str, Any]:
    """Make a list, or give it another name."""
    now = guard.CLOCK.now()
    return _shown(lists.save(key, named.name, now), lists.sizes([key], now)[key])


@router.delete("/{key}", response={204: None})
def remove(request: HttpRequest, key: Key) -> Status[None]:
    """Everybody is taken off the list, and it is gone."""
    lists.remove(key, guard.CLOCK.now())
    return Status(204, None)


@router.get("/{key}/members", response=Page[shapes.Member])
def members(request: HttpRequest, key: Key, paging: Query[Paging]) -> dict[str, Any]:
    """Who is on a list, by customer id."""
    lists.get(key)
    after = paging.number() or 0
    ids = [one for one in lists.members(key, guard.CLOCK.now()) if one > after][: paging.limit + 1]
    users = profiles.user_ids(ids)
    return page(ids, paging, lambda number: {"id": str(number), "userId": users.get(number)}, str)


@router.post("/{key}/members", response=segment_shapes.ListChanged)
def change(request: HttpRequest, key: Key, told: Body[segment_shapes.ListChange]) -> lists.Changed:
    """Put customers on a list and take others off; each entry that leads to nobody is named."""
    return lists.change(key, told.add, told.remove, guard.CLOCK.now())


def _shown(row: List, size: int) -> dict[str, Any]:
    return {
        "key": row.key, "name": row.name, "created_at": row.created_at, "updated_at": row.updated_at, "size": size,
    }  # fmt: skip
