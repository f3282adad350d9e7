"""The daily audit of memberships: how it went, of whom something else was written than the rules say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from dangol.identity import steps as identity
from dangol.profile import reads as profile
from dangol.segment import audits
from dangol.segment.audits import Difference, Run
from dangol.segment.models import Audit
from dangol.web.page import Asked, show


@dataclass(frozen=True, slots=True)
class Found:
    """One customer who was wrong, as they are now."""

    difference: Difference
    customer: int | None  # empty for one who was erased since
    name: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The audit of today, or the last one, and the days before."""

    audit: Audit | None
    found: list[Found]
    before: list[Run]
    now: datetime

    @property
    def unnamed(self) -> int:
        """Customers who were wrong and are not in the list."""
        return max(self.audit.wrong - len(self.found), 0) if self.audit else 0


def audit(request: Asked) -> HttpResponse:
    row = audits.latest()
    told = audits.differences(row) if row else []
    current = {one.customer: identity.current(one.customer) for one in told}
    names = profile.names([customer for customer in current.values() if customer is not None])
    found = [Found(one, current[one.customer], names.get(current[one.customer] or 0, "")) for one in told]
    return show(request, "segment_audit.html", AuditPage(row, found, audits.before(row) if row else [], request.now))
