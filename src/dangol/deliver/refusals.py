"""Refusals that reach us without one of our links: a call to the 080 number, STOP to a text message.

In: a telephone number. Out: the number suppressed, what waits cancelled, and the facts that withdraw the consent.
Promise: a refusal counts for the number also where no customer has it, and for every customer who does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dangol.base.models import Shop
from dangol.base.phones import e164
from dangol.collect.steps import emit_all
from dangol.deliver import feedback, rules, suppressions
from dangol.profile.models import Profile

TEXTS = ("sms", "kakao")  # what an 080 number refuses


def refuse(number: str, channels: Sequence[str], now: datetime) -> bool:
    """No more advertising to this number; whether that was new. Doing it twice is doing it once."""
    phone = e164(number, Shop.objects.values_list("country", flat=True).first() or "")
    if not phone:
        return False
    with transaction.atomic():
        fresh = [channel for channel in channels if not _stands(channel, phone)]
        customers = sorted(Profile.objects.filter(phone=phone).values_list("pk", flat=True)) if fresh else []
        for channel in fresh:
            suppressions.suppress(channel, phone, rules.MARKETING, "unsubscribe", now)
            for customer in customers:
                _withdraw(customer, channel, now)
    return bool(fresh)


def _stands(channel: str, phone: str) -> bool:
    """Whether the number is refused already. A yes since then is taken back by a newer unsubscription only through a
    link of ours: provider lists name a number for ever, and would take back every later yes.
    """
    kept = suppressions.of([(channel, phone)]).get((channel, phone), ())
    return any(one.purpose == rules.MARKETING for one in kept)


def _withdraw(customer: int, channel: str, now: datetime) -> None:
    feedback.cancel_unsent(customer, channel, now)
    consent = {"channel": channel, "purpose": rules.MARKETING, "state": "withdrawn", "basis": "refusal"}
    at = f"{channel}:{customer}:{now.isoformat()}"
    emit_all(
        [
            ("Consent Changed", customer, consent, f"withdrawn:refused:{at}", now),
            ("Unsubscribed", customer, {"channel": channel}, f"unsubscribed:refused:{at}", now),
        ]
    )
