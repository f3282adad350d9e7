"""What a customer wants to hear from the shop, as the page behind a message's link shows and changes it.

In: a signed link, and what its reader chose. Out: facts with their proof; refusals count at once.
Promise: nothing is changed but what the page showed; what is left as it stands is no word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from dangol.base import links
from dangol.base.errors import NotFound
from dangol.collect.steps import emit_all
from dangol.deliver import gate, reach, refusals, rules, suppressions
from dangol.deliver.feedback import unsubscribe
from dangol.deliver.gate import OFTEN
from dangol.deliver.models import Delivery
from dangol.profile import consents, topics
from dangol.profile.models import Consent, Topic

ROUTE = "p"
CHANNELS = ("email", "sms", "kakao", "webpush")
CONSENT = "Consent Changed"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What stands now for the customer of one delivery."""

    channels: Mapping[str, bool]  # on which they can be reached → whether the shop may write with news
    topics: Mapping[str, bool]  # key → subscribed, in the shop's order
    fewer: bool  # whether they asked for fewer messages

    @property
    def any(self) -> bool:
        """Whether the shop may write with news at all."""
        return any(self.channels.values())


@dataclass(frozen=True, slots=True)
class Choice:
    """What the customer chose; what the page did not show is not in it."""

    channels: Mapping[str, bool] = field(default_factory=dict)
    topics: Mapping[str, bool] = field(default_factory=dict)
    fewer: bool | None = None
    wordings: Mapping[str, str] = field(default_factory=dict)  # channel → what stood beside its box
    proof: Mapping[str, Any] = field(default_factory=dict)  # form, ip, user_agent


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


def topic_of(delivery: Delivery) -> Topic | None:
    """The topic that a message belongs to, where it belongs to one."""
    return Topic.objects.filter(key=gate.topic_of(delivery)).first()


def standing(delivery: Delivery, now: datetime) -> Preferences:
    """What the customer may choose, as it stands: a refusal counts before its fact has come round."""
    customer = delivery.customer_id
    said = {(row.channel, row.purpose): row for row in Consent.objects.filter(customer_id=customer)}
    reached = [one for one in CHANNELS if one == delivery.channel or reach.all_of(customer, one)]
    keys = [row.key for row in topics.everything()]
    subscribed = topics.subscribed([customer], keys)
    return Preferences(
        channels={one: _may_write(customer, one, said.get((one, rules.MARKETING)), now) for one in reached},
        topics={key: subscribed[customer, key] for key in keys},
        fewer=any(row.purpose == OFTEN and row.state in {"denied", "withdrawn"} for row in said.values()),
    )


def _may_write(customer: int, channel: str, said: Consent | None, now: datetime) -> bool:
    if said is None or said.state != "granted" or (said.effective_until and said.effective_until <= now):
        return False
    kept = suppressions.of((channel, address) for address in reach.all_of(customer, channel))
    return not any(
        one.purpose == rules.MARKETING and one.reason == "unsubscribe" and one.since >= said.at
        for rows in kept.values()
        for one in rows
    )


def nothing_more(stands: Preferences, proof: Mapping[str, Any]) -> Choice:
    """The choice of who wants no advertising on any channel; their topics stay for when they come back."""
    return Choice(channels=dict.fromkeys(stands.channels, False), proof=proof)


def choose(delivery: Delivery, wanted: Choice, now: datetime) -> Preferences:
    """Record what the customer chose by an act of their own; what stands then."""
    with transaction.atomic():
        stands = standing(delivery, now)
        channels = {one: on for one, on in wanted.channels.items() if stands.channels.get(one, on) != on}
        for channel, on in channels.items():
            _allow(delivery, channel, wanted, now) if on else _refuse(delivery, channel, wanted.proof, now)
        chosen = {key: on for key, on in wanted.topics.items() if key in stands.topics}
        topics.say(delivery.customer_id, chosen, {**wanted.proof, "delivery": delivery.pk}, now)
        fewer = stands.fewer if wanted.fewer is None else wanted.fewer
        if fewer != stands.fewer:
            _often(delivery, stands.channels, fewer, wanted.proof, now)
    return Preferences({**stands.channels, **channels}, {**stands.topics, **chosen}, fewer)


def _allow(delivery: Delivery, channel: str, wanted: Choice, now: datetime) -> None:
    told = {"basis": "explicit", "wording": wanted.wordings.get(channel, "")}
    _tell(delivery, [(channel, rules.MARKETING, "granted")], told | dict(wanted.proof), now)


def _refuse(delivery: Delivery, channel: str, proof: Mapping[str, Any], now: datetime) -> None:
    """On the message's own channel it is an unsubscription that the message is counted by."""
    if channel == delivery.channel:
        unsubscribe(delivery.pk, now, proof)
        return
    refusals.stop(channel, [], [delivery.customer_id], now)
    _tell(delivery, [(channel, rules.MARKETING, "withdrawn")], {"basis": "unsubscribe", **proof}, now)


def _often(delivery: Delivery, channels: Iterable[str], fewer: bool, proof: Mapping[str, Any], now: datetime) -> None:
    """One word is enough for fewer messages everywhere; taking it back takes back every one."""
    asked = Consent.objects.filter(customer_id=delivery.customer_id, purpose=OFTEN, state__in=("denied", "withdrawn"))
    where = list(channels)[:1] if fewer else list(asked.values_list("channel", flat=True))
    state = "denied" if fewer else "granted"
    _tell(delivery, [(one, OFTEN, state) for one in where], {"basis": "explicit", **proof}, now)


def _tell(delivery: Delivery, said: Iterable[tuple[str, str, str]], proof: Mapping[str, Any], now: datetime) -> None:
    emit_all(
        [
            (
                CONSENT, delivery.customer_id,
                {"channel": channel, "purpose": purpose, "state": state, **proof, "delivery": delivery.pk},
                f"{state}:{delivery.pk}:{channel}:{purpose}:{now.isoformat()}", now,
            )
            for channel, purpose, state in said
        ]
    )  # fmt: skip


def wording(channel: str, language: str) -> str:
    """What the shop asks beside a channel's box, in this language; empty where it has no wording of its own."""
    row = consents.wording(channel, rules.MARKETING, language)
    return row.text if row and row.language == language else ""
