"""What a campaign really brought: treated against held out. Pure.

Customers are compared as they were drawn (intent to treat): who was held out by the stable hash against who was not,
whether or not a message reached them, and whether or not their goal window has closed: it is as open in either arm.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from dangol.harvest.lifts import (
    ALPHA_CONVERSIONS,
    ALPHA_MONEY,
    Lift,
    Spending,
    conversion_lift,
    drawn_share,
    over_groups,
    revenue_lift,
)
from dangol.strategy.rules import Measured

__all__ = ["Arm", "Harvest", "Lift", "Outcome", "Question", "evidence", "harvest", "measured", "sentences"]

ENOUGH, NOT_YET, NONE = "enough", "not_yet", "none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one customer did within the goal window."""

    treated: bool
    converted: bool
    revenue: Decimal  # net of refunds
    open: bool = False  # whether there is still time to
    share: float | None = None  # of customers that were drawn to be treated when they entered, where that is known


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of the comparison."""

    customers: int
    conversions: int
    revenue: Decimal

    @property
    def rate(self) -> float:
        return self.conversions / self.customers if self.customers else 0.0

    @property
    def per_customer(self) -> float:
        return float(self.revenue) / self.customers if self.customers else 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a campaign."""

    campaign: str
    goal: str
    within: timedelta
    share: float  # of customers planned to be treated, where that was not kept with each
    currency: str


@dataclass(frozen=True, slots=True)
class Harvest:
    """A campaign's harvest so far."""

    campaign: str
    goal: str
    within: timedelta
    currency: str
    treated: Arm
    held_out: Arm
    conversion: Lift  # of the share who reach the goal, per treated customer
    revenue: Lift  # per customer, net of refunds
    extra_revenue: Lift  # revenue's lift times the treated customers
    still_open: int  # customers whose goal window has not closed yet
    evidence: str  # enough, not_yet, none
    sentence: Mapping[str, str]


def harvest(asked: Question, outcomes: Sequence[Outcome]) -> Harvest:
    """The comparison of everybody who entered so far, and the sentence that says what it shows."""
    treated, held_out = map(_arm, _sides(outcomes))
    groups = _groups(outcomes)
    conversion = _per_customer([_conversions(asked, share, *sides, len(groups)) for share, sides in groups])
    revenues = [(len(one), _revenue(one, other, len(groups))) for _, (one, other) in groups]
    revenue, extra = _per_customer(revenues), over_groups(revenues)[1]
    told = Harvest(
        campaign=asked.campaign, goal=asked.goal, within=asked.within, currency=asked.currency,
        treated=treated, held_out=held_out, conversion=conversion, revenue=revenue,
        extra_revenue=extra, still_open=sum(outcome.open for outcome in outcomes),
        evidence=evidence(treated, held_out, conversion, revenue), sentence={},
    )  # fmt: skip
    return replace(told, sentence=sentences(told))


Side = Sequence[Outcome]  # the treated or the held out
Groups = list[tuple[float | None, tuple[Side, Side]]]


def _sides(outcomes: Sequence[Outcome]) -> tuple[Side, Side]:
    return [o for o in outcomes if o.treated], [o for o in outcomes if not o.treated]


