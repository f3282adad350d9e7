"""What the API takes and gives. Unknown fields are refused; times carry their offset; money is text."""

from __future__ import annotations

from datetime import datetime
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


class SegmentShown(Schema):
    key: str
    name: str
    where: Any
    version: int
    updated_at: datetime
    words: dict[str, str] = Field(description="the rule in a sentence, by language")


class Question(Strict):
    """A rule to evaluate over full history."""

    where: Any
    at: str | None = Field(None, description="ISO 8601 instant; now when left out")
    ids: StrictBool = Field(False, description="give userIds instead of customer ids")


class Members(Schema):
    count: int
    members: list[str]


class Member(Schema):
    id: str
    userId: str | None  # as tracking calls have it


class DecidingFact(Schema):
    name: str
    at: datetime


class Leaf(Schema):
    path: str
    words: dict[str, str]
    holds: bool
    value: Any
    facts: list[DecidingFact]
    changes_at: datetime | None


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


class CampaignResults(Schema):
    campaign: str
    entered: int = Field(description="runs, those of held-out customers included")
    held_out: int
    under_way: int = Field(description="of the treated runs")
    finished: int
    left: int
    messages: dict[str, dict[str, int]] = Field(description="step → state of its deliveries → how many")
    refusals: dict[str, int] = Field(description="rule of the gate → how many it stopped, of the newest")


class CampaignShown(Schema):
    key: str
    name: str
    play: str
    state: str
    version: int
    definition: dict[str, Any]
    created_at: datetime
    activated_at: datetime | None


class DeliveryShown(Schema):
    id: str
    campaign: str
    step: str
    customer: str
    trigger: str
    channel: str
    message_class: str
    state: str
    planned_at: datetime
    due_at: datetime
    attempts: int
    attempted_at: datetime | None
    finished_at: datetime | None
    address: str
    subject: str
    decision: Any
    outcome: str


class OutboxShown(Schema):
    id: str
    delivery: str
    campaign: str
    customer: str
    channel: str
    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, Any]
    at: datetime


class Arm(Schema):
    customers: int
    conversions: int
    revenue: Money


class Lift(Schema):
    value: float | None
    low: float | None
    high: float | None


class HarvestShown(Schema):
    campaign: str
    goal: str
    within_seconds: int = Field(description="how long after the start the goal counts")
    treated: Arm
    held_out: Arm
    conversion_lift: Lift = Field(description="in the share of customers who reach the goal; may be read on any day")
    revenue_lift: Lift = Field(description="per treated customer, net of refunds, in the shop's currency")
    extra_revenue: Lift = Field(description="over all treated customers")
    still_open: int = Field(description="customers whose goal window has not closed yet")
    evidence: Literal["enough", "not_yet", "none"]
    sentence: dict[str, str]


class MoneyRange(Schema):
    value: Money | None
    low: Money | None
    high: Money | None


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
