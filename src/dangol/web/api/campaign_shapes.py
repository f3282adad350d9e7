"""What the API tells of campaigns, templates and messages. As everywhere in the API, unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from dangol.web.api.shapes import Money, Strict


class VariantTold(Schema):
    variant: str
    sent: int
    converted: int = Field(description="of those, within the goal's time after their message")
    share: float = Field(description="of the newest batch, 0 to 1; adaptive rates are no effects: see compared")


class VariantsCompared(Schema):
    first: str
    second: str
    wins: float = Field(description="of a bet that they differ; may be looked at on any day")
    needed: float = Field(description="wins at which a difference is said to be there")
    better: str | None = Field(description="null: not enough evidence yet")


class ExperimentTold(Schema):
    step: str
    variants: list[VariantTold]
    compared: list[VariantsCompared]
    still_open: int = Field(description="messages whose goal window has not closed; they are not compared yet")


class HoldoutTold(Schema):
    percent: float = Field(ge=0, le=50, description="of the customers, whom no campaign writes to")


class MissingTold(Schema):
    step: str
    channel: str
    variant: str
    template: str = Field(description="the kept one that was sent; empty: the step's own")
    version: int
    messages: int = Field(description="of the newest state that was sent")
    values: dict[str, int] = Field(description="value → in how many of these it was not there, or empty")


class CampaignResults(Schema):
    campaign: str
    entered: int = Field(description="runs, those of held-out customers included")
    held_out: int
    under_way: int = Field(description="of the treated runs")
    finished: int
    left: int
    messages: dict[str, dict[str, int]] = Field(description="step → state of its deliveries → how many")
    refusals: dict[str, int] = Field(description="rule of the gate → how many it stopped, of the newest")
    costs: list[Money] = Field(description="what its messages cost by the price list, by currency")
    experiments: list[ExperimentTold]
    missing: list[MissingTold] = Field(description="what messages print and was not there: what needs a fallback")


class Existing(Schema):
    """For whom a campaign begins that a segment starts."""

    existing: bool = Field(False, description="also for those who are in the segment now, once")


class CampaignShown(Schema):
    key: str
    name: str
    play: str
    state: str
    version: int
    definition: dict[str, Any]
    created_at: datetime
    activated_at: datetime | None


class TemplateShown(Schema):
    key: str
    name: str
    partial: bool = Field(description="whether it is no message of its own, but held by others")
    version: int
    templates: dict[str, dict[str, str]] | None = Field(
        description="language to subject, html or mjml, preheader, text"
    )
    source: str | None = Field(description="a partial's source")
    created_at: datetime
    changed_at: datetime


class PreviewAsked(Strict):
    language: str = Field("", max_length=35, description="of the texts; empty: the customer's")
    customer: int = Field(
        0, ge=0, le=2**63 - 1, description="whose values; 0: nobody's, so that every value is missing"
    )
    event: dict[str, Any] = Field({}, description="the fact that starts the run: {name, at, properties}")


class HintShown(Schema):
    code: str
    found: str


class PreviewShown(Schema):
    language: str
    subject: str
    html: str
    text: str
    missing: list[str] = Field(description="values that the template prints and that were not there")
    hints: list[HintShown] = Field(description="size, signs of spam, what some readers would miss")


class Social(Schema):
    name: str
    url: str


class BrandShown(Schema):
    logo_url: str
    colour: str
    background: str
    font: str = Field(description="families of a font; empty: the system's")
    social: list[Social]


class DeliveryShown(Schema):
    id: str
    campaign: str
    step: str
    customer: str
    trigger: str
    instead: bool = Field(description="it went out because the first message of this trigger did not arrive")
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
    cost: Money | None = Field(description="by the price list, of what was handed over")


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


class CapShown(Schema):
    most: int
    per: str
    channel: str


class ContactPolicyShown(Schema):
    caps: list[CapShown]
    quiet: dict[str, str] | None
