"""One customer's file: what they did, what they are worth, what they allowed, what we sent and what is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.http import HttpResponse
from django.utils.translation import get_language

from dangol.base.clock import from_us, to_us
from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.campaign import reads as campaign
from dangol.campaign.models import Run
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.deliver import reads as deliver
from dangol.deliver.models import Delivery
from dangol.identity import steps as identity
from dangol.profile import reads as profile
from dangol.profile import steps as profile_steps
from dangol.profile.models import Consent, Order, Profile
from dangol.profile.reads import Rhythm
from dangol.segment import reads as segment
from dangol.segment import steps as segments
from dangol.segment.explanation import Explanation
from dangol.segment.models import Segment
from dangol.web.page import Asked, go, show
from dangol.web.telling import Manner, Told, tell
from dangol.web.wording import labels

FACTS_ON_A_PAGE = 40


@dataclass(frozen=True, slots=True)
class FactsPart:
    """A stretch of the timeline."""

    customer_id: int
    lines: list[Told]
    next: str  # cursor of the older ones, or empty


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """The whole file."""

    customer_id: int
    profile: Profile
    net: Decimal
    rhythm: Rhythm
    orders: list[Order]
    identifiers: list[tuple[str, str]]
    consents: list[Consent]
    segments: list[tuple[Segment, datetime]]
    facts: FactsPart
    messages: list[Delivery]
    runs: list[Run]
    tasks: list[Task]
    now: datetime

    @property
    def called(self) -> str:
        found = self.profile
        return found.name or found.email or found.user_id

    @property
    def traits(self) -> list[tuple[str, object]]:
        return sorted(self.profile.traits.items())


@dataclass(frozen=True, slots=True)
class ExplanationPart:
    """Why a customer is in a segment."""

    explanation: Explanation


def customer(request: Asked, customer_id: int) -> HttpResponse:
    current = identity.current(customer_id)
    found = profile_steps.get(current) if current else None
    if current is None or found is None:
        raise NotFound(f"there is no customer {customer_id}")
    if current != customer_id:
        return go("customer", current)
    page = CustomerPage(
        customer_id=current,
        profile=found,
        net=found.revenue - found.refunded,
        rhythm=profile.rhythm(current),
        orders=profile.orders(current, 10),
        identifiers=identity.identifiers([current]).get(current, []),
        consents=profile.consents(current),
        segments=segment.of_customer(current),
        facts=_facts(current, None),
        messages=deliver.of_customer(current),
        runs=campaign.of_customer(current),
        tasks=converse.of_customer(current),
        now=request.now,
    )
    return show(request, "customer.html", page)


def facts(request: Asked, customer_id: int) -> HttpResponse:
    """Older facts, below those that are shown."""
    return show(request, "parts/facts.html", _facts(customer_id, _cursor(request.GET.get("before", ""))))


def why(request: Asked, customer_id: int, key: str) -> HttpResponse:
    """Why a customer is in a segment, and when that will change."""
    part = ExplanationPart(segments.explain(key, customer_id, request.now))
    return show(request, "parts/why.html", part)


def _facts(customer_id: int, before: tuple[datetime, int] | None) -> FactsPart:
    rows = profile_steps.timeline(customer_id, before=before, limit=FACTS_ON_A_PAGE + 1)
    more, rows = len(rows) > FACTS_ON_A_PAGE, rows[:FACTS_ON_A_PAGE]
    manner = Manner(Shop.objects.get(), get_language() or "en", labels())
    return FactsPart(
        customer_id=customer_id,
        lines=[tell(row, manner) for row in rows],
        next=f"{to_us(rows[-1].at)}.{rows[-1].position}" if more else "",
    )


def _cursor(text: str) -> tuple[datetime, int] | None:
    at, _, position = text.partition(".")
    if not (at.lstrip("-").isdecimal() and position.isdecimal()):
        return None
    return from_us(int(at)), int(position)
