"""Strategy: where customers stand in their life with the shop, and what to do next, ranked and honest."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.campaign import reads as campaign
from dangol.campaign import steps as campaigns
from dangol.campaign.models import Campaign
from dangol.harvest import steps as harvest
from dangol.strategy import steps as strategy
from dangol.strategy.rules import PlanRow
from dangol.web.page import Asked, go, show
from dangol.web.wording import word


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


def strategy_page(request: Asked) -> HttpResponse:
    counts = strategy.lifecycle()
    everybody = sum(counts.values())
    stages = [(key, word(key), size, 100 * size / everybody if everybody else 0.0) for key, size in counts.items()]
    rows = strategy.plan(request.now, harvest.measured(request.now))
    carried = campaign.of_plays()
    plan = [Planned(row, carried.get(row.play.key)) for row in rows]
    chart: dict[str, object] = {
        "kind": "lifecycle",
        "labels": [name for _key, name, _size, _share in stages],
        "values": [size for _key, _name, size, _share in stages],
        "unit": _("customers"),
    }
    return show(request, "strategy.html", StrategyPage(stages, chart, plan))


def activate(request: Asked, key: str) -> HttpResponse:
    """Carry out a play: one click, and its segment and campaign stand and run."""
    carried = campaigns.activate_play(key, request.now, existing="existing" in request.POST)
    messages.success(request, _("It runs. From now on Dangol looks after everyone who comes this way."))
    return go("campaign", carried.key)
