"""Gathers what the gate looks at, for many messages at once, and keeps what it decided."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from dangol.base.instants import iso
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign import steps as campaign
from dangol.deliver import rules
from dangol.deliver.models import Delivery, Suppression
from dangol.deliver.rules import Allow, Consented, Decision, HoldUntil, Question, Suppressed
from dangol.profile.models import Consent, Profile
from dangol.segment.models import Member

PAUSING = "dissatisfied"  # the segment whose members get no marketing
KEPT_DECISIONS = 10
MAY_HAVE_ARRIVED = ("attempting", "accepted", "unknown", "deferred")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said, and the address it looked at: the only one the message may go to."""

    decision: Decision
    mailbox: str


def decide(deliveries: Sequence[Delivery], now: datetime) -> list[Verdict]:
    """What the gate says to each of these deliveries now."""
    shop = Shop.objects.get()
    customers = sorted({delivery.customer_id for delivery in deliveries})
    addresses = _addresses(customers)
    suppressed = _suppressed({(d.channel, addresses.get(d.customer_id, "")) for d in deliveries})
    consents = _consents(customers)
    dissatisfied = _members(customers)
    newest = _newest_marketing(deliveries, now)
    standing = campaign.standing((d.campaign, d.customer_id, d.trigger) for d in deliveries)
    verdicts = []
    for delivery in deliveries:
        address = addresses.get(delivery.customer_id, "")
        question = Question(
            message_class=delivery.message_class,
            address=address,
            sender=shop.sender_email,
            zone=shop.zone,
            consent=consents.get((delivery.customer_id, delivery.channel), Consented()),
            suppressed=suppressed.get((delivery.channel, address), ()),
            dissatisfied=delivery.customer_id in dissatisfied,
            last_marketing_at=newest.get(delivery.pk or -delivery.customer_id),
            campaign=standing.get((delivery.campaign, delivery.customer_id, delivery.trigger), ""),
            expires_at=delivery.expires_at,
        )
        verdicts.append(Verdict(rules.may_send(question, now), rules.parse_mailbox(address) or ""))
    return verdicts


def address_of(customer_id: int) -> str:
    """The address of one customer, as their profile has it."""
    return _addresses([customer_id]).get(customer_id, "")


def _addresses(customers: Sequence[int]) -> dict[int, str]:
    return {
        customer: email
        for part in parts(customers)
        for customer, email in Profile.objects.filter(pk__in=part).values_list("customer_id", "email")
    }


def _consents(customers: Sequence[int]) -> dict[tuple[int, str], Consented]:
    return {
        (row.customer_id, row.channel): Consented(row.state, row.at)
        for part in parts(customers)
        for row in Consent.objects.filter(customer_id__in=part, purpose=rules.MARKETING)
    }


def _members(customers: Sequence[int]) -> set[int]:
    return {
        customer
        for part in parts(customers)
        for customer in Member.objects.filter(
            segment__key=PAUSING, segment__state="active", customer_id__in=part
        ).values_list("customer_id", flat=True)
    }


def _suppressed(places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[Suppressed, ...]]:
    hashes = {address_hash(channel, address): (channel, address) for channel, address in places if address}
    found: dict[tuple[str, str], list[Suppressed]] = defaultdict(list)
    for part in parts(sorted(hashes)):
        for row in Suppression.objects.filter(address_hash__in=part):
            found[hashes[row.address_hash]].append(Suppressed(row.purpose, row.reason, row.created_at, row.expires_at))
    return {place: tuple(rows) for place, rows in found.items()}


def _newest_marketing(deliveries: Sequence[Delivery], now: datetime) -> dict[int, datetime]:
    """When the newest other marketing message to the same customer was handed over, by delivery; for deliveries
    that are not stored yet by minus the customer. What lies two days back is in no local day of today.
    """
    marketing = [delivery for delivery in deliveries if delivery.message_class == rules.MARKETING]
    times: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for part in parts(sorted({delivery.customer_id for delivery in marketing})):
        rows = Delivery.objects.filter(
            customer_id__in=part, message_class=rules.MARKETING, state__in=MAY_HAVE_ARRIVED,
            attempted_at__gte=now - timedelta(days=2),
        )  # fmt: skip
        for customer, pk, at in rows.values_list("customer_id", "pk", "attempted_at"):
            if at is not None:
                times[customer].append((pk, at))
    newest: dict[int, datetime] = {}
    for delivery in marketing:
        others = [at for pk, at in times[delivery.customer_id] if pk != delivery.pk]
        if others:
            newest[delivery.pk or -delivery.customer_id] = max(others)
    return newest


def apply(delivery: Delivery, decision: Decision, now: datetime) -> None:
    """Put a decision on a delivery: held messages wait, forbidden ones end."""
    keep(delivery, decision, now)
    if isinstance(decision, Allow):
        return
    delivery.lease, delivery.leased_until = "", None
    if isinstance(decision, HoldUntil):
        delivery.due_at = max(delivery.due_at, decision.at)
        delivery.state = "deferred" if delivery.attempts else "planned"
    else:
        delivery.state = "expired" if decision.expired else "cancelled"
        delivery.finished_at = now


def keep(delivery: Delivery, decision: Decision, now: datetime) -> None:
    """Write down what was decided and why; a repetition replaces the one before."""
    entry: dict[str, Any] = {
        "verdict": {"Allow": "allow", "HoldUntil": "hold", "Deny": "deny"}[type(decision).__name__],
        "rules": list(decision.rules),
        "at": iso(now),
    }
    if isinstance(decision, HoldUntil):
        entry["until"] = iso(decision.at)
    kept = list(delivery.decision)
    if kept and (kept[-1]["verdict"], kept[-1]["rules"]) == (entry["verdict"], entry["rules"]):
        kept.pop()
    delivery.decision = [*kept, entry][-KEPT_DECISIONS:]


def address_hash(channel: str, address: str) -> str:
    """A keyed hash: tells whether an address is suppressed without naming anybody, also after erasure."""
    told = f"suppression:{channel}:{address.strip().lower()}".encode()
    return hmac.new(settings.DANGOL.secret, told, hashlib.sha256).hexdigest()
