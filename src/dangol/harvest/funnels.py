"""How far the treated customers of a campaign came: entered, sent, delivered, clicked, reached the goal. Reads only.

Every stage counts customers. It describes the way and proves nothing: what would have happened anyway is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from dangol.base.parts import parts
from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign_steps
from dangol.campaign.models import Campaign, Run
from dangol.deliver.models import Delivery, Returned
from dangol.harvest import gathering
from dangol.harvest.margins import Costing
from dangol.harvest.rules import Costs
from dangol.harvest.sales import CLICKS
from dangol.profile.models import Fact

STAGES = ("entered", "sent", "delivered", "clicked", "goal")
ARMS = ("treated", "holdout")
MACHINE = '"machine":true'


@dataclass(frozen=True, slots=True)
class Stage:
    """How many customers came so far."""

    name: str
    customers: int


def funnel(key: str, now: datetime) -> list[Stage]:
    """Each stage of a campaign. Raises NotFound."""
    found = campaign_steps.get(key)
    treated = in_arm(found, campaigns.TREATED)
    return [Stage(name, len(_at(found, name, treated, now))) for name in STAGES]


def at_stage(found: Campaign, stage: str, now: datetime) -> set[int]:
    """The treated customers who came to a stage."""
    return _at(found, stage, in_arm(found, campaigns.TREATED), now)


def _at(found: Campaign, stage: str, treated: set[int], now: datetime) -> set[int]:
    if stage == "entered":
        return treated
    if stage in {"sent", "delivered"}:
        return treated & set(_sent(found.key, delivered=stage == "delivered"))
    return treated & (set(_clicked(found, treated)) if stage == "clicked" else reached(found, now))


def in_arm(found: Campaign, arm: str) -> set[int]:
    """The customers of an arm: that of their first run counts."""
    runs = Run.objects.filter(campaign=found).order_by("entered_at", "pk").values_list("customer_id", "arm")
    first: dict[int, str] = {}
    for customer, drawn in runs:
        first.setdefault(customer, drawn)
    return {customer for customer, drawn in first.items() if (drawn == campaigns.TREATED) == (arm == campaigns.TREATED)}


def reached(found: Campaign, now: datetime) -> set[int]:
    """Who reached the goal within their window, in either arm."""
    goal = campaigns.parse(found.definition).goal or gathering.USUAL
    nothing = gathering.Spent(Costs(), {})
    did = gathering.by_customer(found.pk, goal, now, Costing({}), nothing)
    return {customer for customer, outcome in did.items() if outcome.converted}


def _sent(key: str, *, delivered: bool) -> Iterator[int]:
    rows = Delivery.objects.filter(campaign=key, state="accepted")
    if delivered:
        rows = rows.exclude(
            pk__in=Returned.objects.filter(kind="bounced", delivery__campaign=key).values("delivery_id")
        )
    return iter(rows.values_list("customer_id", flat=True).distinct())


def _clicked(found: Campaign, customers: set[int]) -> Iterator[int]:
    """Who followed a link of a letter of it; machines that look at links are left out."""
    since = Run.objects.filter(campaign=found).aggregate(since=Min("entered_at"))["since"]
    named = f'"campaign":"{found.key}"'
    for part in parts(sorted(customers)):
        rows = Fact.objects.filter(customer_id__in=part, at__gte=since, type="track", name__in=CLICKS)
        rows = rows.filter(properties__contains=named).exclude(properties__contains=MACHINE)
        yield from rows.values_list("customer_id", flat=True).distinct()
