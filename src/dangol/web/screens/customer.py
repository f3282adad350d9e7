"""One customer's file: what they did, what they are worth, what they allowed, what we sent and what is to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.clock import from_us, to_us
from dangol.base.errors import Invalid, NotFound
from dangol.base.models import Shop
from dangol.campaign import reads as campaign
from dangol.campaign import steps as campaigns
from dangol.campaign.models import Campaign, Run
from dangol.converse import steps as converse
from dangol.converse.models import Conversation, Task
from dangol.converse.reads import thread_of
from dangol.deliver import reads as deliver
from dangol.deliver.models import Delivery
from dangol.identity import reads as identity_reads
from dangol.identity import steps as identity
from dangol.offer import loyalty, offers, shelves
from dangol.offer import reads as offer
from dangol.offer.models import Coupon, Offer, PointEntry, PointStanding
from dangol.offer.reads import Recommended
from dangol.privacy import steps as privacy
from dangol.profile import reads as profile
from dangol.profile import steps as profile_steps
from dangol.profile import topics
from dangol.profile.known import Figures, figures
from dangol.profile.models import Consent, Order, Profile
from dangol.segment import active
from dangol.segment import reads as segment
from dangol.segment.models import Segment
from dangol.survey import asking
from dangol.value import reads as worth
from dangol.web import offering
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show
from dangol.web.screens.identities import Merged, merges_shown
from dangol.web.telling import Manner, Told, tell, tell_merge
from dangol.web.wording import labels

FACTS_ON_A_PAGE = 40
TO_SHOW = 4


@dataclass(frozen=True, slots=True)
class FactsPart:
    """A stretch of the timeline."""

    customer_id: int
    lines: list[Told]
    next: str  # cursor of the older ones, or empty
    only: str  # what it is narrowed to, or empty
    choices: tuple[str, ...] = tuple(profile_steps.ABOUT)


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """The whole file."""

    customer_id: int
    profile: Profile
    figures: Figures
    orders: list[Order]
    identifiers: list[tuple[str, str]]
    consents: list[Consent]
    topics: list[tuple[topics.Standing, str]]  # each with its name in the reader's language
    segments: list[tuple[Segment, datetime]]
    others: list[Segment]  # active segments that they are not in
    facts: FactsPart
    messages: list[Delivery]
    runs: list[Run]
    campaigns: list[Campaign]  # that they are on no way through
    tasks: list[Task]
    conversation: Conversation | None
    merges: list[Merged]
    question: asking.Asked | None
    worth: worth.Worth
    coupons: list[tuple[Coupon, str]]  # each with its state in words
    offers: list[Offer]  # that staff may give something of
    points: PointStanding | None
    movements: list[tuple[PointEntry, str]]  # of points, each in words
    loyal: bool  # the shop has points
    to_show: list[Recommended]  # products that go with what they bought and looked at
    now: datetime

    @property
    def called(self) -> str:
        found = self.profile
        return found.name or found.email or found.user_id

    @property
    def channels(self) -> list[tuple[str, float]]:
        """The share of each channel, in per cent."""
        return [(name, share * 100) for name, share in self.figures.channels.items()]

    @property
    def viewed(self) -> str:
        return _product(self.figures.last_viewed)

    @property
    def cart(self) -> list[str]:
        return [f"{_product(item)} × {item['quantity']}" for item in self.figures.cart]

    @property
    def traits(self) -> list[tuple[str, object]]:
        return sorted(self.profile.traits.items())


def _product(told: Mapping[str, Any]) -> str:
    return str(told.get("name") or told.get("product_id") or told.get("sku") or "")


def customer(request: Asked, customer_id: int) -> HttpResponse:
    current = identity.current(customer_id)
    found = profile_steps.get(current) if current else None
    if current is None or found is None:
        raise NotFound(f"there is no customer {customer_id}")
    if current != customer_id:
        return go("customer", current)
    inside, runs = segment.of_customer(current), campaign.of_customer(current)
    page = CustomerPage(
        customer_id=current,
        profile=found,
        figures=figures(found),
        orders=profile.orders(current, 10),
        identifiers=identity.identifiers([current]).get(current, []),
        consents=profile.consents(current),
        topics=[(one, topics.called(one.topic, get_language() or "en")) for one in topics.standing(current)],
        segments=inside,
        others=_others({one.key for one, _since in inside}),
        facts=_facts(current, None, ""),
        messages=deliver.of_customer(current),
        runs=runs,
        campaigns=_other_campaigns(runs),
        tasks=converse.of_customer(current),
        conversation=thread_of(current),
        merges=merges_shown(identity_reads.merges(customer=current)),
        question=asking.next_question(current),
        worth=worth.of_customer(current, request.now),
        coupons=[(row, offering.state(row.state)) for row in shelves.of_customer(current)],
        offers=offers.giving_now(),
        points=loyalty.standing(current),
        movements=[(row, offering.movement(row.kind)) for row in loyalty.entries(current, limit=6)],
        loyal=loyalty.scheme() is not None,
        to_show=[one for one in offer.for_customer(current, request.now, limit=TO_SHOW) if one.because],
        now=request.now,
    )
    return show(request, "customer.html", page)


def _other_campaigns(runs: list[Run]) -> list[Campaign]:
    known = {run.campaign.key for run in runs}
    return [one for one in campaigns.everyone() if one.state != "archived" and one.key not in known]


def _others(inside: set[str]) -> list[Segment]:
    return [one for one in active.visible() if one.key not in inside]


def say_of_topic(request: Asked, customer_id: int) -> HttpResponse:
    """What the customer told the staff about a topic."""
    told = request.POST
    subscribed = told.get("subscribed") == "yes"
    try:
        privacy.say_of_topic(
            customer_id, told.get("topic", ""), subscribed, request.now, actor_of(request), told.get("reason", "")
        )
    except Invalid:
        messages.error(request, _("Choose a topic, and say how and in which words it was said."))
    else:
        messages.success(request, _("Done. It holds at once."))
    return go("customer", customer_id)


def facts(request: Asked, customer_id: int) -> HttpResponse:
    """Older facts, below those that are shown."""
    only = request.GET.get("only", "")
    before = _cursor(request.GET.get("before", ""))
    return show(request, "parts/facts.html", _facts(customer_id, before, only if only in profile_steps.ABOUT else ""))


def _facts(customer_id: int, before: tuple[datetime, int] | None, only: str) -> FactsPart:
    rows = profile_steps.timeline(customer_id, before=before, limit=FACTS_ON_A_PAGE + 1, only=only)
    more, rows = len(rows) > FACTS_ON_A_PAGE, rows[:FACTS_ON_A_PAGE]
    manner = Manner(Shop.objects.get(), get_language() or "en", labels())
    lines = [tell(row, manner) for row in rows]
    if only in {"", "identity"}:
        oldest, newest = rows[-1].at if more else None, before[0] if before else None
        lines += [
            tell_merge(row)
            for row in identity_reads.merges(customer=customer_id)
            if (oldest is None or row.merged_at >= oldest) and (newest is None or row.merged_at < newest)
        ]
    return FactsPart(
        customer_id=customer_id,
        lines=sorted(lines, key=lambda line: (line.at, line.position), reverse=True),
        next=f"{to_us(rows[-1].at)}.{rows[-1].position}" if more else "",
        only=only,
    )


def _cursor(text: str) -> tuple[datetime, int] | None:
    at, _, position = text.partition(".")
    if not (at.lstrip("-").isdecimal() and position.isdecimal()):
        return None
    return from_us(int(at)), int(position)
