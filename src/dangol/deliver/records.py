"""Writes outcomes down: the ledger's row, the suppression that a bounce asks for, and the facts others learn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dangol.campaign.models import Campaign
from dangol.collect.steps import emit_all
from dangol.deliver import autopilot, fallbacks, outcomes, refusals, resting, retries, rows, rules, suppressions
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

RESEND = timedelta(minutes=5)  # when a transactional message of unknown end is sent again, once
OF_EMAIL = {
    "delivered": "Email Delivered",
    "opened": "Email Opened",
    "clicked": "Email Link Clicked",
    "bounced": "Email Bounced",
}
OF_OTHERS = {
    "delivered": "Message Delivered",
    "opened": "Message Opened",
    "clicked": "Message Link Clicked",
    "bounced": "Message Bounced",
    "dismissed": "Message Dismissed",
}
OwnFact = tuple[str, int, dict[str, Any], str, datetime]


def record(ended: Sequence[tuple[Delivery, Outcome]], now: datetime) -> None:
    """Write down how deliveries ended, and emit the facts, in the caller's transaction; the caller holds the rows."""
    facts: list[OwnFact] = []
    deliveries = [delivery for delivery, _ in ended]
    names = campaign_names(deliveries)
    for delivery, outcome in ended:
        settle(delivery, outcome, now)
    rows.save(deliveries, rows.ENDED)
    for delivery, outcome in ended:
        told = properties(delivery, names)
        facts += _facts(delivery, outcome, told, now)
        if outcome.state == "bounced" and outcome.hard:
            suppressions.suppress(delivery.channel, delivery.address, rules.EVERY_PURPOSE, "hard_bounce", now)
        elif outcome.reason == outcomes.REFUSED:
            refusals.refuse(delivery.address, delivery.channel, now, customers=[delivery.customer_id])
        elif outcome.state == "bounced" and delivery.channel == "email":
            resting.refused(delivery, outcome, now)
    fallbacks.plan(deliveries, now)
    autopilot.count(ended, now)
    if facts:
        emit_all(facts)


def settle(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """The ledger's row after an outcome.

    What was put off is tried again for three days. Of what ended unknown, marketing never is; a transactional message
    is once, with the same Message-ID.
    """
    delivery.outcome, delivery.lease, delivery.leased_until = outcome.answer[:500], "", None
    delivery.state, delivery.finished_at = outcome.state, now
    delivery.reference = outcome.reference or delivery.reference
    if outcome.free:  # it is known to have cost nothing, also once the outbox has let it go
        delivery.cost, delivery.currency = Decimal(0), ""
    elif outcome.state not in {"accepted", "unknown"}:
        delivery.cost, delivery.currency = None, ""
    if outcome.state == "deferred":
        wait = retries.retry_after(delivery.attempts, delivery.channel)
        if wait is None:
            delivery.state = "failed"
        else:
            delivery.due_at, delivery.finished_at = now + max(wait, outcome.after or wait), None
    elif outcome.state == "unknown":
        delivery.unconfirmed += 1
        if delivery.message_class == rules.TRANSACTIONAL and delivery.unconfirmed == 1:
            delivery.state, delivery.due_at, delivery.finished_at = "planned", now + RESEND, None


def _facts(delivery: Delivery, outcome: Outcome, told: dict[str, Any], now: datetime) -> list[OwnFact]:
    def fact(name: str, mark: str, **more: Any) -> OwnFact:
        return name, delivery.customer_id, told | more, f"{mark}:{delivery.pk}", now

    if outcome.state == "accepted":
        facts = [fact("Message Sent", "sent", message_class=delivery.message_class)]
        if outcome.delivered:
            facts.append(fact(named(delivery.channel, "delivered"), "delivered"))
        if survey := delivery.message.get("survey"):
            facts.append(fact("Survey Asked", "asked", survey=survey))
        return facts
    if outcome.state == "bounced":
        return [fact(named(delivery.channel, "bounced"), "bounced", kind=outcome.kind, reason=outcome.reason)]
    return []


def named(channel: str, what: str) -> str:
    """The fact that tells what became of a message; those of e-mail have Segment's names."""
    return (OF_EMAIL if channel == "email" else OF_OTHERS)[what]


def properties(delivery: Delivery, names: dict[str, str]) -> dict[str, Any]:
    """What every fact about a message says of it: our names, and those of Segment's e-mail events."""
    return {
        "campaign": delivery.campaign,
        "step": delivery.step,
        "variant": delivery.message.get("variant", ""),
        "channel": delivery.channel,
        "delivery": delivery.pk,
        "email_id": str(delivery.pk),
        "email_subject": delivery.subject,
        "campaign_id": delivery.campaign,
        "campaign_name": names.get(delivery.campaign, delivery.campaign),
    }


def campaign_names(deliveries: Sequence[Delivery]) -> dict[str, str]:
    """The names of these deliveries' campaigns, by key."""
    return dict(
        Campaign.objects.filter(key__in={delivery.campaign for delivery in deliveries}).values_list("key", "name")
    )
