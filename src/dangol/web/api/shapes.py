"""What the API takes and gives. Unknown fields are refused; times carry their offset; money is text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool


class Strict(Schema):
    """A body that may hold what is written here and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Money(Schema):
    amount: str
    currency: str


class LogPositions(Schema):
    appended: int
    processed: int


class Figures(Schema):
    orders: int
    revenue: Money = Field(description="of completed orders, net of refunds")
    refunded: Money
    first_order_at: datetime | None
    last_order_at: datetime | None
    average_gap_days: float | None
    margin: Money | None = Field(description="revenue less cost, of the orders whose products name their cost")
    foreign: list[Money] = Field(description="what orders in other currencies came to")
    favourite_category: str
    last_viewed: dict[str, Any] = Field(description="the product viewed last")
    cart: list[dict[str, Any]] = Field(description="what lies in the cart now, the newest first")
    visits: int
    channels: dict[str, float] = Field(description="channel to its share of the customer's facts")
    first_touch: dict[str, str] = Field(description="the campaign or site that brought the customer first")
    last_touch: dict[str, str]


class Consent(Schema):
    channel: str
    purpose: str
    state: str
    basis: str
    at: datetime
    source: str


class Customer(Schema):
    id: str
    identifiers: list[str] = Field(description="kind:value, oldest first")
    traits: dict[str, Any]
    figures: Figures
    segments: list[str]
    consents: list[Consent]
    first_seen_at: datetime
    last_seen_at: datetime


class NextQuestion(Schema):
    trait: str | None
    question: dict[str, str] = Field(description="the question by language")
    segments: int = Field(description="active segments that look at the trait")
    campaigns: int = Field(description="active campaigns whose messages name it")


class MergeShown(Schema):
    id: str
    survivor: str
    absorbed: str
    reason: str = Field(description="the identifier they share, or alias, or staff")
    merged_at: datetime
    undone_at: datetime | None


class Join(Strict):
    customers: list[str] = Field(min_length=2, max_length=2, description="the ids of two customers who are one")


class Part(Strict):
    merge: str | None = Field(None, description="the id of a merge")
    customer: str | None = Field(None, description="or the id of the customer who was absorbed")


class Joined(Schema):
    customer: str = Field(description="who they are now")


class Parted(Schema):
    customers: list[str] = Field(description="who they are now: the survivor and the one who was absorbed")


class FactShown(Schema):
    id: str
    type: str
    name: str
    message_id: str
    timestamp: datetime
    received_at: datetime
    source: str
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]


class Question(Strict):
    """A rule to evaluate over full history."""

    where: Any
    at: str | None = Field(None, description="ISO 8601 instant; now when left out")
    ids: StrictBool = Field(False, description="give userIds instead of customer ids")


class AskedWhy(Strict):
    """A rule, which need not be saved, and the customer to explain it for."""

    where: Any
    customer: str = Field(description="customer id")
    at: str | None = Field(None, description="ISO 8601 instant; now when left out")


class Members(Schema):
    count: int
    members: list[str]


class Member(Schema):
    id: str
    userId: str | None  # as tracking calls have it


class DecidingFact(Schema):
    name: str
    at: datetime


class StepSaid(Schema):
    words: dict[str, str] = Field(description="the step and how it stands, by language")
    state: Literal["met", "absent", "waiting", "missing", "broken", "unreached"]
    fact: DecidingFact | None = Field(description="that satisfied the step, or that must not have been")


class ForecastSaid(Schema):
    words: dict[str, str]
    made_at: datetime | None = Field(description="null where there is no forecast yet")
    middle: float | None = Field(None, description="the median")
    low: float | None = Field(None, description="80 per cent of it lie between this")
    high: float | None = Field(None, description="and this")
    share: float | None = Field(None, description="of the posterior that lies where the leaf asks, 0 to 1")


class Leaf(Schema):
    path: str
    words: dict[str, str]
    holds: bool
    value: Any
    facts: list[DecidingFact]
    changes_at: datetime | None
    steps: list[StepSaid] = Field(description="of a sequence: what became of each step")
    forecast: ForecastSaid | None = Field(description="of `predicted`: what is expected")


class Explanation(Schema):
    segment: str
    customer: str
    at: datetime
    member: bool
    since: datetime | None
    changes_at: datetime | None
    certain: bool
    words: dict[str, str]
    leaves: list[Leaf]


class Arm(Schema):
    customers: int
    conversions: int
    revenue: Money


class Lift(Schema):
    value: float | None
    low: float | None
    high: float | None


class CostsShown(Schema):
    messages: Money
    coupons: Money
    unpriced: int = Field(description="messages that left and of which the price list says nothing")


class Estimated(Schema):
    low: float = Field(description="80 % lie between low and high")
    mean: float
    high: float


class GuessShown(Schema):
    orders: Estimated = Field(description="extra orders of all treated customers so far")
    money: Estimated | None = Field(description="what they leave, messages and coupons paid")
    own: float = Field(description="how much of it is the shop's own, from 0 to 1; the rest is the play's prior")
    customers: int = Field(description="of this shop, whose time is over")


class AdjustedShown(Schema):
    explained: float = Field(description="share of the variance of revenue that spending before explains (CUPED)")
    used: bool = Field(description="whether it was taken off")


