"""Strategy: where customers stand in their life with the shop, and what to do next, ranked and honest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.autopilot import planning
from dangol.autopilot import steps as autopilot
from dangol.campaign import reads as campaign
from dangol.campaign import steps as campaigns
from dangol.campaign.models import Campaign
from dangol.strategy import steps as strategy
from dangol.strategy.rules import PlanRow
from dangol.strategy.steps import Plan
from dangol.web.page import Asked, go, show
from dangol.web.wording import word

WEEKS = 12  # of the lifecycle's past
FIRST_ROWS = 8  # plays that are shown at once


@dataclass(frozen=True, slots=True)
class Planned:
    """One play of the plan, with the campaign that carries it out, if one does."""

    row: PlanRow
    campaign: Campaign | None

    @property
    def existing(self) -> int:
        """Who is in the segment that starts it now; 0 where no segment does."""
        return self.row.reach.now if set(self.row.play.definition["entry"]) <= {"segment", "again"} else 0


@dataclass(frozen=True, slots=True)
class StrategyPage:
    """The lifecycle and the plan."""

    stages: list[tuple[str, str, int, float]]  # key, name, customers, share in per cent
    chart: dict[str, object]
    plan: list[Planned]
    found: Plan
    mode: str  # of the autopilot
    proposals: int
    now: datetime
    weeks: list[tuple[date, dict[str, int]]]  # the lifecycle at the ends of some weeks, today the last
    first_rows: int = FIRST_ROWS

    @property
    def more_rows(self) -> int:
        """Plays that are folded away at first."""
        return max(len(self.plan) - self.first_rows, 0)


def strategy_page(request: Asked) -> HttpResponse:
    counts = strategy.lifecycle()
    everybody = sum(counts.values())
    stages = [(key, word(key), size, 100 * size / everybody if everybody else 0.0) for key, size in counts.items()]
    found, carried = planning.plan(request.now), campaign.of_plays()
    plan = [Planned(row, carried.get(row.play.key)) for row in found.rows]
    chart: dict[str, object] = {
        "kind": "lifecycle",
        "labels": [name for _key, name, _size, _share in stages],
        "values": [size for _key, _name, size, _share in stages],
        "unit": _("customers"),
    }
    proposals = len(autopilot.waiting())
    weeks = strategy.lifecycle_days(WEEKS * 7 + 1, request.now)[::7]
    page = StrategyPage(stages, chart, plan, found, autopilot.limits().mode, proposals, request.now, weeks)
    return show(request, "strategy.html", page)


def activate(request: Asked, key: str) -> HttpResponse:
    """Carry out a play: one click, and its segment and campaign stand and run."""
    carried = campaigns.activate_play(key, request.now, existing="existing" in request.POST)
    messages.success(request, _("It runs. From now on Dangol looks after everyone who comes this way."))
    return go("campaign", carried.key)
