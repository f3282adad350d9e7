"""Whom a campaign helps: its customers as they were when they entered, and what treating others would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as lazy

from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.harvest import draws
from dangol.harvest import whom as harvest
from dangol.harvest.backtests import Value
from dangol.harvest.uplift import Curve, Uplift
from dangol.harvest.whom import Backtest, Whom
from dangol.segment import active
from dangol.segment.models import Segment
from dangol.web.page import Asked, show
from dangol.web.wording import segment_name

HALF = 0.5
REFUSALS: dict[str, Any] = {
    draws.UNKNOWN: lazy("Nobody whose time is over was drawn by chance with a share that was kept."),
    draws.CERTAIN: lazy("Everybody was treated, or nobody: without a holdout there is nothing to compare."),
    draws.UNEVEN: lazy(
        "The two sides are not as large as the draw should have made them, so something else chose, too."
    ),
    draws.DIFFERED: lazy("The two sides had spent differently before, so chance did not draw them."),
    draws.FEW: lazy("Too few customers carry the answer: it needs {fewest}, and has as much as {count:.0f}."),
}


@dataclass(frozen=True, slots=True)
class Points:
    """An uplift in percentage points."""

    customers: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One segment: inside, outside and the difference."""

    name: str
    key: str
    inside: Points
    outside: Points
    differs: Points
    clear: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """A backtest in per cent of customers who reach the goal."""

    told: Backtest
    name: str
    refusal: str
    chosen: Points | None
    everybody: Points | None
    nobody: Points | None
    better: Points | None

    @property
    def clear(self) -> bool:
        return self.better is not None and (self.better.low > 0 or self.better.high < 0)


@dataclass(frozen=True, slots=True)
class WhomPage:
    """The whole page."""

    campaign: Campaign
    told: Whom
    refusal: str
    overall: Points | None
    rows: list[Row]
    line: str  # the Qini curve, as points of a drawing of 600 × 200
    random: str  # the straight line of treating at random
    kept: float | None  # of the whole gain, in per cent, when the better half is treated
    segments: Sequence[Segment]
    asked: str
    tried: Tried | None
    now: datetime


def whom(request: Asked, key: str) -> HttpResponse:
    found, told = campaign.get(key), harvest.whom(key, request.now)
    segments = active.visible()
    names = {one.key: segment_name(one) for one in segments}
    asked = request.GET.get("segment", "")
    kept = told.curve.kept(HALF) if told.curve and told.curve.clear else None
    page = WhomPage(
        campaign=found, told=told, refusal=_refusal(told.refused, told.effective),
        overall=_points(told.overall) if told.overall else None,
        rows=[
            Row(names.get(one.key, one.key), one.key, _points(one.inside), _points(one.outside),
                _points(one.differs), one.clear)
            for one in told.groups
        ],
        line=_line(told.curve), random=_random(told.curve), kept=None if kept is None else 100 * kept,
        segments=segments, asked=asked, tried=_tried(key, asked, names, request.now), now=request.now,
    )  # fmt: skip
    return show(request, "whom.html", page)


def _tried(key: str, asked: str, names: dict[str, str], now: datetime) -> Tried | None:
    if asked not in names:
        return None
    told = harvest.backtest(key, {"segment": asked}, now)
    values = (_share(one) for one in (told.chosen_only, told.everybody, told.nobody, told.better))
    return Tried(told, names[asked], _refusal(told.refused, told.effective), *values)


def _refusal(reason: str, effective: float) -> str:
    return str(REFUSALS[reason]).format(fewest=draws.FEWEST, count=effective) if reason else ""


def _points(told: Uplift) -> Points:
    return Points(told.customers, 100 * told.value, 100 * told.low, 100 * told.high)


def _share(told: Value | None) -> Points | None:
    if told is None:
        return None
    return Points(round(told.effective), 100 * told.value, 100 * told.low, 100 * told.high)


def _line(curve: Curve | None) -> str:
    return _drawn(curve, curve.shares, curve.gains) if curve else ""


def _random(curve: Curve | None) -> str:
    return _drawn(curve, (0.0, 1.0), (0.0, curve.gains[-1])) if curve else ""


def _drawn(curve: Curve, shares: Sequence[float], gains: Sequence[float]) -> str:
    least, most = min(*curve.gains, 0.0), max(*curve.gains, 0.0)
    span = (most - least) or 1.0
    return " ".join(
        f"{600 * share:.1f},{190 - 180 * (gain - least) / span:.1f}" for share, gain in zip(shares, gains, strict=True)
    )
