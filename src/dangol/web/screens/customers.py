"""Customers: found by name, e-mail or id, those seen last first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from dangol.base.clock import from_us, to_us
from dangol.profile import reads as profile
from dangol.profile.models import Profile
from dangol.segment import asking as segment
from dangol.web.page import Asked, show, wants_part

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class CustomersPage:
    """One page of the list."""

    text: str
    rows: list[Profile]
    stages: dict[int, str]  # customer → stage of the lifecycle
    total: int
    next: str  # cursor of the following page, or empty
    now: datetime


def customers(request: Asked) -> HttpResponse:
    text, before = request.GET.get("q", "")[:200], _cursor(request.GET.get("before", ""))
    rows = profile.search(text, before=before, limit=ON_A_PAGE + 1)
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    page = CustomersPage(
        text=text,
        rows=rows,
        stages=stages_of([row.customer_id for row in rows]),
        total=profile.count(),
        next=f"{to_us(rows[-1].last_seen_at)}.{rows[-1].customer_id}" if more else "",
        now=request.now,
    )
    if not wants_part(request):
        return show(request, "customers.html", page)
    return show(request, "parts/customer_rows.html" if before else "parts/customer_list.html", page)


def stages_of(customers: list[int]) -> dict[int, str]:
    """The stage of the lifecycle that each of these customers is in."""
    found = segment.keys_of(customers)
    return {who: stage for who in customers for stage in STAGES if stage in found.get(who, ())}


STAGES = ("visitor", "new", "promising", "loyal", "at-risk", "lost")


def _cursor(text: str) -> tuple[datetime, int] | None:
    at, _, customer = text.partition(".")
    if not (at.isdecimal() and customer.isdecimal()):
        return None
    return from_us(int(at)), int(customer)
