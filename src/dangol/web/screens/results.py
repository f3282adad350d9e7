"""Results: what campaigns brought against those left alone, and what customers answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import NotFound
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.harvest import reads as harvest
from dangol.harvest import steps as harvest_steps
from dangol.harvest.rules import Harvest, Lift
from dangol.profile import reads as profile
from dangol.survey import steps as survey
from dangol.survey.steps import Results as Answers
from dangol.web.page import Asked, show
from dangol.web.wording import campaign_name

WIDTH, MARGIN = 600.0, 30.0  # of the interval's picture


@dataclass(frozen=True, slots=True)
class Picture:
    """An interval on a line: where its ends, its middle and zero lie, in the picture's own units."""

    low: float
    high: float
    value: float
    zero: float
    clear: bool

    @property
    def length(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Row:
    """One campaign's harvest."""

    name: str
    harvest: Harvest
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """Every campaign, and all of them together."""

    total: harvest.Total
    picture: Picture | None
    rows: list[Row]
    answers: Answers | None
    chart: dict[str, object]
    names: dict[int, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One campaign in full."""

    campaign: Campaign
    row: Row
    rates: Picture | None  # of the share that reached the goal, in percentage points
    answers: Answers | None
    chart: dict[str, object]
    names: dict[int, str]
    now: datetime

    @property
    def treated_rate(self) -> float:
        return 100 * self.row.harvest.treated.rate

    @property
    def held_out_rate(self) -> float:
        return 100 * self.row.harvest.held_out.rate

    @property
    def rate_low(self) -> float:
        return 100 * (self.row.harvest.conversion.low or 0.0)

    @property
    def rate_high(self) -> float:
        return 100 * (self.row.harvest.conversion.high or 0.0)


def results(request: Asked) -> HttpResponse:
    found = harvest.everything(request.now)
    total, answers = harvest.total(found), _answers("")
    called = {one.key: campaign_name(one) for one in campaign.everyone()}
    page = ResultsPage(
        total=total,
        picture=picture(total.extra_revenue),
        rows=[Row(called[one.campaign], one, picture(one.extra_revenue)) for one in found],
        answers=answers,
        chart=_chart(answers),
        names=_names(answers),
        now=request.now,
    )
    return show(request, "results.html", page)


def result(request: Asked, key: str) -> HttpResponse:
    found, answers = campaign.get(key), _answers(key)
    told = harvest_steps.results(key, request.now)
    page = ResultPage(
        campaign=found,
        row=Row(campaign_name(found), told, picture(told.extra_revenue)),
        rates=picture(told.conversion),
        answers=answers if answers and answers.asked else None,
        chart=_chart(answers),
        names=_names(answers),
        now=request.now,
    )
    return show(request, "result.html", page)


def picture(lift: Lift) -> Picture | None:
    """The interval drawn to scale, zero always in sight; nothing where there is no interval."""
    if lift.low is None or lift.high is None or lift.value is None:
        return None
    left, right = min(lift.low, 0.0), max(lift.high, 0.0)
    scale = (WIDTH - 2 * MARGIN) / ((right - left) or 1.0)
    low, high, value, zero = (
        round(MARGIN + (number - left) * scale, 1) for number in (lift.low, lift.high, lift.value, 0.0)
    )
    return Picture(low, high, value, zero, lift.clear)


def _answers(key: str) -> Answers | None:
    try:
        return survey.results(survey.CSAT, key)
    except NotFound:
        return None


def _names(answers: Answers | None) -> dict[int, str]:
    return profile.names({answer.customer_id for answer in answers.latest}) if answers else {}


def _chart(answers: Answers | None) -> dict[str, object]:
    counts = list(answers.csat.counts) if answers else []
    return {"kind": "marks", "labels": ["1", "2", "3", "4", "5"], "values": counts, "unit": _("answers")}
