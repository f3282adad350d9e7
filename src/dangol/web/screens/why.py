"""Why a message left, waits or may not leave: what the gate asked, of one message or a campaign and customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language

from dangol.base.instants import parse_instant
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign, Run
from dangol.deliver import reads, whys
from dangol.deliver.models import Delivery
from dangol.deliver.whys import Why
from dangol.profile import reads as profile
from dangol.segment.models import Segment
from dangol.web import gate_words
from dangol.web.gate_words import Manner, Said
from dangol.web.page import Asked, go, show
from dangol.web.screens.segment_explain import current
from dangol.web.wording import gate_rule, segment_name


@dataclass(frozen=True, slots=True)
class Decided:
    """What the gate decided once, as it was kept."""

    at: datetime | None
    verdict: str
    rules: list[str]


@dataclass(frozen=True, slots=True)
class Told:
    """One message, and what the gate says to it."""

    delivery: Delivery
    verdict: str
    stands: str  # passes, waits, forbids
    answers: list[Said]


@dataclass(frozen=True, slots=True)
class WhyPage:
    """One message of the ledger."""

    told: Told
    decided: list[Decided]  # the newest first
    called: str
    now: datetime

    @property
    def over(self) -> bool:
        """Whether the message has ended: then the gate would only be asked again."""
        return self.told.delivery.state not in ("planned", "leased", "deferred")


@dataclass(frozen=True, slots=True)
class PairPage:
    """A campaign and a customer."""

    campaign: Campaign
    customer_id: int
    called: str
    runs: list[Run]
    held_out: bool  # whether the customer is drawn to be left alone
    entry: Segment | None  # whose members the campaign is for
    entry_name: str
    kept: list[Delivery]
    steps: list[Told]
    now: datetime


def message(request: Asked, pk: int) -> HttpResponse:
    """One message of the ledger."""
    delivery = reads.delivery(pk)
    why = whys.of_delivery(delivery, request.now)
    page = WhyPage(_told([why])[0], decided(delivery), _called(delivery.customer_id), request.now)
    return show(request, "why_message.html", page)


def pair(request: Asked, key: str, customer_id: int) -> HttpResponse:
    """What a campaign does with one customer, and what the gate says to each of its messages."""
    found, customer = campaign.get(key), current(customer_id)
    told = whys.of_pair(found, customer, request.now)
    entry = Segment.objects.filter(key=str((found.definition.get("entry") or {}).get("segment") or "")).first()
    page = PairPage(
        campaign=found, customer_id=customer, called=_called(customer), runs=told.runs, held_out=told.held_out,
        entry=entry, entry_name=segment_name(entry) if entry else "", kept=told.kept, steps=_told(told.steps),
        now=request.now,
    )  # fmt: skip
    return show(request, "why_pair.html", page)


def chosen(request: Asked, customer_id: int) -> HttpResponse:
    """The same for a campaign that is chosen from a list."""
    return go("campaign-why", campaign.get(request.GET.get("campaign", "")[:64]).key, customer_id)


def decided(delivery: Delivery) -> list[Decided]:
    """What the gate decided, the newest first."""
    kept: list[dict[str, Any]] = [one for one in delivery.decision if isinstance(one, dict)]
    return [
        Decided(
            parse_instant(one.get("at")), STANDS.get(one.get("verdict", ""), ""), list(map(gate_rule, one["rules"]))
        )
        for one in reversed(kept)
    ]


STANDS = {"allow": whys.PASSES, "hold": whys.WAITS, "deny": whys.FORBIDS}


def _told(found: Sequence[Why]) -> list[Told]:
    manner = Manner(Shop.objects.get(), get_language() or "en", reads.named(gate_words.named(found)))
    return [
        Told(
            why.delivery, gate_words.verdict(why, manner), whys.stands(why.decision),
            [gate_words.in_words(one, manner) for one in why.answers],
        )
        for why in found
    ]  # fmt: skip


def _called(customer: int) -> str:
    return profile.names([customer]).get(customer, "")
