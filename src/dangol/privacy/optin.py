"""Double opt-in: whoever is asked for by a form is written to once, and has agreed when they press the button.

In: an address from a public form. Out: a pending word on consent and one letter; from its link, a consent with proof.
Promise: nobody learns from the form whether an address is known; an address gets one letter a day, whoever asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction

from dangol.base import links
from dangol.base.clock import to_us
from dangol.base.errors import NotFound
from dangol.base.instants import iso
from dangol.campaign.rules import Send
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.collect.log import Entry
from dangol.deliver import reach, suppressions
from dangol.deliver import steps as deliver
from dangol.deliver.rules import MARKETING, TRANSACTIONAL, parse_mailbox
from dangol.privacy import letters
from dangol.privacy.models import Confirmation
from dangol.profile import consents, topics

FORM = "dangol-form"  # the source of what our own form takes; no write key leads to it
ROUTE = "d"
CAMPAIGN = "double-opt-in"
EVIDENCE = ("wording", "page", "ip", "user_agent", "language", "form", "topics", "traits")
CONSENT = "Consent Changed"
ONE_A_DAY = timedelta(hours=24)
VALID = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a form brings along."""

    email: str
    language: str  # of the page, two letters
    wording: str  # what stood beside the box
    page: str  # where the form stood
    ip: str
    user_agent: str
    form: str = ""  # key of the shop's form; empty: the one that is always there
    topics: tuple[str, ...] = ()  # that were ticked
    traits: dict[str, str] = field(default_factory=dict)  # what else was filled in


def sign_up(asked: SignUp, now: datetime) -> bool:
    """Take an address in; whether it is one. What comes of it is seen in its mailbox only."""
    address = parse_mailbox(asked.email)
    if address is None:
        return False
    told = asdict(asked) | {"email": ""}
    told.pop("email")
    event = {
        "type": "track", "event": CONSENT, "timestamp": iso(now),
        "properties": {"channel": "email", "purpose": MARKETING, "state": "pending", "basis": "form", **told},
        "context": {"traits": {"email": address}, "locale": asked.language},
    }  # fmt: skip
    collect.own_log().append([Entry(FORM, secrets.token_hex(16), to_us(now), msgspec.json.encode(event))])
    return True


def ask(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Write to those for whom a form asked, unless they were written to within a day, or agreed already and were asked
    for nothing more.
    """
    asked = {
        customer: fact
        for fact, customer in zip(facts, customer_ids, strict=True)
        if customer and fact.source == FORM and fact.name == CONSENT
    }
    if not asked:
        return
    agreed = consents.states(asked, "email", MARKETING)
    for customer, fact in asked.items():
        address = reach.address_of(customer)
        hashed = suppressions.address_hash("email", address)
        lately = Confirmation.objects.filter(address_hash=hashed, asked_at__gt=now - ONE_A_DAY)
        if address and _asks_more(fact, agreed.get(customer, "")) and not lately.exists():
            _write(customer, hashed, fact, now)


def _asks_more(fact: Fact, agreed: str) -> bool:
    return agreed != "granted" or bool(fact.properties.get("topics") or fact.properties.get("traits"))


def _write(customer: int, hashed: str, fact: Fact, now: datetime) -> None:
    told = {name: fact.properties.get(name, "") for name in EVIDENCE}
    row = Confirmation.objects.create(
        customer_id=customer, channel="email", purpose=MARKETING, address_hash=hashed, evidence=told, asked_at=now
    )
    context = letters.context("Consent Asked", url=f"{settings.DANGOL.base_url.rstrip('/')}/{ROUTE}/{token(row.pk)}")
    send = Send(
        campaign=CAMPAIGN, step="confirm", customer_id=customer, trigger=f"confirm:{row.pk}", channel="email",
        message_class=TRANSACTIONAL, message=letters.message("confirm"), context=context, expires_at=now + VALID,
    )  # fmt: skip
    deliver.plan([send], now)


def token(pk: int) -> str:
    """The token of the page behind the letter."""
    return links.sign(settings.DANGOL.secret, ROUTE, pk)


def question(text: str) -> Confirmation:
    """The question that a link's token names. Raises NotFound for a token that is not ours."""
    numbers = links.unsign(settings.DANGOL.secret, ROUTE, text)
    found = Confirmation.objects.filter(pk=numbers[0]).first() if numbers and len(numbers) == 1 else None
    if found is None:
        raise NotFound("this link leads nowhere")
    return found


def is_open(row: Confirmation, now: datetime) -> bool:
    """Whether the button may still be pressed, or was."""
    return row.confirmed_at is not None or now <= row.asked_at + VALID


def confirm(row: Confirmation, now: datetime, ip: str, user_agent: str) -> None:
    """The owner of the address pressed the button: that is the proof. However often, it is one consent."""
    if row.confirmed_at is not None or not is_open(row, now):
        return
    told = {
        "channel": row.channel, "purpose": row.purpose, "state": "granted", "basis": "double_optin",
        "ip": ip, "user_agent": user_agent, "wording": row.evidence.get("wording", ""),
        "asked": {**row.evidence, "at": iso(row.asked_at)}, "confirmation": row.pk,
    }  # fmt: skip
    with transaction.atomic():
        Confirmation.objects.filter(pk=row.pk).update(confirmed_at=now)
        collect.emit(CONSENT, row.customer_id, told, message_id=f"double-opt-in:{row.pk}", at=now)
        _take_what_was_filled_in(row, {"form": "sign-up", "ip": ip, "user_agent": user_agent}, now)


def _take_what_was_filled_in(row: Confirmation, proof: dict[str, str], now: datetime) -> None:
    """It counts from the confirmation on: anybody may have filled it in."""
    ticked = dict.fromkeys(row.evidence.get("topics") or (), True)
    topics.say(row.customer_id, ticked, {**proof, "confirmation": row.pk}, now)
    if traits := row.evidence.get("traits"):
        context = {"source": "sign-up", "form": row.evidence.get("form", "")}
        collect.emit_identify(row.customer_id, traits, context, message_id=f"signed-up:{row.pk}", at=now)
