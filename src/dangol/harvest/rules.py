"""What a campaign really brought: treated against held out, with an interval that may be read on any day. Pure.

Customers are compared as they were drawn (intent to treat): who was held out by the stable hash against who was not,
whether or not a message reached them. What is measured is how often they buy; money is that times what a buyer of this
campaign brings on average, because a single large order in a small arm would otherwise decide everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from dangol.harvest import odds

ENOUGH, NOT_YET, NONE = "enough", "not_yet", "none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one customer did within the goal window."""

    treated: bool
    converted: bool
    revenue: Decimal  # net of refunds
    entered_on: date  # the day that customers are compared within


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
class Lift:
    """Treated minus held out, with an interval that holds at every look; empty where nothing can be said."""

    value: float | None
    low: float | None
    high: float | None

    def times(self, factor: float) -> Lift:
        return Lift(*(None if number is None else number * factor for number in (self.value, self.low, self.high)))

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


UNKNOWN = Lift(None, None, None)


@dataclass(frozen=True, slots=True)
class Harvest:
    """A campaign's harvest so far."""

    campaign: str
    goal: str
    within: timedelta
    currency: str
    treated: Arm
    held_out: Arm
    conversion: Lift  # of the share who reach the goal
    revenue: Lift  # per customer, net of refunds: conversion's lift times what a buyer brings
    extra_revenue: Lift  # revenue's lift times the treated customers
    still_open: int  # customers whose goal window has not closed yet
    evidence: str  # enough, not_yet, none
    sentence: Mapping[str, str]


def compare(outcomes: Sequence[Outcome]) -> tuple[Arm, Arm, Lift, Lift]:
    """Both arms, and the lift of conversion and of revenue per customer."""
    treated = _arm([outcome for outcome in outcomes if outcome.treated])
    held_out = _arm([outcome for outcome in outcomes if not outcome.treated])
    conversion = lift(outcomes, treated, held_out)
    buyers = treated.conversions + held_out.conversions
    average = float(treated.revenue + held_out.revenue) / buyers if buyers else 0.0
    return treated, held_out, conversion, conversion.times(average)


def _arm(outcomes: Sequence[Outcome]) -> Arm:
    revenue = sum((outcome.revenue for outcome in outcomes), Decimal(0))
    return Arm(len(outcomes), sum(outcome.converted for outcome in outcomes), revenue)


def lift(outcomes: Sequence[Outcome], treated: Arm, held_out: Arm) -> Lift:
    """How much larger the share of buyers is among the treated, with the exact any-time interval of odds.py."""
    if not treated.customers or not held_out.customers:
        return UNKNOWN
    buyers, customers = treated.conversions + held_out.conversions, treated.customers + held_out.customers
    found = odds.interval(batches(outcomes))
    ends = [
        odds.difference(theta, buyers / customers, treated.customers / customers) for theta in (found.low, found.high)
    ]
    return Lift(
        treated.rate - held_out.rate,
        min(ends[0], treated.rate - held_out.rate),
        max(ends[1], treated.rate - held_out.rate),
    )


def batches(outcomes: Sequence[Outcome]) -> list[odds.Batch]:
    """Customers counted by the day they entered."""
    days: dict[date, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        days[outcome.entered_on].append(outcome)
    return [
        odds.Batch(
            treated=sum(o.treated for o in day),
            treated_bought=sum(o.treated and o.converted for o in day),
            held_out=sum(not o.treated for o in day),
            held_out_bought=sum(not o.treated and o.converted for o in day),
        )
        for day in days.values()
    ]


def evidence(treated: Arm, held_out: Arm, conversion: Lift) -> str:
    """Whether the numbers carry a claim."""
    if not treated.customers or not held_out.customers:
        return NONE
    return ENOUGH if conversion.clear else NOT_YET


def sentences(state: str, treated: Arm, held_out: Arm, extra: Lift, currency: str) -> dict[str, str]:
    """What is known, in plain words; `extra` is the extra revenue."""
    if state == NONE:
        return dict(NOTHING)
    if state == NOT_YET or extra.low is None or extra.high is None:
        return {lang: text.format(treated=treated, held_out=held_out) for lang, text in TOO_EARLY.items()}
    words = BROUGHT if extra.low > 0 else COST
    ends = {"low": f"{extra.low:,.0f}", "high": f"{extra.high:,.0f}", "currency": currency}
    return {language: text.format(**ends) for language, text in words.items()}


def closes_at(entered_at: datetime, within: timedelta) -> datetime:
    """When a run's goal window ends."""
    return entered_at + within


NOTHING = {
    "en": "Nothing to compare yet: there must be customers both treated and held out.",
    "ko": "아직 비교할 수 없습니다. 메시지를 받은 고객과 대조군 고객이 모두 있어야 합니다.",
}
TOO_EARLY = {
    "en": "Not enough evidence yet: {treated.conversions} of {treated.customers} treated and {held_out.conversions} of "
    "{held_out.customers} held-out customers bought.",
    "ko": "아직 근거가 부족합니다. 메시지 대상 {treated.customers}명 중 {treated.conversions}명, "
    "대조군 {held_out.customers}명 중 {held_out.conversions}명이 구매했습니다.",
}
BROUGHT = {
    "en": "It brought between {low} and {high} {currency} that would not have come without it.",
    "ko": "이 캠페인이 없었다면 없었을 매출이 {low}~{high} {currency}입니다.",
}
COST = {
    "en": "Treated customers bought less: between {low} and {high} {currency}. Consider switching it off.",
    "ko": "메시지를 받은 고객이 오히려 덜 샀습니다({low}~{high} {currency}). 중지를 검토하세요.",
}
