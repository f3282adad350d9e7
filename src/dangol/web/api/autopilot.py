"""The autopilot over the API: its limits, what it proposes and did, and taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Body, Field, Query, Router, Schema

from dangol.autopilot import reading
from dangol.autopilot import steps as autopilot
from dangol.autopilot.models import Act
from dangol.web import guard
from dangol.web.api.lists import Page, Paging, page
from dangol.web.api.parameters import ActId

router = Router(tags=["autopilot"])
BY = "API"


class LimitsShown(Schema):
    mode: Literal["off", "proposes", "acts"]
    plays: list[str] = Field(description="which plays it may touch; empty: every play")
    contacts: int | None = Field(description="marketing messages to a customer in 30 days, at most")
    budget: str | None = Field(description="of messages in 30 days, in the shop's currency")
    discount: float = Field(description="the greatest discount a play may give, in per cent")
    staff_hours: float | None = Field(description="that people have for plays in 30 days")
    hours: int = Field(description="office hours to object before it acts")
    opens: str
    closes: str


class ActShown(Schema):
    id: int
    play: str
    verb: Literal["activate", "pause"]
    why: str
    reason: dict[str, str]
    state: str = Field(description="proposed, doing, done, undone, declined, withdrawn or failed")
    proposed_at: datetime
    due_at: datetime | None = Field(description="when it is carried out unless somebody objects")
    done_at: datetime | None
    ended_at: datetime | None
    by: str = Field(description="who accepted, declined or undid; empty: the autopilot itself")
    trouble: str


@router.get("", response=LimitsShown)
def limits(request: HttpRequest) -> dict[str, Any]:
    """The owner's limits."""
    return reading.shown(autopilot.limits())


@router.put("", response=LimitsShown)
def set_limits(request: HttpRequest, told: Body[dict[str, Any]]) -> dict[str, Any]:
    """Set some or all of the limits."""
    return reading.shown(autopilot.set_limits(told, guard.CLOCK.now()))


@router.get("/acts", response=Page[ActShown])
def acts(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Everything it ever proposed, the newest first, with what became of it."""
    found = autopilot.acts(paging.limit + 1, before=paging.number())
    return page(found, paging, shown, lambda act: str(act.pk))


@router.post("/acts/{act_id}/accept", response=ActShown)
def accept(request: HttpRequest, act_id: ActId) -> dict[str, Any]:
    """Carry a proposal out now."""
    return shown(autopilot.accept(act_id, BY, guard.CLOCK.now()))


@router.post("/acts/{act_id}/decline", response=ActShown)
def decline(request: HttpRequest, act_id: ActId) -> dict[str, Any]:
    """Say no to a proposal; it is not made again for 30 days."""
    return shown(autopilot.decline(act_id, BY, guard.CLOCK.now()))


@router.post("/acts/{act_id}/undo", response=ActShown)
def undo(request: HttpRequest, act_id: ActId) -> dict[str, Any]:
    """Take back what was done."""
    return shown(autopilot.undo(act_id, BY, guard.CLOCK.now()))


def shown(act: Act) -> dict[str, Any]:
    """An act as the API tells it."""
    return {
        "id": act.pk, "play": act.play, "verb": act.verb, "why": act.why, "reason": act.reason, "state": act.state,
        "proposed_at": act.proposed_at, "due_at": act.due_at, "done_at": act.done_at, "ended_at": act.ended_at,
        "by": act.by, "trouble": act.trouble,
    }  # fmt: skip
