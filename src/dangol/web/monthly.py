"""What the monthly letter says beside the harvest: whether customers are satisfied, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dangol.autopilot import planning
from dangol.campaign.models import Campaign
from dangol.harvest.letter import Satisfied, Texts
from dangol.harvest.letters import Beside
from dangol.survey import steps as survey

MOST = 2  # pieces of advice


def satisfied(since: datetime, until: datetime) -> Satisfied:
    """The answers of a time to the question that every shop asks."""
    told = survey.between(survey.CSAT, since, until)
    return Satisfied(told.answers, told.per_cent, told.low, told.high)


def advice(now: datetime) -> Sequence[tuple[Texts, Texts]]:
    """The top of the plan that no campaign carries out yet."""
    running = set(Campaign.objects.filter(state="active").values_list("play", flat=True))
    rows = planning.plan(now).rows
    waiting = [row for row in rows if row.play.key not in running and row.reach.reachable and not row.short]
    return [(row.play.name, row.summary) for row in waiting[:MOST]]


BESIDE = Beside(satisfied, advice)