class HarvestShown(Schema):
    campaign: str
    goal: str
    within_seconds: int = Field(description="how long after the start the goal counts")
    treated: Arm
    held_out: Arm
    conversion_lift: Lift = Field(description="in the share of customers who reach the goal; may be read on any day")
    revenue_lift: Lift = Field(description="per treated customer, net of refunds, in the shop's currency")
    extra_revenue: Lift = Field(description="over all treated customers")
    after_costs: Lift = Field(description="extra_revenue less messages and coupons; goods are not paid yet")
    margin_lift: Lift = Field(description="per treated customer: goods, messages and coupons paid")
    extra_margin: Lift = Field(description="over all treated customers; empty where goods' costs are not known")
    margin_basis: Literal["all", "usual", "unknown"] = Field(
        description="all: every order's goods have a known cost; usual: the owner's usual margin stands for the rest"
    )
    known_cost_share: float | None = Field(description="of the revenue, that of orders whose goods' cost is known")
    costs: CostsShown
    adjusted: AdjustedShown
    guess: GuessShown | None = Field(description="what the play's prior makes of it meanwhile: no measurement")
    still_open: int = Field(description="customers whose goal window has not closed yet")
    evidence: Literal["enough", "not_yet", "none"]
    sentence: dict[str, str]


class Spread(Schema):
    mean: float
    low: float = Field(description="80 % lie between low and high")
    high: float


class MoneySpread(Schema):
    mean: Money
    low: Money
    high: Money


class HorizonShown(Schema):
    days: int = Field(description="from today")
    orders: Spread = Field(description="days on which the customer orders")
    value: MoneySpread | None = Field(description="net of refunds; null before the shop's first order with an amount")
    sentences: list[dict[str, str]]


class NextOrderShown(Schema):
    probability: float = Field(description="of another order within two years")
    likely_on: date | None = Field(description="as likely before as after, if there is one")
    earliest_on: date | None
    latest_on: date | None
    sentence: dict[str, str]


class WorthShown(Schema):
    customer: str
    made_at: datetime | None = Field(description="when the shop was learned from last; null where nothing is forecast")
    horizons: list[HorizonShown]
    alive: Spread | None = Field(description="the probability that the customer has not stopped for good")
    churn: Spread | None
    next_order: NextOrderShown | None
    sentence: dict[str, str]


class MoneyRange(Schema):
    value: Money | None
    low: Money | None
    high: Money | None


class DataReady(Schema):
    what: str
    kind: Literal["fact", "trait", "consent"]
    customers: int


class PlanShown(Schema):
    play: str
    name: dict[str, str]
    reason: dict[str, str]
    state: str = Field(description="of its campaign: off, draft, active or paused")
    audience_now: int
    month: int
    reachable: int
    expected_orders: Lift = Field(description="extra orders a month, with an 80 % range")
    expected_revenue: MoneyRange = Field(description="empty before the first order")
    expected_margin: MoneyRange = Field(description="goods, messages and who leaves paid: plays are ranked by it")
    cost: Money = Field(description="of its messages in a month")
    fits: bool = Field(description="whether there is room for it within the shop's limits, and it brings anything")
    limit: str = Field(description="the limit that is short: contacts, budget, minutes; nothing: it brings nothing")
    helps: dict[str, str] | None = Field(description="the one thing that would help most to know")
    annoyed: dict[str, str] | None = Field(description="who left for it, where that is known")
    ready: list[DataReady] = Field(description="the data it needs, and of how many customers there is any")
    counted_at: datetime = Field(description="when customers were counted")
    summary: dict[str, str]
    unknown: list[dict[str, str]]


class AnswerShown(Schema):
    customer: str
    campaign: str
    score: int
    answer: str
    at: datetime


class SurveyShown(Schema):
    key: str
    asked: int
    answers: int
    satisfied: int
    csat: float | None = Field(description="share of 4 and 5, in per cent; null without an answer")
    low: float = Field(description="of its 95 % interval")
    high: float
    counts: list[int] = Field(description="of the marks 1 to 5")
    latest: list[AnswerShown]


class TaskShown(Schema):
    id: str
    customer: str
    kind: str
    reason: dict[str, Any]
    state: str
    opened_at: datetime
    done_at: datetime | None
    note: str


class Note(Strict):
    note: str = Field("", max_length=5_000, description="what was done")


class RejectedShown(Schema):
    id: str
    source: str
    code: str = Field(description="the reason; `failed` for a fact that the loop set aside")
    detail: str
    received_at: datetime
    in_log: bool = Field(description="it is a fact of the log, which the loop could not work through")
    event: Any = Field(description="as it was sent; text where it is not JSON")


class Reason(Schema):
    source: str
    code: str
    count: int
    newest_at: datetime


class Reasons(Schema):
    reasons: list[Reason]


class Replay(Strict):
    ids: list[str] | None = Field(None, max_length=1_000)
    all: StrictBool = Field(False, description="all that wait, of `source` and for the reason `code` where given")
    source: str | None = Field(None, max_length=64)
    code: str | None = Field(None, max_length=64)
    event: dict[str, Any] | None = Field(None, description="what one is taken as instead")


class StillRefused(Schema):
    id: str
    code: str
    detail: str


class Replayed(Schema):
    taken: int
    refused: list[StillRefused] = Field(description="still there, with the reason of today")


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultShown] | None = None


class FaultShown(Schema):
    path: str = Field(description="JSON Pointer into what was sent")
    found: str
    allowed: str
