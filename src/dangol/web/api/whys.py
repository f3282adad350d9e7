"""Why messages leave, wait or may not leave, over the API: each question of the gate, as the console shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import override
from ninja import Query, Router, Schema
from pydantic import Field

from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.deliver import reads, whys
from dangol.deliver.whys import Why
from dangol.web import gate_words, guard
from dangol.web.api.parameters import LARGEST, Key
from dangol.web.gate_words import Manner
from dangol.web.screens.segment_explain import current

router = Router(tags=["deliveries"])


class AnswerShown(Schema):
    about: str = Field(description="what was asked about, such as consent, night or caps")
    says: str = Field(description="passes, waits or forbids")
    rules: list[str] = Field(description="by which it waits or is forbidden; one that a law asks for names its pack")
    until: datetime | None = Field(description="when it is asked again, where it waits")
    looked: dict[str, Any] = Field(description="what the gate looked at")
    question: str = Field(description="in words")
    answer: str
    change: str = Field(description="what would change the answer; empty where it passed")


class WhyShown(Schema):
    delivery: str | None = Field(description="null: none is planned; this is what would be asked of it")
    step: str
    channel: str
    message_class: str
    state: str | None
    says: str = Field(description="what the answers come to: passes, waits or forbids")
    until: datetime | None
    at: datetime
    answers: list[AnswerShown]
    decision: list[dict[str, Any]] = Field(description="what the gate decided before, with the delivery")


class RunTold(Schema):
    state: str
    arm: str
    step: str
    entered_at: datetime
    ended_at: datetime | None


class PairShown(Schema):
    campaign: str
    customer: str
    held_out: bool = Field(description="the draw leaves this customer alone")
    runs: list[RunTold] = Field(description="their ways through the campaign, the newest first")
    deliveries: list[str]
    steps: list[WhyShown] = Field(description="what the gate says now to each message the campaign may send")


class Whom(Schema):
    customer: int = Field(ge=1, le=LARGEST)


@router.get("/deliveries/{number}/why", response=WhyShown)
def of_delivery(request: HttpRequest, number: int) -> dict[str, Any]:
    """Why a message left, waits or may not leave: what the gate says to it now; of one that has ended, what it would
    say if it were asked again."""
    delivery = reads.delivery(number if 0 < number <= LARGEST else 0)
    return _shown([whys.of_delivery(delivery, guard.CLOCK.now())])[0]


@router.get("/campaigns/{key}/why", response=PairShown)
def of_pair(request: HttpRequest, key: Key, whom: Query[Whom]) -> dict[str, Any]:
    """What a campaign does with one customer, whether they are on the way or not."""
    customer = current(whom.customer)
    told = whys.of_pair(campaign.get(key), customer, guard.CLOCK.now())
    return {
        "campaign": key,
        "customer": str(customer),
        "held_out": told.held_out,
        "runs": [
            {"state": run.state, "arm": run.arm, "step": run.step, "entered_at": run.entered_at,
             "ended_at": run.ended_at}
            for run in told.runs
        ],
        "deliveries": [str(one.pk) for one in told.kept],
        "steps": _shown(told.steps),
    }  # fmt: skip


def _shown(found: Sequence[Why]) -> list[dict[str, Any]]:
    with override("en"):
        manner = Manner(Shop.objects.get(), "en", {})
        return [_why(why, manner) for why in found]


def _why(why: Why, manner: Manner) -> dict[str, Any]:
    said = [gate_words.in_words(one, manner) for one in why.answers]
    return {
        "delivery": str(why.delivery.pk) if why.delivery.pk else None,
        "step": why.delivery.step,
        "channel": why.delivery.channel,
        "message_class": why.delivery.message_class,
        "state": why.delivery.state if why.delivery.pk else None,
        "says": whys.stands(why.decision),
        "until": getattr(why.decision, "at", None),
        "at": why.at,
        "answers": [
            {
                "about": one.about, "says": one.says, "rules": list(one.rules), "until": one.until,
                "looked": one.looked, "question": words.question, "answer": words.answer, "change": words.change,
            }
            for one, words in zip(why.answers, said, strict=True)
        ],
        "decision": why.delivery.decision,
    }  # fmt: skip
