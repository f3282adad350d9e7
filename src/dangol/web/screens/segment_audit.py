"""The daily audit of memberships: how it went, of whom something else was written than the rules say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.identity import steps as identity
from dangol.profile import reads as profile
from dangol.segment import active, audits
from dangol.segment.audits import Difference, Run
from dangol.segment.models import Audit
from dangol.segment.rules import is_hidden
from dangol.web.page import Asked, show


@dataclass(frozen=True, slots=True)
class Named:
    """A segment as people know it."""

    name: str  # its key; a condition of campaigns is kept as a segment that has none to show
    shown: bool  # whether there is a page of it


@dataclass(frozen=True, slots=True)
class Found:
    """One customer who was wrong, as they are now."""

    difference: Difference
    customer: int | None  # empty for one who was erased since
    name: str
    too_many: list[Named]
    missing: list[Named]


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
    shown = {segment.key for segment in active.visible()}
    found = [
        Found(
            one,
            current[one.customer],
            names.get(current[one.customer] or 0, ""),
            _named(one.too_many, shown),
            _named(one.missing, shown),
        )
        for one in told
    ]
    return show(request, "segment_audit.html", AuditPage(row, found, audits.before(row) if row else [], request.now))


def _named(keys: Collection[str], shown: Collection[str]) -> list[Named]:
    names = dict.fromkeys(_("a condition of a campaign") if is_hidden(key) else key for key in keys)
    return [Named(name, name in shown) for name in names]
