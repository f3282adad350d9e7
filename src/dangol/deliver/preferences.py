"""What a customer wants to hear from the shop, as the page behind a message's link shows and changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from dangol.base import links
from dangol.base.errors import NotFound
from dangol.collect.steps import emit
from dangol.deliver import rules
from dangol.deliver.feedback import unsubscribe
from dangol.deliver.models import Delivery
from dangol.profile import consents

ROUTE = "p"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What stands now for the customer of one delivery."""

    delivery: Delivery
    channel: str
    marketing: bool  # whether the shop may write with news


def link(delivery_id: int) -> str:
    """The token of the page."""
    return links.sign(settings.DANGOL.secret, ROUTE, delivery_id)


def delivery_of(kind: str, token: str) -> Delivery:
    """The delivery that a link's token names. Raises NotFound for a token that is not ours."""
    numbers = links.unsign(settings.DANGOL.secret, kind, token)
    found = Delivery.objects.filter(pk=numbers[0]).first() if numbers and len(numbers) == 1 else None
    if found is None:
        raise NotFound("this link leads nowhere")
    return found


def standing(delivery: Delivery) -> Preferences:
    state = consents.states([delivery.customer_id], delivery.channel, rules.MARKETING).get(delivery.customer_id, "")
    return Preferences(delivery, delivery.channel, state == "granted")


def choose(delivery: Delivery, marketing: bool, now: datetime) -> None:
    """Record what the customer chose: no more marketing, or, by an act of their own, marketing again."""
    if not marketing:
        unsubscribe(delivery.pk, now)
        return
    told = {
        "channel": delivery.channel,
        "purpose": rules.MARKETING,
        "state": "granted",
        "basis": "explicit",
        "form": "preferences",
        "delivery": delivery.pk,
    }
    with transaction.atomic():
        message_id = f"granted:{delivery.pk}:{now.isoformat()}"
        emit("Consent Changed", delivery.customer_id, told, message_id=message_id, at=now)
