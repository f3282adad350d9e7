"""Loyalty: how points are earned and spent, the tiers, and a customer's points as staff change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.clock import to_us
from dangol.base.errors import Invalid, NotFound
from dangol.offer import loyalty, points
from dangol.offer.models import Scheme
from dangol.offer.redeeming import Refused
from dangol.web import offering
from dangol.web.page import Asked, go, show


@dataclass(frozen=True, slots=True)
class LoyaltyPage:
    """The scheme as its form shows it, and what it came to."""

    scheme: Scheme | None
    typed: Mapping[str, str]
    tiers: list[tuple[str, int]]  # each with its customers
    totals: list[tuple[str, int]]  # points by what became of them, in words
    faults: tuple[str, ...] = ()


def loyalty_page(request: Asked) -> HttpResponse:
    row = loyalty.scheme()
    return _show(request, points.as_typed(row.rules if row else {"earn": {"points": 1, "each": 100}}))


def save(request: Asked) -> HttpResponse:
    """Save the scheme."""
    told = {name: str(value) for name, value in request.POST.dict().items()}
    try:
        loyalty.put(points.from_typed(told), request.now)
    except Invalid as error:
        return _show(request, told, tuple(map(offering.said, error.faults)), 422)
    messages.success(request, _("Saved."))
    return go("loyalty")


def adjust(request: Asked, customer_id: int) -> HttpResponse:
    """Staff give a customer points, or take some, with a reason."""
    text, reason = request.POST.get("points", "").strip(), request.POST.get("reason", "")
    by, cause = request.user.get_username(), request.POST.get("cause") or str(to_us(request.now))
    try:
        loyalty.adjust(customer_id, _whole(text), reason, cause, request.now, by=by)
    except Invalid:
        messages.error(request, _("Say how many points, as a whole number, and why."))
    except (Refused, NotFound):
        messages.error(request, _("They have too few points for that."))
    else:
        messages.success(request, _("Done."))
    return go("customer", customer_id)


def _whole(text: str) -> int:
    return int(text) if text.lstrip("+-").isdecimal() and len(text) < 11 else 0


def _show(request: Asked, typed: Mapping[str, str], faults: tuple[str, ...] = (), status: int = 200) -> HttpResponse:
    row = loyalty.scheme()
    counted = loyalty.by_tier() if row else {}
    agreed = points.parse(row.rules) if row else points.Rules()
    tiers = [(tier.key, counted.get(tier.key, 0)) for tier in reversed(agreed.tiers)]
    totals = [(offering.movement(kind), total) for kind, total in loyalty.totals().items()] if row else []
    return show(request, "loyalty.html", LoyaltyPage(row, typed, tiers, totals, faults), status)
