"""Gathers what the gate looks at, for many messages at once, and keeps what it decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from dangol.base.instants import iso, parse_instant
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.deliver import autopilot, contact, homes, imprint, reach, rules, suppressions, vetting
from dangol.deliver.caps import FEWER, Cap, Other
from dangol.deliver.models import Delivery
from dangol.deliver.rules import Allow, Consented, Decision, HoldUntil, Question
from dangol.profile import restrictions, topics
from dangol.profile.models import Consent, ConsentNotice
from dangol.segment.models import Member

PAUSING = "dissatisfied"  # the segment whose members get no marketing
NIGHT, OFTEN = "night", "frequent"  # purposes of consent: messages at night; messages as often as the shop may send
SILENT = Consented()  # of whom nobody knows what they want
KEPT_DECISIONS = 10
MAY_HAVE_ARRIVED = ("attempting", "accepted", "unknown", "deferred")
UNSENT = ("planned", "leased", "deferred")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said, and the address it looked at: the only one the message may go to."""

    decision: Decision
    mailbox: str


def decide(deliveries: Sequence[Delivery], now: datetime) -> list[Verdict]:
    """What the gate says to each of these deliveries now."""
    return [
        Verdict(rules.may_send(question, now), rules.usable_address(question.channel, question.address) or "")
        for question in questions(deliveries, now)
    ]


def questions(deliveries: Sequence[Delivery], now: datetime) -> list[Question]:
    """What the gate is to look at for each of these deliveries, in their order."""
    shop = Shop.objects.get()
    policy = contact.policy()
    customers = {delivery.customer_id for delivery in deliveries}
    addresses = reach.addresses(deliveries)
    suppressed = suppressions.of({(d.channel, address) for d, address in zip(deliveries, addresses, strict=True)})
    consents = _consents(customers, now)
    dissatisfied = _members(customers)
    restricted, unconfirmed = restrictions.restricted(), _unconfirmed(customers, now)
    others = _others(deliveries, now)
    given = imprint.sender(shop).given()
    where = homes.homes([one.customer_id for one in deliveries if one.message_class == rules.MARKETING], shop)
    refused = topics_refused(deliveries)
    standing = campaign.standing((d.campaign, d.customer_id, d.trigger) for d in deliveries)
    paused, unvetted = autopilot.marketing_paused(), vetting.in_the_way()
    nowhere = homes.home({}, "", shop)
    return [
        Question(
            channel=delivery.channel,
            message_class=delivery.message_class,
            address=address,
            sender=shop.sender_email,
            sender_told=given,
            zone=where.get(delivery.customer_id, nowhere).zone,
            clocks=where.get(delivery.customer_id, nowhere).clocks,
            countries=where.get(delivery.customer_id, nowhere).theirs,
            shop_country=shop.country.upper(),
            consent=consents.get((delivery.customer_id, delivery.channel, rules.MARKETING), SILENT),
            night=consents.get((delivery.customer_id, delivery.channel, NIGHT), SILENT).state == "granted",
            suppressed=suppressed.get((delivery.channel, address), ()),
            dissatisfied=delivery.customer_id in dissatisfied,
            restricted=delivery.customer_id in restricted,
            unconfirmed=(delivery.customer_id, delivery.channel) in unconfirmed,
            sent=others.sent(delivery),
            waiting=others.waiting(delivery),
            caps=_caps(policy.caps, consents, delivery.customer_id),
            quiet=policy.quiet,
            priority=priority_of(delivery.message),
            yields=str(delivery.message.get("outranked") or "wait"),
            topic=topic_of(delivery),
            subscribed=(delivery.customer_id, topic_of(delivery)) not in refused,
            unlawful_form="alimtalk_advertises" if "alimtalk" in delivery.message else "",
            campaign=standing.get((delivery.campaign, delivery.customer_id, delivery.trigger), ""),
            expires_at=delivery.expires_at,
            complained=paused,
            unvetted=unvetted,
        )
        for delivery, address in zip(deliveries, addresses, strict=True)
    ]


def priority_of(message: Mapping[str, Any]) -> int:
    """How important a message is beside others to the same customer."""
    told = message.get("priority", 0)
    return told if isinstance(told, int) else 0


def topic_of(delivery: Delivery) -> str:
    """The topic that a message belongs to; empty where it belongs to none."""
    return str(delivery.message.get("topic") or "") if delivery.message_class == rules.MARKETING else ""