def _groups(outcomes: Sequence[Outcome]) -> Groups:
    """Customers by the share that was in force when they entered, where there is somebody on either side."""
    by_share: dict[float | None, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_share[one.share].append(one)
    return [(share, sides) for share, some in by_share.items() if all(sides := _sides(some))]


def _conversions(asked: Question, share: float | None, one: Side, other: Side, groups: int) -> tuple[int, Lift]:
    counts = [(len(side), sum(outcome.converted for outcome in side)) for side in (one, other)]
    drawn = drawn_share(len(one), len(other), asked.share) if share is None else share
    return len(one), conversion_lift(counts[0], counts[1], drawn, ALPHA_CONVERSIONS / groups)


def _revenue(one: Side, other: Side, groups: int) -> Lift:
    return revenue_lift(_spending(one), _spending(other), ALPHA_MONEY / groups)


def _per_customer(groups: Sequence[tuple[int, Lift]]) -> Lift:
    customers, total = over_groups(groups)
    return total.times(1 / customers) if customers else total


def measured(outcomes: Sequence[Outcome]) -> Measured | None:
    """What the plan may learn: the lift among customers whose time is over, with the error of its estimate.

    Each rate's error is taken at (conversions + 1) / (customers + 2): an arm in which nobody bought is not without
    doubt. No claim rests on it, so it is not widened for looking every day.
    """
    groups = [(_arm(one), _arm(other)) for _, (one, other) in _groups([o for o in outcomes if not o.open])]
    treated = sum(one.customers for one, _ in groups)
    if not treated:
        return None
    lift = sum(one.customers * (one.rate - other.rate) for one, other in groups) / treated
    doubt = sum((one.customers / treated) ** 2 * (_doubt(one) + _doubt(other)) for one, other in groups)
    return Measured(lift, math.sqrt(doubt), sum(one.customers + other.customers for one, other in groups))


def _doubt(arm: Arm) -> float:
    likely = (arm.conversions + 1) / (arm.customers + 2)
    return likely * (1 - likely) / arm.customers


def _arm(outcomes: Sequence[Outcome]) -> Arm:
    revenue = sum((outcome.revenue for outcome in outcomes), Decimal(0))
    return Arm(len(outcomes), sum(outcome.converted for outcome in outcomes), revenue)


def _spending(outcomes: Sequence[Outcome]) -> Spending:
    spent = [float(outcome.revenue) for outcome in outcomes]
    return Spending(len(spent), sum(amount > 0 for amount in spent), sum(spent), sum(a * a for a in spent))


def evidence(treated: Arm, held_out: Arm, conversion: Lift, revenue: Lift) -> str:
    """Whether the numbers carry a claim."""
    if not treated.customers or not held_out.customers:
        return NONE
    return ENOUGH if conversion.clear or revenue.clear else NOT_YET


def sentences(told: Harvest) -> dict[str, str]:
    """What is known, in plain words."""
    said = _said(told)
    if not told.still_open:
        return said
    return {language: f"{text} {STILL_OPEN[language].format(open=told.still_open)}" for language, text in said.items()}


def _said(told: Harvest) -> dict[str, str]:
    if told.evidence == NONE:
        return dict(NOTHING)
    if told.evidence == NOT_YET:
        return {lang: text.format(treated=told.treated, held_out=told.held_out) for lang, text in TOO_EARLY.items()}
    if told.extra_revenue.clear:
        return _about_money(told.extra_revenue, told.currency)
    return _about_conversions(told.conversion)


def _about_money(extra: Lift, currency: str) -> dict[str, str]:
    low, high = extra.low or 0.0, extra.high or 0.0
    words, ends = (BROUGHT, (low, high)) if low > 0 else (COST, (-high, -low))
    few, much = (f"{end:,.0f}" for end in ends)
    return {language: text.format(low=few, high=much, currency=currency) for language, text in words.items()}


def _about_conversions(conversion: Lift) -> dict[str, str]:
    low, high = 100 * (conversion.low or 0.0), 100 * (conversion.high or 0.0)
    words, ends = (MORE_OFTEN, (low, high)) if low > 0 else (LESS_OFTEN, (-high, -low))
    return {language: text.format(low=ends[0], high=ends[1]) for language, text in words.items()}


NOTHING = {
    "en": "Nothing to compare yet: there must be customers both treated and held out.",
    "ko": "아직 비교할 수 없습니다. 메시지 대상 고객과 대조군 고객이 모두 있어야 합니다.",
}
TOO_EARLY = {
    "en": "Not enough evidence yet: {treated.conversions} of {treated.customers} treated and {held_out.conversions} of "
    "{held_out.customers} held-out customers reached the goal.",
    "ko": "아직 근거가 부족합니다. 메시지 대상 {treated.customers}명 중 {treated.conversions}명, "
    "대조군 {held_out.customers}명 중 {held_out.conversions}명이 목표를 달성했습니다.",
}
BROUGHT = {
    "en": "It brought between {low} and {high} {currency} that would not have come without it.",
    "ko": "이 캠페인이 없었다면 없었을 매출이 {low}~{high} {currency}입니다.",
}
COST = {
    "en": "Treated customers spent less, by {low} to {high} {currency} in all. Consider switching it off.",
    "ko": "메시지 대상 고객의 구매액이 오히려 모두 {low}~{high} {currency} 적습니다. 중지를 검토하세요.",
}
MORE_OFTEN = {
    "en": "Treated customers reached the goal more often, by {low:.1f} to {high:.1f} percentage points; "
    "in money it is not clear yet.",
    "ko": "메시지 대상 고객의 목표 달성률이 {low:.1f}~{high:.1f}%p 높습니다. 금액으로는 아직 분명하지 않습니다.",
}
LESS_OFTEN = {
    "en": "Treated customers reached the goal less often, by {low:.1f} to {high:.1f} percentage points. "
    "Consider switching it off.",
    "ko": "메시지 대상 고객의 목표 달성률이 {low:.1f}~{high:.1f}%p 낮습니다. 중지를 검토하세요.",
}
STILL_OPEN = {
    "en": "{open} of them still have time.",
    "ko": "그중 {open}명은 아직 기간이 남아 있습니다.",
}
