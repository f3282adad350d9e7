"""Providers' calls: verified, understood, booked once on the delivery they are about.

In: a call to /hooks/{provider}. Out: outcomes, suppressions and facts, as for what comes back by mail.
Promise: a call that was answered with 200 is booked; however often and in whatever order calls come, the same stands.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from dangol.base.errors import NotFound
from dangol.deliver import feedback, received, refusals, returns
from dangol.deliver.hearing.esps import VIEWS, EspHearing
from dangol.deliver.hearing.solapi import Solapi
from dangol.deliver.hearing.told import Call, Fate, Hearing, Refusal, Told, Word
from dangol.deliver.hearing.twilio import Twilio
from dangol.deliver.models import Delivery

log = logging.getLogger("dangol.deliver.reports")

HEARD: dict[str, Hearing] = {"solapi": Solapi(), "twilio": Twilio(), **{name: EspHearing(name) for name in VIEWS}}


@dataclass(frozen=True, slots=True)
class Received:
    """What the provider is answered."""

    status: int
    reason: str = ""


def receive(provider: str, headers: Mapping[str, str], body: bytes, path: str, now: datetime) -> Received:
    """Take one call. `headers` in lower case; `path` with its query, as it stands behind the setting base_url."""
    config = settings.DANGOL
    call = Call(headers, body, config.base_url.rstrip("/") + path)
    hearing = HEARD[provider]
    if not hearing.genuine(call, config):
        return Received(401, "the signature is not this shop's, or the setting for it is empty")
    try:
        told = hearing.told(call, config)
    except (ValueError, RecursionError) as error:
        log.warning("a call of %s cannot be read: %s", provider, error)
        return Received(400, "it cannot be read")
    book(told, now)
    return Received(200)


def book(told: Sequence[Told], now: datetime) -> None:
    """Write down what providers tell, in one transaction."""
    with transaction.atomic():
        for one in told:
            if isinstance(one, Fate):
                returns.book(one.delivery, [one.report], now)
            elif isinstance(one, Refusal):
                _refuse(one, now)
            elif isinstance(one, Word):
                received.by_text(one, now)
            else:
                feedback.visited(one.delivery, one.what, one.url, one.user_agent, one.id, now)


def _refuse(told: Refusal, now: datetime) -> None:
    """By the message they refused by, which tells the campaign; texts, and a message there is no more, by address."""
    if told.delivery and told.channel not in refusals.TEXTS:
        try:
            feedback.unsubscribe(told.delivery, now)
        except NotFound:
            log.warning("a refusal names delivery %d, which there is no more: its address counts", told.delivery)
        else:
            return
    customers = Delivery.objects.filter(pk=told.delivery).values_list("customer_id", flat=True)
    refusals.refuse(told.address, told.channel, now, customers=list(customers))