def topics_refused(deliveries: Sequence[Delivery]) -> set[tuple[int, str]]:
    """Of the customers and topics that these are about: who is not subscribed to which."""
    about = [(delivery.customer_id, topic) for delivery in deliveries if (topic := topic_of(delivery))]
    if not about:
        return set()
    found = topics.subscribed({customer for customer, _ in about}, {topic for _, topic in about})
    return {place for place in about if not found[place]}


Consents = dict[tuple[int, str, str], Consented]  # customer, channel, purpose


def _caps(caps: tuple[Cap, ...], consents: Consents, customer: int) -> tuple[Cap, ...]:
    """The shop's caps, and the customer's own where they asked for fewer messages on any channel."""
    often = (consents.get((customer, channel, OFTEN), SILENT).state for channel in rules.UNASKED)
    return (*caps, FEWER) if any(state in ("denied", "withdrawn") for state in often) else caps


def _state(state: str, until: datetime | None, now: datetime) -> str:
    """What stands at this instant: a yes that was given until a day ends with it."""
    over = until is not None and until <= now
    return "expired" if over and state == "granted" else state


def _consents(customers: Set[int], now: datetime) -> Consents:
    return {
        (customer, channel, purpose): Consented(
            state=_state(state, until, now), at=at, basis=basis,
            since=parse_instant(evidence.get("since")), offered=evidence.get("refusal_offered") is True,
        )
        for customer, channel, purpose, state, until, at, basis, evidence in Consent.objects.filter(
            customer_id__among=customers, purpose__in=(rules.MARKETING, NIGHT, OFTEN)
        ).values_list("customer_id", "channel", "purpose", "state", "effective_until", "at", "basis", "evidence")
    }  # fmt: skip


def _unconfirmed(customers: Set[int], now: datetime) -> set[tuple[int, str]]:
    rows = ConsentNotice.objects.filter(
        customer_id__among=customers, kind="reconfirmation", purpose=rules.MARKETING, sent_at=None, due_at__lte=now
    )
    return set(rows.values_list("customer_id", "channel"))


def _members(customers: Set[int]) -> set[int]:
    members = Member.objects.filter(segment__key=PAUSING, segment__state="active", customer_id__among=customers)
    return set(members.values_list("customer_id", flat=True))


@dataclass(frozen=True, slots=True)
class Others:
    """The marketing messages of some customers within a week, and those that wait: customer → (delivery, message)."""

    left: Mapping[int, Sequence[tuple[int, Other]]]
    unsent: Mapping[int, Sequence[tuple[int, Other]]]

    def sent(self, delivery: Delivery) -> tuple[Other, ...]:
        return tuple(one for pk, one in self.left.get(delivery.customer_id, ()) if pk != delivery.pk)

    def waiting(self, delivery: Delivery) -> tuple[Other, ...]:
        return tuple(one for pk, one in self.unsent.get(delivery.customer_id, ()) if pk != delivery.pk)


def _others(deliveries: Sequence[Delivery], now: datetime) -> Others:
    """What lies eight days back is in no local week of today."""
    left: dict[int, list[tuple[int, Other]]] = defaultdict(list)
    unsent: dict[int, list[tuple[int, Other]]] = defaultdict(list)
    customers = {one.customer_id for one in deliveries if one.message_class == rules.MARKETING}
    lately = Q(state__in=MAY_HAVE_ARRIVED, attempted_at__gte=now - timedelta(days=8))
    rows = Delivery.objects.filter(
        lately | Q(state__in=UNSENT), customer_id__among=customers, message_class=rules.MARKETING,
        channel__in=rules.UNASKED,
    )  # fmt: skip
    for row in rows.only("customer_id", "channel", "state", "attempted_at", "due_at", "content"):
        if row.attempted_at is not None and row.state in MAY_HAVE_ARRIVED:
            left[row.customer_id].append((row.pk, Other(row.channel, row.attempted_at, delivery=row.pk)))
        else:
            due = max(row.due_at, now)
            unsent[row.customer_id].append((row.pk, Other(row.channel, due, priority_of(row.message), row.pk)))
    return Others(left, unsent)


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
    if decision.packs:
        entry["packs"] = list(decision.packs)
    if isinstance(decision, HoldUntil):
        entry["until"] = iso(decision.at)
    kept = list(delivery.decision)
    if kept and (kept[-1]["verdict"], kept[-1]["rules"]) == (entry["verdict"], entry["rules"]):
        kept.pop()
    delivery.decision = [*kept, entry][-KEPT_DECISIONS:]
