"""What people look at in segments: lists with counts, members, one customer's memberships. Reads only."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, QuerySet

from dangol.segment import days as sizes
from dangol.segment.active import COMING, zone
from dangol.segment.days import Size
from dangol.segment.language import Trait, primitives
from dangol.segment.models import Computation, Member, Segment
from dangol.segment.parse import read_rule

ACTIVE = "active"


def active() -> list[tuple[Segment, int]]:
    """Active segments with how many are in each now, the fullest first."""
    rows = _known(ACTIVE).annotate(size=Count("members")).order_by("-size", "key")
    return [(row, row.size) for row in rows]


def traits_used() -> dict[str, int]:
    """How many active segments look at each trait."""
    found: Counter[str] = Counter()
    for rule in _known(ACTIVE).values_list("rule", flat=True):
        found.update(traits_in(rule))
    return dict(found)


def traits_in(where: Any) -> set[str]:
    """The traits that a rule, as it is written, looks at."""
    return {one.path.keys[0] for one in primitives(read_rule(where, UTC)) if isinstance(one, Trait) and one.path.keys}


def count_active() -> int:
    return _known(ACTIVE).count()


def _known(state: str) -> QuerySet[Segment]:
    """The segments in a state that people know."""
    return Segment.shown.filter(state=state)


def find(key: str) -> Segment | None:
    """An active segment."""
    return _known(ACTIVE).filter(key=key).first()


def size(key: str) -> int:
    return Member.objects.filter(segment__key=key).count()


def of_customer(customer_id: int) -> list[tuple[Segment, datetime]]:
    """The segments a customer is in now, and since when; the newest first."""
    rows = Member.objects.filter(customer_id=customer_id, segment__in=_known(ACTIVE)).select_related("segment")
    return [(row.segment, row.since) for row in rows.order_by("-since")]


def members(key: str, after: int, limit: int) -> list[tuple[int, datetime]]:
    """Customers in a segment and since when, by customer id from `after` on."""
    rows = Member.objects.filter(segment__key=key, customer_id__gt=after).order_by("customer_id")
    return list(rows.values_list("customer_id", "since")[:limit])


def history(key: str, days: int, now: datetime) -> list[Size]:
    """A segment's size on each of the last `days` days of the shop's calendar, today the last; read-only."""
    return sizes.history(key, size(key), days, now.astimezone(zone()).date())


def computation(key: str) -> Computation | None:
    """How far the computing of a segment is that is under way or has failed; None where its members are right."""
    row = Segment.shown.filter(stands_for=key, state__in=COMING).select_related("computation").first()
    return row.computation if row else None


def listed(state: str) -> list[Segment]:
    """The segments in a state (draft, active, archived) as they were saved last, by key; those at work otherwise.

    A segment whose first members are being computed counts as active.
    """
    rows = {row.key: row for row in _known(state)}
    if state == ACTIVE:
        coming = Segment.shown.filter(state__in=COMING)
        rows |= {row.stands_for: row for row in coming.select_related("computation")}
    return [rows[key] for key in sorted(rows)]
