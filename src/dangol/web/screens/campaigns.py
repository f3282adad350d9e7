"""Campaigns: the way a customer goes, who is where on it, and the switch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.campaign import reads, templates
from dangol.campaign import rules as campaign_rules
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.campaign.reads import Standing
from dangol.campaign.rules import Definition, Step
from dangol.deliver import reads as deliver
from dangol.segment import reads as segment
from dangol.web.page import Asked, go, show
from dangol.web.wording import gate_rule, segment_name
from dangol.web.writing import Placed, as_yaml, placed, read_one

MOST_TEXT = 400_000
SENT, UNDER_WAY = ("accepted",), ("planned", "leased", "attempting", "deferred")


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign in the list."""

    campaign: Campaign
    definition: Definition
    standing: Standing


@dataclass(frozen=True, slots=True)
class CampaignsPage:
    """The list."""

    rows: list[Listed]


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the way, with what became of its messages."""

    step: Step
    subject: str
    waiting: int  # customers who come to it next
    sent: int
    under_way: int
    not_sent: int
    trouble: int  # bounced, failed or unknown


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """One campaign."""

    campaign: Campaign
    definition: Definition
    standing: Standing
    entry_name: str  # the segment's name where one starts it
    nodes: list[Node]
    refusals: list[tuple[str, int]]
    text: str
    faults: list[Placed] = field(default_factory=list)
    now: datetime | None = None

    @property
    def goal_within(self) -> timedelta | None:
        return self.definition.goal.within if self.definition.goal else None


def campaigns(request: Asked) -> HttpResponse:
    standings = reads.standings()
    rows = [
        Listed(one, campaign_rules.parse(one.definition), standings.get(one.key, Standing()))
        for one in campaign.everyone()
    ]
    return show(request, "campaigns.html", CampaignsPage(rows))


def one(request: Asked, key: str) -> HttpResponse:
    found = campaign.get(key)
    return show(request, "campaign.html", _page(request, found, _as_text(found), []))


def save(request: Asked, key: str) -> HttpResponse:
    """Change a campaign's definition; runs that are under way go on with the new one."""
    found, text = campaign.get(key), request.POST.get("text", "")[:MOST_TEXT].replace("\r\n", "\n")
    try:
        campaign.put(key, read_one(text), request.now)
    except Invalid as error:
        page = _page(request, found, text, placed(text, error.faults))
        return show(request, "campaign.html", page, 422)
    messages.success(request, _("Saved."))
    return go("campaign", key)


def activate(request: Asked, key: str) -> HttpResponse:
    campaign.activate(key, request.now)
    messages.success(request, _("The campaign runs."))
    return go("campaign", key)


def pause(request: Asked, key: str) -> HttpResponse:
    campaign.pause(key, request.now)
    messages.success(request, _("The campaign rests. Nobody enters and nothing is sent until you let it run again."))
    return go("campaign", key)


def _page(request: Asked, found: Campaign, text: str, faults: list[Placed]) -> CampaignPage:
    definition = campaign_rules.parse(found.definition)
    standing = reads.standings().get(found.key, Standing())
    states = deliver.states(found.key)
    entry = segment.find(definition.entry.segment) if definition.entry.segment else None
    return CampaignPage(
        campaign=found,
        definition=definition,
        standing=standing,
        entry_name=segment_name(entry) if entry else definition.entry.segment,
        nodes=[
            _node(step, standing.waiting.get(index, 0), states.get(step.key, Counter()))
            for index, step in enumerate(definition.steps)
        ],
        refusals=[(gate_rule(rule), count) for rule, count in deliver.refusals(found.key).most_common()],
        text=text,
        faults=faults,
        now=request.now,
    )


def _node(step: Step, waiting: int, states: Counter[str]) -> Node:
    sent, under_way = (sum(states[state] for state in group) for group in (SENT, UNDER_WAY))
    not_sent = states["cancelled"] + states["expired"]
    return Node(
        step=step,
        subject=_subject(step.message),
        waiting=waiting,
        sent=sent,
        under_way=under_way,
        not_sent=not_sent,
        trouble=sum(states.values()) - sent - under_way - not_sent,
    )


def _subject(message: Mapping[str, Any]) -> str:
    """As a customer would read it, with the shop's name in its place."""
    written = message.get("templates") or {}
    told: Mapping[str, Any] = written.get((get_language() or "en")[:2]) or next(iter(written.values()), {})
    try:
        return templates.render_plain(str(told.get("subject", "")), {"shop": {"name": Shop.objects.get().name}})
    except templates.TemplateFault:
        return str(told.get("subject", ""))


def _as_text(found: Campaign) -> str:
    return as_yaml({"name": found.name, "definition": found.definition})
