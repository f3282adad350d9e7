"""Campaigns: the way a customer goes, who is where on it, and the switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Invalid
from dangol.campaign import experiments, reads
from dangol.campaign import steps as campaign
from dangol.campaign.definition import Give
from dangol.campaign.experiments import Results
from dangol.campaign.models import Campaign
from dangol.campaign.parsing import parse
from dangol.campaign.reads import Standing
from dangol.deliver import gaps
from dangol.deliver import reads as deliver
from dangol.deliver.gaps import Gaps
from dangol.offer import shelves
from dangol.offer.shelves import Shelf
from dangol.segment import reads as segment
from dangol.web import lacking
from dangol.web.journey import flow, sentences
from dangol.web.journey.flow import Counts
from dangol.web.lacking import Lacking
from dangol.web.page import Asked, go, show
from dangol.web.wording import gate_rule, overtaken, segment_name
from dangol.web.writing import Placed, as_yaml, placed, read_one

MOST_TEXT = 400_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign in the list."""

    campaign: Campaign
    entry: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class CampaignsPage:
    """The list."""

    rows: list[Listed]


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """One campaign."""

    campaign: Campaign
    standing: Standing
    nodes: list[flow.Node]
    experiments: list[Results]
    entry: tuple[str, str]
    goal: tuple[str, str]
    existing: int  # who is in the segment that starts it, and was not asked in
    leaves: str  # when it is left early; empty where it says nothing
    holdout: float  # per cent
    refusals: list[tuple[str, int]]
    held: list[tuple[str, int]]
    lacking: list[Lacking]
    dry: list[Shelf]  # offers whose coupons it gives and whose codes are soon gone
    gaps: list[Gaps]
    text: str
    faults: list[Placed] = field(default_factory=list)
    why: str = ""  # why the definition was not saved, where no fault says it
    now: datetime | None = None


def campaigns(request: Asked) -> HttpResponse:
    standings, segments = reads.standings(), {one.key: segment_name(one) for one, _size in segment.active()}
    rows = [
        Listed(one, sentences.entry(one.definition, segments)[0], standings.get(one.key, Standing()))
        for one in campaign.everyone()
    ]
    return show(request, "campaigns.html", CampaignsPage(rows))


def one(request: Asked, key: str) -> HttpResponse:
    found = campaign.get(key)
    return show(request, "campaign.html", _page(request, found, _as_text(found), []))


def save(request: Asked, key: str) -> HttpResponse:
    """Change a campaign's definition; runs that are under way go on with the new one."""
    found, text = campaign.get(key), request.POST.get("text", "")[:MOST_TEXT].replace("\r\n", "\n")
    told = request.POST.get("version", "")
    version = int(told) if told.isdecimal() and len(told) < 9 else None
    try:
        campaign.put(key, read_one(text), request.now, version=version)
    except Invalid as error:
        page = _page(request, found, text, placed(text, error.faults))
        return show(request, "campaign.html", page, 422)
    except Conflict:
        page = replace(_page(request, found, text, []), why=overtaken(found, version or 0))
        return show(request, "campaign.html", page, 409)
    messages.success(request, _("Saved."))
    return go("campaign", key)


def activate(request: Asked, key: str) -> HttpResponse:
    found = campaign.activate(key, request.now, existing="existing" in request.POST)
    messages.success(request, _("The campaign runs."))
    if any(one.own for one in lacking.of_campaign(found, request.now)):
        messages.warning(request, _("Its advertising waits until Settings tell what the law wants it to say."))
    return go("campaign", key)


def pause(request: Asked, key: str) -> HttpResponse:
    campaign.pause(key, request.now)
    messages.success(request, _("The campaign rests. Nobody enters and nothing is sent until you let it run again."))
    return go("campaign", key)


def drain(request: Asked, key: str) -> HttpResponse:
    campaign.drain(key, request.now)
    messages.success(request, _("Nobody enters any more. Whoever is under way goes on to the end."))
    return go("campaign", key)


def archive(request: Asked, key: str) -> HttpResponse:
    campaign.archive(key, request.now)
    messages.success(request, _("The campaign is put away. Its results stay."))
    return go("campaign", key)


def _running_dry(found: Campaign, now: datetime) -> list[Shelf]:
    gives = {step.act.offer for step in parse(found.definition).every_step() if isinstance(step.act, Give)}
    return [shelf for shelf in shelves.dry(now) if shelf.offer.key in gives] if gives else []


def _page(request: Asked, found: Campaign, text: str, faults: list[Placed]) -> CampaignPage:
    segments = {one.key: segment_name(one) for one, _size in segment.active()}
    return CampaignPage(
        campaign=found,
        standing=reads.standings().get(found.key, Standing()),
        experiments=experiments.results(found.pk, parse(found.definition), request.now),
        nodes=flow.nodes(found.definition, counts_of(found), ()),
        entry=sentences.entry(found.definition, segments),
        goal=sentences.goal(found.definition),
        existing=reads.existing(found),
        leaves=sentences.leaves(found.definition),
        holdout=found.definition.get("holdout_percent", 0),
        refusals=[(gate_rule(rule), count) for rule, count in deliver.refusals(found.key).most_common()],
        held=[(gate_rule(rule), count) for rule, count in deliver.held(found.key).most_common()],
        lacking=lacking.of_campaign(found, request.now),
        dry=_running_dry(found, request.now),
        gaps=gaps.of_campaign(found.key),
        text=text,
        faults=faults,
        now=request.now,
    )


def counts_of(found: Campaign) -> dict[str, Counts]:
    """Who is where, by the key of the step."""
    waiting = reads.standings().get(found.key, Standing()).waiting
    states: Mapping[str, Mapping[str, int]] = deliver.states(found.key)
    return {key: Counts(waiting.get(key, 0), _groups(states.get(key, {}))) for key in {*waiting, *states}}


def _groups(states: Mapping[str, int]) -> dict[str, int]:
    found = {group: sum(states.get(state, 0) for state in those) for group, those in flow.GROUPS.items()}
    return {group: count for group, count in found.items() if count}


def _as_text(found: Campaign) -> str:
    return as_yaml({"name": found.name, "definition": found.definition})
