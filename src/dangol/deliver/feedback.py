"""What customers and their mail programs send back: opens, clicks, and the wish to hear no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from dangol.base.errors import NotFound
from dangol.collect.steps import emit_all
from dangol.deliver import machines, records, refusals, rules
from dangol.deliver.models import Delivery, Link

NO_PROOF: Mapping[str, Any] = {}


def opened(delivery_id: int, now: datetime, user_agent: str = "") -> None:
    """The open pixel was fetched; told once a minute at most. Unknown deliveries are ignored: a pixel never fails."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is not None:
        _tell("opened", delivery, {}, f"opened:{delivery_id}:{_minute(now)}", now, user_agent)


def clicked(delivery_id: int, index: int, now: datetime, user_agent: str = "") -> str | None:
    """A link was followed; where it leads, or None where there is no such link."""
    link = Link.objects.select_related("delivery").filter(delivery_id=delivery_id, index=index).first()
    if link is None:
        return None
    told = {"link_id": str(index), "link_url": link.url}
    _tell("clicked", link.delivery, told, f"clicked:{delivery_id}:{index}:{_minute(now)}", now, user_agent)
    return str(link.url)


def visited(delivery_id: int, what: str, url: str, user_agent: str, told_id: str, now: datetime) -> None:
    """What a provider saw of an open or a click; one telling of it is one fact."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is not None:
        more = {"link_url": url[:2000]} if url else {}
        _tell(what, delivery, more, f"{what}:{delivery_id}:{told_id or _minute(now)}", now, user_agent)


def _minute(now: datetime) -> str:
    return now.strftime("%Y%m%d%H%M")


def _tell(what: str, delivery: Delivery, more: dict[str, Any], message_id: str, now: datetime, user_agent: str) -> None:
    machine = machines.is_machine(user_agent)
    told = records.properties(delivery, records.campaign_names([delivery])) | more
    told |= {"machine": machine, "user_agent": user_agent[:300]}
    with transaction.atomic():
        suffix = ":machine" if machine else ""  # a scanner's visit must not hide the customer's own in that minute
        emit_all([(records.named(delivery.channel, what), delivery.customer_id, told, message_id + suffix, now)])


def unsubscribe(delivery_id: int, now: datetime, proof: Mapping[str, Any] = NO_PROOF) -> Delivery:
    """The customer of this delivery wants no more marketing on its channel. Doing it twice is doing it once.

    `proof` is what is known of how they said so: the form, their address, their program.

    In one transaction: the address is suppressed, what waits is cancelled, and the facts are written that withdraw
    the consent. Raises NotFound.
    """
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
        if delivery is None:
            raise NotFound(f"no delivery has the id {delivery_id}")
        if refusals.stop(delivery.channel, [delivery.address], [delivery.customer_id], now):
            _tell_unsubscribed(delivery, now, proof)
    return delivery


def _tell_unsubscribed(delivery: Delivery, now: datetime, proof: Mapping[str, Any]) -> None:
    told = records.properties(delivery, records.campaign_names([delivery]))
    consent = {
        "channel": delivery.channel,
        "purpose": rules.MARKETING,
        "state": "withdrawn",
        "basis": "unsubscribe",
        "campaign": delivery.campaign,
        "delivery": delivery.pk,
        **proof,
    }
    at = f"{delivery.pk}:{now.isoformat()}"
    emit_all(
        [
            ("Consent Changed", delivery.customer_id, consent, f"withdrawn:{at}", now),
            ("Unsubscribed", delivery.customer_id, told, f"unsubscribed:{at}", now),
        ]
    )
