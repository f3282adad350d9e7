"""The customers behind a number of a campaign: who stands at a step, and what became of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from dangol.base.errors import NotFound
from dangol.campaign import reads
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.deliver import reads as deliver
from dangol.profile import reads as profile
from dangol.web.journey import flow, places, sentences
from dangol.web.page import Asked, show
from dangol.web.wording import STEP_GROUPS

ON_A_PAGE = 100
WAITING = "waiting"
GROUPS: Mapping[str, Any] = {WAITING: _("stand here now"), **STEP_GROUPS}


@dataclass(frozen=True, slots=True)
class Person:
    """One customer at a step."""

    number: int  # of the run that stands there, or of the message
    customer_id: int
    name: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The customers of one number."""

    campaign: Campaign
    step: str  # in words
    group: str
    groups: Mapping[str, Any]
    key: str
    people: list[Person]
    next: str  # cursor of the following page, or empty
    now: datetime


def people(request: Asked, key: str, step: str, group: str) -> HttpResponse:
    """Who makes up one number of a campaign's page, the newest first."""
    found = campaign.get(key)
    if group not in GROUPS:
        raise NotFound(f"no number of a step is called {group}; there are {', '.join(GROUPS)}")
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < 19 else None
    rows = _rows(key, step, group, before)
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    known = profile.names([row[1] for row in rows])
    page = PeoplePage(
        campaign=found,
        step=_step(found, step),
        group=group,
        groups=GROUPS,
        key=step,
        people=[Person(pk, who, known.get(who, ""), state, at) for pk, who, state, at in rows],
        next=str(rows[-1][0]) if more else "",
        now=request.now,
    )
    return show(request, "journey_people.html", page)


def _rows(key: str, step: str, group: str, before: int | None) -> list[tuple[int, int, str, datetime | None]]:
    """Number, customer, state and instant of each, one more than a page holds."""
    if group == WAITING:
        return reads.at_step(key, step, before=before, limit=ON_A_PAGE + 1)
    return deliver.of_step(key, step, flow.GROUPS[group], before=before, limit=ON_A_PAGE + 1)


def _step(found: Campaign, key: str) -> str:
    step = places.find(found.definition, place) if (place := places.place_of(found.definition, key)) else None
    return sentences.act(step)[0] if isinstance(step, dict) else key
