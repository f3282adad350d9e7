"""Deliveries over the API: the ledger of every attempt, and what the sandbox channel holds."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router
from pydantic import Field

from dangol.base.money import Money
from dangol.deliver import contact, reads
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.web import guard
from dangol.web.api import campaign_shapes
from dangol.web.api.lists import LARGEST, Page, Paging, page
from dangol.web.api.parameters import Text

router = Router(tags=["deliveries"])


class Wanted(Paging):
    """Which deliveries."""

    campaign: Text | None = Field(None, max_length=64, description="of this campaign")
    customer: int | None = Field(None, ge=1, le=LARGEST, description="to this customer")
    state: Text | None = Field(None, max_length=12, description="in this state, such as accepted or unknown")


@router.get("/deliveries", response=Page[campaign_shapes.DeliveryShown])
def deliveries(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """The ledger of every attempt, the newest first."""
    rows = reads.ledger(
        campaign=wanted.campaign,
        customer_id=wanted.customer,
        state=wanted.state,
        before=wanted.number(),
        limit=wanted.limit + 1,
    )
    return page(rows, wanted, _delivery, lambda row: str(row.pk))


@router.get("/outbox", response=Page[campaign_shapes.OutboxShown])
def outbox(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """What the sandbox channel holds, as it would have left; the newest first."""
    rows = reads.outbox(before=paging.number(), limit=paging.limit + 1)
    return page(rows, paging, _message, lambda row: str(row.pk))


@router.get("/contact-policy", response=campaign_shapes.ContactPolicyShown)
def contact_policy(request: HttpRequest) -> dict[str, Any]:
    """How often and when customers hear from the shop."""
    return contact.shown(contact.policy())


@router.put("/contact-policy", response=campaign_shapes.ContactPolicyShown)
def set_contact_policy(request: HttpRequest, shape: Body[dict[str, Any]]) -> dict[str, Any]:
    """Set what is given, keep the rest. It counts for every message that has not left yet."""
    return contact.shown(contact.put(shape, guard.CLOCK.now()))


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "campaign": row.campaign,
        "step": row.step,
        "customer": str(row.customer_id),
        "trigger": row.trigger,
        "instead": row.instead,
        "channel": row.channel,
        "message_class": row.message_class,
        "state": row.state,
        "planned_at": row.planned_at,
        "due_at": row.due_at,
        "attempts": row.attempts,
        "attempted_at": row.attempted_at,
        "finished_at": row.finished_at,
        "address": row.address,
        "subject": row.subject,
        "decision": row.decision,
        "outcome": row.outcome,
        "cost": None if row.cost is None or not row.currency else Money(row.cost, row.currency).as_json(),
    }


def _message(row: OutboxMessage) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "delivery": str(row.delivery_id),
        "campaign": row.delivery.campaign,
        "customer": str(row.delivery.customer_id),
        "channel": row.channel,
        "to": row.to,
        "subject": row.subject,
        "text": row.text,
        "html": row.html,
        "headers": row.headers,
        "at": row.at,
    }
