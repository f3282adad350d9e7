"""What a person may ask beside a copy and erasure: correction, restriction, objection, and a word on consent.

In: a customer, who of the staff does it, and why. Out: ordinary facts, so that every stage sees them, and a line in the
log of accesses. Raises NotFound for an id that nobody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dangol.base.clock import to_us
from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.identity import steps as identity
from dangol.identity.forgetting import everybody_in
from dangol.privacy import audit
from dangol.privacy.audit import Actor
from dangol.privacy.models import Restriction
from dangol.profile import consenting, restrictions, topics
from dangol.profile.models import Consent
from dangol.segment import live as segment

MARKETING = "marketing"
LONGEST_NAME, MOST = 200, 100


def current(customer_id: int) -> int:
    found = identity.current(customer_id)
    if found is None:
        raise NotFound(f"no customer has the id {customer_id}")
    return found


def correct(customer_id: int, traits: Mapping[str, Any], now: datetime, actor: Actor, reason: str = "") -> None:
    """Set traits as the person says they are; null takes one away. Raises Invalid."""
    customer = current(customer_id)
    if not traits or len(traits) > MOST:
        raise Invalid([Fault("/traits", f"{len(traits)} traits", f"1 to {MOST}")])
    for name in traits:
        if not name.strip() or len(name) > LONGEST_NAME:
            raise Invalid([Fault(f"/traits/{name[:60]}", repr(name[:60]), f"a name of 1 to {LONGEST_NAME} characters")])
    with turn():
        line = audit.note(actor, "correction", now, customer=customer, reason=reason, detail={"traits": sorted(traits)})
        context = {"source": "console", "actor": actor.name}
        collect.emit_identify(customer, traits, context, message_id=f"correction:{line.pk}:{to_us(now)}", at=now)


def say(
    customer_id: int, channel: str, purpose: str, state: str, now: datetime, actor: Actor, *, evidence: str = ""
) -> None:
    """Write down what a person told the staff about consent: on the telephone, at the counter. Raises Invalid."""
    customer = current(customer_id)
    if channel not in consenting.CHANNELS:
        raise Invalid([Fault("/channel", repr(channel), ", ".join(sorted(consenting.CHANNELS)))])
    if state not in {"granted", "denied", "withdrawn"}:
        raise Invalid([Fault("/state", repr(state), "granted, denied or withdrawn")])
    if not evidence.strip():
        raise Invalid([Fault("/evidence", "nothing", "how and in which words it was said")])
    told = {"channel": channel, "purpose": purpose, "state": state, "basis": "explicit",
            "text": evidence.strip()[:500], "agent": actor.name}  # fmt: skip
    with turn():
        before = Consent.objects.filter(customer_id=customer, channel=channel, purpose=purpose).first()
        detail = {"channel": channel, "purpose": purpose, "before": before.state if before else "", "after": state}
        line = audit.note(actor, "consent", now, customer=customer, detail=detail)
        collect.emit("Consent Changed", customer, told, message_id=f"said:{line.pk}:{to_us(now)}", at=now)


def say_of_topic(
    customer_id: int, key: str, subscribed: bool, now: datetime, actor: Actor, reason: str
) -> None:  # fmt: skip
    """Write down what a person told the staff about a topic. Raises Invalid."""
    customer = current(customer_id)
    found = topics.faults({key: "/topic"})
    if not reason.strip():
        found.append(Fault("/reason", "nothing", "how and in which words it was said"))
    if found:
        raise Invalid(found)
    with turn():
        before = topics.subscribed([customer], [key])[customer, key]
        detail = {"topic": key, "before": before, "after": subscribed}
        audit.note(actor, "topic", now, customer=customer, reason=reason.strip(), detail=detail)
        proof = {"form": "staff", "agent": actor.name, "text": reason.strip()[:500]}
        topics.say(customer, {key: subscribed}, proof, now)


def object_to_marketing(customer_id: int, now: datetime, actor: Actor, reason: str = "") -> list[str]:
    """No direct marketing on any channel from now on; the channels."""
    customer = current(customer_id)
    asked = Consent.objects.filter(customer_id=customer, purpose=MARKETING).values_list("channel", flat=True)
    channels = sorted({"email", "sms", *asked})
    with turn():
        line = audit.note(actor, "objection", now, customer=customer, reason=reason, detail={"channels": channels})
        told = {"purpose": MARKETING, "state": "withdrawn", "basis": "objection"}
        collect.emit_all(
            [
                ("Consent Changed", customer, {**told, "channel": one}, f"objection:{line.pk}:{one}:{to_us(now)}", now)
                for one in channels
            ]
        )
    return channels


def restrict(customer_id: int, now: datetime, actor: Actor, reason: str = "") -> bool:
    """Keep the data and do not use them: no segment, no campaign, no message. Whether that is new."""
    customer = current(customer_id)
    with turn():
        fresh = restrictions.restrict(customer, now)
        if fresh:
            audit.note(actor, "restriction", now, customer=customer, reason=reason)
            Restriction.objects.create(customer_id=customer, since=now, reason=reason[:200], by=actor.name[:254])
            segment.refresh([customer], now)
    return fresh


def lift(customer_id: int, now: datetime, actor: Actor, reason: str = "") -> bool:
    """Use the data again; whether they were restricted."""
    customer = current(customer_id)
    with turn():
        lifted = restrictions.lift(customer)
        if lifted:
            audit.note(actor, "restriction lifted", now, customer=customer, reason=reason)
            Restriction.objects.filter(customer_id__in=everybody_in(customer), until=None).update(until=now)
            segment.refresh([customer], now)
    return lifted
