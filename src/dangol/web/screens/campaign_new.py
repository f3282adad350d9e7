"""From a segment to a campaign: a draft whose entry is the segment, with a play's way and letters to begin with."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.campaign import steps as campaign
from dangol.segment import active, reads
from dangol.segment.models import Segment
from dangol.strategy import steps as strategy
from dangol.web.page import Asked, go, show
from dangol.web.wording import segment_name

NAME_LONGEST, KEY_LONGEST = 200, 64


@dataclass(frozen=True, slots=True)
class Beginning:
    """A play whose way and letters a campaign may begin with."""

    key: str
    name: str
    letters: int
    message_class: str


@dataclass(frozen=True, slots=True)
class NewCampaignPage:
    """The few questions before a draft stands."""

    segment: Segment
    size: int
    beginnings: list[Beginning]
    name: str
    fault: str


def new(request: Asked, key: str) -> HttpResponse:
    found = active.get(key)
    return show(request, "campaign_new.html", _page(found, segment_name(found)))


def create(request: Asked, key: str) -> HttpResponse:
    """Write the draft and show it; nobody enters before it is let run."""
    found, name = active.get(key), request.POST.get("name", "").strip()[:NAME_LONGEST]
    play = strategy.plays().get(request.POST.get("play", ""))
    try:
        if play is None or not name:
            raise Invalid([Fault("/name" if play else "/play", "", _("a name and a way to begin with"))])
        definition = {
            **play.definition,
            "entry": {"segment": found.key},
            "include_existing": request.POST.get("include_existing") == "on",
        }
        made = campaign.put(_free_key(found.key), {"name": name, "definition": definition}, request.now)
    except Invalid as error:
        return show(request, "campaign_new.html", _page(found, name, str(error.faults[0].allowed)), 422)
    messages.success(request, _("The draft stands. Look at its letters, then let it run."))
    return go("campaign", made.key)


def _page(found: Segment, name: str, fault: str = "") -> NewCampaignPage:
    language = (get_language() or "en")[:2]
    beginnings = [
        Beginning(play.key, play.name.get(language, play.key), len(play.definition["steps"]), play.message_class)
        for play in strategy.plays().values()
    ]
    return NewCampaignPage(found, reads.size(found.key), beginnings, name, fault)


def _free_key(segment: str) -> str:
    """The segment's key, with a number behind it where a campaign has it already."""
    for number in range(1, 1000):
        tail = "" if number == 1 else f"-{number}"
        key = segment[: KEY_LONGEST - len(tail)] + tail
        try:
            campaign.get(key)
        except NotFound:
            return key
    raise Invalid([Fault("/key", segment, "fewer than a thousand campaigns of one segment")])
