"""One customer's rights: every word on consent, a copy, a correction, restriction, objection, erasure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import DangolError, NotFound
from dangol.identity import steps as identity
from dangol.privacy import audit
from dangol.privacy import steps as privacy
from dangol.privacy.models import Access
from dangol.profile import consenting, consents, restrictions
from dangol.profile import steps as profile
from dangol.profile.models import ConsentChange, Profile
from dangol.web import paper
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show


@dataclass(frozen=True, slots=True)
class RightsPage:
    """The whole page."""

    customer_id: int
    profile: Profile
    words: list[ConsentChange]
    channels: list[str]
    traits: list[tuple[str, Any]]
    restricted: bool
    lines: list[Access]
    now: datetime

    @property
    def called(self) -> str:
        return self.profile.name or self.profile.email or self.profile.user_id


def rights(request: Asked, customer_id: int) -> HttpResponse:
    current = identity.current(customer_id)
    found = profile.get(current) if current else None
    if current is None or found is None:
        raise NotFound(f"there is no customer {customer_id}")
    if current != customer_id:
        return go("rights", current)
    page = RightsPage(
        customer_id=current,
        profile=found,
        words=consents.history(current)[:100],
        channels=sorted(consenting.CHANNELS),
        traits=sorted((key, value) for key, value in found.traits.items() if isinstance(value, str | int | float)),
        restricted=current in restrictions.restricted(),
        lines=audit.lines(20, customer=current),
        now=request.now,
    )
    return show(request, "rights.html", page)


def copy(request: Asked, customer_id: int) -> HttpResponse:
    """Everything about the customer, as a file; why is asked for and kept."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why: it is kept in the log of accesses."))
        return go("rights", customer_id)
    made = privacy.copy_of(customer_id, request.now, actor_of(request), reason)
    return paper.data(made) if request.POST.get("format") == "json" else paper.answer(made)


def correct(request: Asked, customer_id: int) -> HttpResponse:
    """Set one trait, or take it away."""
    name, text = request.POST.get("name", "").strip(), request.POST.get("value", "").strip()
    before = (profile.get(customer_id) or Profile()).traits.get(name)
    return _done(request, customer_id, lambda: privacy.correct(
        customer_id, {name: _like(before, text)}, request.now, actor_of(request), request.POST.get("reason", "")
    ))  # fmt: skip


def _like(before: Any, text: str) -> Any:
    """A number stays a number; nothing takes the trait away."""
    if not text:
        return None
    if isinstance(before, int | float) and not isinstance(before, bool):
        try:
            return int(text) if text.lstrip("-").isdecimal() else float(text)
        except ValueError:
            return text
    return text


def say(request: Asked, customer_id: int) -> HttpResponse:
    """What the customer told the staff about being written to."""
    told = request.POST
    return _done(request, customer_id, lambda: privacy.say(
        customer_id, told.get("channel", ""), "marketing", told.get("state", ""), request.now, actor_of(request),
        evidence=told.get("evidence", ""),
    ))  # fmt: skip


def restrict(request: Asked, customer_id: int) -> HttpResponse:
    """Keep the data and do not use them, or use them again."""
    do = privacy.lift if request.POST.get("lift") else privacy.restrict
    reason = request.POST.get("reason", "")
    return _done(request, customer_id, lambda: do(customer_id, request.now, actor_of(request), reason))


def object_to_marketing(request: Asked, customer_id: int) -> HttpResponse:
    """No marketing on any channel."""
    reason = request.POST.get("reason", "")
    return _done(
        request, customer_id, lambda: privacy.object_to_marketing(customer_id, request.now, actor_of(request), reason)
    )


def _done(request: Asked, customer_id: int, do: Any) -> HttpResponse:
    try:
        do()
    except NotFound:
        raise
    except DangolError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Done. It takes effect within a second."))
    return go("rights", customer_id)


def forget(request: Asked, customer_id: int) -> HttpResponse:
    """Erase the person; their number is typed first, so that no slip does it."""
    reason = request.POST.get("reason", "").strip()
    if request.POST.get("number", "").strip().removeprefix("#") != str(customer_id) or not reason:
        messages.error(request, _("Not erased: type the customer's number, and say why."))
        return go("rights", customer_id)
    privacy.forget(customer_id, request.now, actor=actor_of(request), reason=reason)
    messages.success(request, _("Erased: out of every table and file. Nothing that arrives brings them back."))
    return go("customers")
