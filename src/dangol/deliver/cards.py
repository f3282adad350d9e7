"""On-site messages while they wait: what a visitor is shown, and what became of it.

In: a visitor's id from our tracker, the marks on what was shown. Out: cards, and the facts that tell of them.
Promise: a card is shown no more often than it says, and not again once it was closed or followed,
or once its reader wants no more of its topic.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from dangol.base import links
from dangol.collect.steps import emit_all
from dangol.deliver import feedback, gate, records, vapid
from dangol.deliver.models import Card, Delivery, Subscription
from dangol.identity import steps as identity
from dangol.profile import restrictions

SCRIPT = Path(__file__).parent / "cards.js"
WORKER = Path(__file__).parent / "worker.js"
ROUTE = "k"  # the kind of a card's signed mark
MOST = 5  # at once
PAGES = 2  # views of a visit before a browser may be asked for web push


def waiting(anonymous_id: str, views: int, now: datetime) -> dict[str, Any]:
    """What the pages show this visitor: cards with their marks, and the key where web push may be asked for."""
    customer = identity.find("anonymousId", anonymous_id) if anonymous_id else None
    if customer is None or customer in restrictions.restricted():
        return {}
    cards = [_shown(card) for card in _due(customer, now)]
    key = _key(customer) if views >= PAGES else ""
    return ({"cards": cards} if cards else {}) | ({"push": key} if key else {})


def _due(customer: int, now: datetime) -> list[Card]:
    rows = Card.objects.filter(customer_id=customer, closed_at=None, until__gt=now, shown__lt=F("times"))
    rested = [
        card for card in rows.select_related("delivery").order_by("pk")[:50]
        if card.shown_at is None or card.shown_at + timedelta(seconds=card.rest_seconds) <= now
    ]  # fmt: skip
    refused = gate.topics_refused([card.delivery for card in rested])
    return [card for card in rested if (customer, gate.topic_of(card.delivery)) not in refused][:MOST]


def _shown(card: Card) -> Mapping[str, Any]:
    token = links.sign(settings.DANGOL.secret, ROUTE, card.delivery_id)
    return {name: value for name, value in card.content.items() if value} | {"token": token}


def _key(customer: int) -> str:
    config = settings.DANGOL
    if not config.webpush_contact or Subscription.objects.filter(customer_id=customer, ended_at=None).exists():
        return ""
    return vapid.public(vapid.key(config.folder))


def heard(token: str, what: str, now: datetime, user_agent: str) -> bool:
    """What a page says of a card: seen, clicked or closed; False for a mark that is not ours."""
    numbers = links.unsign(settings.DANGOL.secret, ROUTE, token)
    with transaction.atomic():
        card = (
            Card.objects.select_for_update(of=("self",))
            .select_related("delivery")
            .filter(delivery_id=numbers[0])
            .first()
            if numbers and len(numbers) == 1
            else None
        )
        if card is None or what not in HEARD:
            return False
        HEARD[what](card, now, user_agent)
    return True


def _seen(card: Card, now: datetime, user_agent: str) -> None:
    if card.shown == 0:
        _tell("delivered", card.delivery, now)
    card.shown, card.shown_at = card.shown + 1, now
    card.save(update_fields=["shown", "shown_at"])
    feedback.visited(card.delivery_id, "opened", "", user_agent, str(card.shown), now)


def _clicked(card: Card, now: datetime, user_agent: str) -> None:
    _end(card, now)
    feedback.visited(card.delivery_id, "clicked", card.content.get("url", ""), user_agent, "card", now)


def _closed(card: Card, now: datetime, user_agent: str) -> None:
    if card.closed_at is None:
        _tell("dismissed", card.delivery, now)
    _end(card, now)


HEARD = {"seen": _seen, "clicked": _clicked, "closed": _closed}


def _end(card: Card, now: datetime) -> None:
    Card.objects.filter(pk=card.pk, closed_at=None).update(closed_at=now)


def _tell(what: str, delivery: Delivery, now: datetime) -> None:
    told = records.properties(delivery, records.campaign_names([delivery]))
    emit_all([(records.named(delivery.channel, what), delivery.customer_id, told, f"{what}:{delivery.pk}", now)])
