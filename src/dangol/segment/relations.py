"""How segments lie to each other: who is in both of two, or in one of them only, and which refer to one. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, QuerySet

from dangol.segment import rules
from dangol.segment.active import rules_of, visible, zone
from dangol.segment.models import Member, Segment

Part = Literal["both", "first", "second"]
PARTS: tuple[Part, ...] = ("both", "first", "second")


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many customers are in both of two segments, and in one of them only."""

    both: int
    first: int
    second: int

    def of(self, part: Part) -> int:
        return {"both": self.both, "first": self.first, "second": self.second}[part]


def overlap(first: str, second: str) -> Overlap:
    """Two active segments, by their live members."""
    both = _rows(first, second, "both").count()
    sizes = [Member.objects.filter(segment__key=key).count() for key in (first, second)]
    return Overlap(both, sizes[0] - both, sizes[1] - both)


def members_of(first: str, second: str, part: Part, after: int, limit: int) -> list[tuple[int, datetime]]:
    """The customers of one part and since when, by customer id from `after` on."""
    rows = _rows(first, second, part).filter(customer_id__gt=after).order_by("customer_id")
    return list(rows.values_list("customer_id", "since")[:limit])


def _rows(first: str, second: str, part: Part) -> QuerySet[Member]:
    inside, other = (second, first) if part == "second" else (first, second)
    there = Exists(Member.objects.filter(segment__key=other, customer_id=OuterRef("customer_id")))
    rows = Member.objects.filter(segment__key=inside)
    return rows.filter(there) if part == "both" else rows.exclude(there)


def among(key: str, customer_ids: Collection[int], limit: int) -> list[tuple[int, datetime]]:
    """Those of some customers who are in a segment, and since when; of a few thousand at most."""
    rows = Member.objects.filter(segment__key=key, customer_id__in=list(customer_ids)).order_by("customer_id")
    return list(rows.values_list("customer_id", "since")[:limit])


def used_by(key: str) -> list[Segment]:
    """The active segments that refer to one, by key."""
    active = visible()
    known = rules_of(active, zone())
    return [one for one in active if key in rules.references(known[one.key])]
