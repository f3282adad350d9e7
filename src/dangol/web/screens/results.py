"""Results: what campaigns brought against those left alone, and what customers answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.money import parse_amount
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.harvest import funnels, keeping
from dangol.harvest import reads as harvest
from dangol.harvest import steps as harvest_steps
from dangol.harvest.keeping import Shown
from dangol.harvest.rules import Harvest, Lift
from dangol.profile import reads as profile
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from dangol.survey.steps import Results as Answers
from dangol.web.builder.fault_words import said
from dangol.web.page import Asked, go, show
from dangol.web.tables import as_csv
from dangol.web.wording import campaign_name, word

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
    picture: Picture | None  # of what its claim about money rests on
    play: str = ""
    at: datetime | None = None  # up to when it counts, where that is some minutes ago


@dataclass(frozen=True, slots=True)
class Stage:
    """How far customers came."""

    key: str
    name: str
    customers: int
    share: float  # of those who entered, in per cent


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
    margin: str  # that usually stays, in per cent, as it was said
    faults: tuple[str, ...] = ()


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
    revenue: Picture | None
    stages: list[Stage]

    @property
    def explained(self) -> float:
        """Of the variance, what spending before explains, in per cent."""
        return 100 * self.row.harvest.adjusted.explained

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
    found = keeping.shown(request.now)
    return _campaigns_csv([one.harvest for one in found]) if request.GET.get("table") else _results(request, found)


def terms(request: Asked) -> HttpResponse:
    """The owner says what usually stays of revenue."""
    told = request.POST.get("margin_percent", "").strip().rstrip("%").replace(",", ".")
    before = harvest_steps.terms()
    try:
        percent = parse_amount(told) if told else None
        if told and percent is None:
            raise Invalid([Fault("/margin_percent", told[:40], "a number from 0 to 100, or nothing")])
        harvest_steps.say(percent, before.letter if before else True, request.now)
    except Invalid as error:
        return _results(request, keeping.shown(request.now), told[:40], tuple(map(said, error.faults)), 422)
    messages.success(request, _("Saved."))
    return go("results")


def _results(
    request: Asked, found: list[Shown], margin: str | None = None, faults: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    total, answers = harvest.total([one.harvest for one in found]), _answers("")
    called = {one.key: one for one in campaign.everyone()}
    page = ResultsPage(
        total=total,
        picture=picture(total.money),
        rows=[
            replace(_row(called[one.harvest.campaign], one.harvest), at=one.at if one.at < request.now else None)
            for one in found
        ],
        answers=answers,
        chart=_chart(answers),
        names=_names(answers),
        now=request.now,
        margin=_margin() if margin is None else margin,
        faults=faults,
    )
    return show(request, "results.html", page, status)


def _row(found: Campaign, told: Harvest) -> Row:
    play, name = strategy.plays().get(found.play), campaign_name(found)
    called = play.name.get((get_language() or "en")[:2], "") if play else ""
    return Row(name, told, picture(told.money), "" if called == name else called)


def _margin() -> str:
    told = harvest_steps.terms()
    return "" if told is None or told.margin_percent is None else f"{told.margin_percent.normalize():f}"


def _campaigns_csv(found: list[Harvest]) -> HttpResponse:
    columns = [_("campaign"), _("treated"), _("held out"), _("reached the goal"), _("reached the goal, held out")]
    columns += [_("extra revenue"), _("extra revenue, low"), _("extra revenue, high")]
    columns += [_("left over"), _("left over, low"), _("left over, high"), _("messages"), _("coupons")]
    called = {one.key: campaign_name(one) for one in campaign.everyone()}
    rows = [
        (
            called[one.campaign], one.treated.customers, one.held_out.customers, one.treated.conversions,
            one.held_out.conversions, *_ends(one.extra_revenue), *_ends(one.extra_margin),
            float(one.costs.messages), float(one.costs.coupons),
        )
        for one in found
    ]  # fmt: skip
    return as_csv("dangol-campaigns", columns, rows)


def _ends(lift: Lift) -> tuple[float | None, float | None, float | None]:
    return lift.value, lift.low, lift.high


def result(request: Asked, key: str) -> HttpResponse:
    found, answers = campaign.get(key), _answers(key)
    told, stages = harvest_steps.results(key, request.now), _stages(key, request.now)
    if request.GET.get("table"):
        return as_csv(f"dangol-{key}", [_("stage"), _("customers")], [(one.name, one.customers) for one in stages])
    page = ResultPage(
        campaign=found,
        row=_row(found, told),
        rates=picture(told.conversion),
        answers=answers if answers and answers.asked else None,
        chart=_chart(answers),
        names=_names(answers),
        now=request.now,
        revenue=picture(told.extra_revenue),
        stages=stages,
    )
    return show(request, "result.html", page)


def _stages(key: str, now: datetime) -> list[Stage]:
    found = funnels.funnel(key, now)
    entered = found[0].customers
    return [
        Stage(one.name, word(one.name), one.customers, 100 * one.customers / entered if entered else 0.0)
        for one in found
    ]


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
