"""What a campaign really brought: treated against held out. Pure.

Customers are compared as they were drawn (intent to treat): who was held out by the stable hash against who was not,
whether or not a message reached them, and whether or not their goal window has closed: it is as open in either arm.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from dangol.harvest import adjusting, margins
from dangol.harvest.adjusting import PLAIN, Adjusted
from dangol.harvest.guessing import Guess
from dangol.harvest.lifts import (
    ALPHA_CONVERSIONS,
    ALPHA_MONEY,
    UNKNOWN,
    Lift,
    conversion_lift,
    drawn_share,
    over_groups,
)
from dangol.harvest.margins import UNKNOWN_COST, Costing
from dangol.harvest.words import ENOUGH, NONE, NOT_YET, sentences
from dangol.strategy.rules import Measured

__all__ = [
    "ENOUGH", "NONE", "NOT_YET", "Arm", "Costs", "Harvest", "Lift", "Outcome", "Question", "evidence", "harvest",
    "measured", "sentences",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one customer did within the goal window."""

    treated: bool
    converted: bool
    revenue: Decimal  # net of refunds
    open: bool = False  # whether there is still time to
    share: float | None = None  # of customers that were drawn to be treated when they entered, where that is known
    margin: Decimal | None = None  # of that revenue, goods paid; empty where the cost of some is not known
    known: Decimal = Decimal(0)  # of the revenue, that of orders whose goods' cost is known
    cost: Decimal = Decimal(0)  # of messages and coupons that the campaign spent on them
    before: float = 0.0  # what they spent in the time before they entered


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
class Costs:
    """What a campaign spent on its customers, in the shop's currency."""

    messages: Decimal = Decimal(0)
    coupons: Decimal = Decimal(0)
    unpriced: int = 0  # messages that left and of which the price list says nothing

    @property
    def total(self) -> Decimal:
        return self.messages + self.coupons


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a campaign."""

    campaign: str
    goal: str
    within: timedelta
    share: float  # of customers planned to be treated, where that was not kept with each
    currency: str
    costing: Costing = field(default_factory=lambda: Costing({}))
    costs: Costs = field(default_factory=Costs)
    adjusts: bool = True  # whether what was spent before may be taken off


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
    margin: Lift = UNKNOWN  # per treated customer: goods, messages and coupons paid
    extra_margin: Lift = UNKNOWN  # margin's lift times the treated customers
    basis: str = UNKNOWN_COST  # all, usual, unknown: what the margin rests on
    known_share: float | None = None  # of the revenue of both arms, that of orders whose goods' cost is known
    costs: Costs = field(default_factory=Costs)
    adjusted: Adjusted = PLAIN  # what spending before explains of revenue
    guess: Guess | None = None  # what the play's prior makes of it: no measurement
    seen: Measured | None = None  # what the plan may learn of it; empty where the goal is no order

    @property
    def money(self) -> Lift:
        """What a claim about money rests on: the margin where it can be told, else revenue less what was spent."""
        return self.after_costs if self.basis == UNKNOWN_COST else self.extra_margin

    @property
    def after_costs(self) -> Lift:
        """Extra revenue less messages and coupons; goods are not paid yet."""
        return self.extra_revenue.plus(-float(self.costs.total))


def harvest(
    asked: Question, outcomes: Sequence[Outcome], guess: Guess | None = None, seen: Measured | None = None
) -> Harvest:
    """The comparison of everybody who entered so far, and the sentence that says what it shows."""
    treated, held_out = map(_arm, _sides(outcomes))
    groups = _groups(outcomes)
    conversion = _per_customer([_conversions(asked, share, *sides, len(groups)) for share, sides in groups])
    compared = [_revenue(one, other, len(groups), asked.adjusts) for _, (one, other) in groups]
    revenues = [(customers, lift) for customers, lift, _ in compared]
    basis, known_share = _basis(outcomes, asked.costing)
    told_margin = basis != UNKNOWN_COST
    earned = [_margin(one, other, len(groups), asked.adjusts) for _, (one, other) in groups] if told_margin else []
    told = Harvest(
        campaign=asked.campaign, goal=asked.goal, within=asked.within, currency=asked.currency,
        treated=treated, held_out=held_out, conversion=conversion, revenue=_per_customer(revenues),
        extra_revenue=over_groups(revenues)[1], still_open=sum(outcome.open for outcome in outcomes),
        evidence=NONE, sentence={}, margin=_per_customer(earned), extra_margin=over_groups(earned)[1], basis=basis,
        known_share=known_share, costs=asked.costs, adjusted=_adjusted([one for *_, one in compared]), guess=guess,
        seen=seen,
    )  # fmt: skip
    told = replace(told, evidence=evidence(treated, held_out, conversion, told.money))
    return replace(told, sentence=sentences(told))


def _basis(outcomes: Sequence[Outcome], costing: Costing) -> tuple[str, float | None]:
    """What a margin rests on, and the share of revenue whose goods' cost is known."""
    net = sum((one.revenue for one in outcomes), Decimal(0))
    known = sum((one.known for one in outcomes), Decimal(0))
    if not net:
        return UNKNOWN_COST, None
    return margins.standing(net, known, costing), float(known / net)


def _adjusted(found: Sequence[Adjusted]) -> Adjusted:
    """Of the groups, the one in which spending before explains most."""
    return max(found, key=lambda one: (one.used, one.explained), default=PLAIN)


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


def _revenue(one: Side, other: Side, groups: int, adjusts: bool) -> tuple[int, Lift, Adjusted]:
    arms = [_amounts(side, [float(o.revenue) for o in side]) for side in (one, other)]
    lift, told = adjusting.lift(arms[0], arms[1], ALPHA_MONEY / groups, adjusts=adjusts)
    return len(one), lift, told


def _margin(one: Side, other: Side, groups: int, adjusts: bool) -> tuple[int, Lift]:
    arms = [_amounts(side, [float((o.margin or 0) - o.cost) for o in side]) for side in (one, other)]
    return len(one), adjusting.lift(arms[0], arms[1], ALPHA_MONEY / groups, adjusts=adjusts)[0]


def _amounts(side: Side, amounts: list[float]) -> adjusting.Side:
    before = np.array([one.before for one in side], np.float64)
    return adjusting.Side(np.array(amounts, np.float64), before, sum(one.revenue > 0 for one in side))


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


def per_order(outcomes: Sequence[Outcome]) -> float | None:
    """What a buyer's orders leave on average, or bring where costs of goods are not known; None before the first."""
    buyers = [one for one in outcomes if one.converted]
    if not buyers:
        return None
    told = [one.margin for one in buyers if one.margin is not None]
    amounts = told if len(told) == len(buyers) else [one.revenue for one in buyers]
    return float(sum(amounts, Decimal(0))) / len(buyers)


def _doubt(arm: Arm) -> float:
    likely = (arm.conversions + 1) / (arm.customers + 2)
    return likely * (1 - likely) / arm.customers


def _arm(outcomes: Sequence[Outcome]) -> Arm:
    revenue = sum((outcome.revenue for outcome in outcomes), Decimal(0))
    return Arm(len(outcomes), sum(outcome.converted for outcome in outcomes), revenue)


def evidence(treated: Arm, held_out: Arm, conversion: Lift, money: Lift) -> str:
    """Whether the numbers carry a claim."""
    if not treated.customers or not held_out.customers:
        return NONE
    return ENOUGH if conversion.clear or money.clear else NOT_YET
