"""Why a message may leave, waits or may not: each question that the gate asks, its answer, and what it looked at.

In: a delivery, or a campaign and a customer. Out: values; nothing is written.
Promise: there is one gate. What is told here are the gate's own questions and its own rules, asked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dangol.campaign import reads as campaigns
from dangol.campaign.book import held_out_of_all, plan_of
from dangol.campaign.definition import Message, Step
from dangol.campaign.models import Campaign, Run
from dangol.campaign.rules import HOLDOUT, arm
from dangol.deliver import caps, gate, law, rules
from dangol.deliver.law import pack as laws
from dangol.deliver.models import Delivery
from dangol.deliver.rules import Decision, Question

PASSES, WAITS, FORBIDS = "passes", "waits", "forbids"
Looked = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of the gate."""

    about: str  # a name of rules.DENIALS or rules.HOLDS
    says: str  # passes, waits, forbids
    rules: tuple[str, ...]  # by which it waits or is forbidden
    until: datetime | None  # when it is asked again, where it waits
    looked: Looked  # what it looked at, by name


@dataclass(frozen=True, slots=True)
class Why:
    """What the gate says to one message at an instant."""

    delivery: Delivery  # as the ledger has it, or as it would be
    at: datetime
    decision: Decision
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Pair:
    """A campaign and a customer: their ways through it, and each message on the way."""

    campaign: Campaign
    runs: list[Run]  # the newest first
    held_out: bool  # whether the draw leaves the customer alone
    kept: list[Delivery]  # what the ledger has of them, the newest first
    steps: list[Why]  # what the gate says now to each message that the campaign may send


def of_delivery(delivery: Delivery, now: datetime) -> Why:
    """What the gate says to a message of the ledger now; to one that has ended, what it would say if it were asked
    again, whatever the time until which it was worth sending.
    """
    if delivery.state not in gate.UNSENT:
        delivery = Delivery.objects.get(pk=delivery.pk)
        delivery.expires_at = None
    return _asked([delivery], now)[0]


def of_pair(campaign: Campaign, customer: int, now: datetime) -> Pair:
    """What the gate says to each message of a campaign to one customer now, whether they are on the way or not."""
    runs = campaigns.of_pair(campaign.pk, customer)
    trigger = next((run.trigger for run in runs if run.state == "active"), "")  # else of a run that is still to come
    steps = plan_of(campaign.definition).definition.every_step()
    would = [_would_be(campaign, step, step.act, customer, trigger, now) for step in steps if _says(step)]
    kept = Delivery.objects.filter(customer_id=customer, campaign=campaign.key).order_by("-pk")
    return Pair(campaign, runs, _held_out(campaign, customer, runs), list(kept[:20]), _asked(would, now))


def _held_out(campaign: Campaign, customer: int, runs: Sequence[Run]) -> bool:
    """As their runs say; of who never entered, as the draw would."""
    if runs:
        return runs[0].arm == HOLDOUT
    definition = plan_of(campaign.definition).definition
    of_all = held_out_of_all() if definition.shop_holdout else 0
    return arm(campaign.key, customer, definition.holdout_percent, of_all) == HOLDOUT


def stands(decision: Decision) -> str:
    """What a decision comes to."""
    return {rules.Allow: PASSES, rules.HoldUntil: WAITS, rules.Deny: FORBIDS}[type(decision)]


def _says(step: Step) -> bool:
    return isinstance(step.act, Message)


def _would_be(campaign: Campaign, step: Step, act: Any, customer: int, trigger: str, now: datetime) -> Delivery:
    """The delivery that a step would plan, on its first channel."""
    channel = act.channels[0]
    made = Delivery(
        campaign=campaign.key, step=step.key, customer_id=customer, home=customer, trigger=trigger, channel=channel,
        message_class=act.message_class, context={}, planned_at=now, due_at=now,
    )  # fmt: skip
    made.said = dict(act.messages.get(channel) or act.variants[0].message)
    return made


def _asked(deliveries: Sequence[Delivery], now: datetime) -> list[Why]:
    found = gate.questions(deliveries, now) if deliveries else []
    return [
        Why(delivery, now, rules.may_send(question, now), answers(question, now))
        for delivery, question in zip(deliveries, found, strict=True)
    ]


def answers(question: Question, now: datetime) -> list[Answer]:
    """Every question of the gate in its order: first what forbids, then what waits."""
    found = []
    for about, deny in rules.DENIALS.items():
        denied = tuple(deny(question, now))
        found.append(Answer(about, FORBIDS if denied else PASSES, denied, None, _looked(about, question, now)))
    for about, hold in rules.HOLDS.items():
        held = dict(hold(question, now))
        until = max(held.values(), default=None)
        found.append(Answer(about, WAITS if held else PASSES, tuple(held), until, _looked(about, question, now)))
    return [one for one in found if one.says != PASSES or _concerns(one.about, question)]


def _concerns(about: str, question: Question) -> bool:
    """Whether a question that passed is worth telling: what is only asked of marketing says nothing of a receipt."""
    return rules.unasked(question) or about in ALWAYS


ALWAYS = ("time", "address", "suppression", "restriction", "goal", "pause", "sender")


def _looked(about: str, question: Question, now: datetime) -> Looked:
    look = LOOKS.get(about)
    return look(question, now) if look else {}


def _consent(question: Question, now: datetime) -> Looked:
    given = question.consent
    return {"state": given.state, "at": given.at, "basis": given.basis, "channel": question.channel}


def _laws(question: Question, now: datetime) -> Looked:
    return {
        "packs": [pack.key for pack in question.packs(now)], "countries": sorted(question.countries),
        "basis": question.consent.basis, "since": question.consent.since or question.consent.at,
    }  # fmt: skip


def _suppressed(question: Question, now: datetime) -> Looked:
    return {"found": [{"reason": one.reason, "since": one.since, "until": one.until} for one in question.suppressed]}


def _quiet(question: Question, now: datetime) -> Looked:
    quiet = question.quiet
    hours = {"from": f"{quiet[0]:%H:%M}", "to": f"{quiet[1]:%H:%M}"} if quiet else None
    return {"hours": hours, "zone": str(question.zone), "night_agreed": question.night}


def _nights(question: Question, now: datetime) -> Looked:
    """The law's nights on the channel, and the clocks that they go by."""
    told = []
    for pack in question.packs(now):
        zones = laws.clocks(pack, question.countries or {question.shop_country}, question.clocks or (question.zone,))
        told += [
            {
                "pack": pack.key, "from": f"{night.begins:%H:%M}", "to": f"{night.ends:%H:%M}",
                "zones": [str(zone) for zone in zones],
            }
            for night in laws.nights_of(pack, question.channel, question.night)
        ]  # fmt: skip
    return {"nights": told, "night_agreed": question.night}


def _caps(question: Question, now: datetime) -> Looked:
    """Each cap that counts here, how much of it is used, and by which messages."""
    return {
        "caps": [
            {
                "most": cap.most, "per": "day" if cap.days == caps.DAY else "week", "channel": cap.channel,
                "used": len(counted), "deliveries": [one.delivery for one in counted],
            }
            for cap in question.caps
            if caps.counts(cap, question.channel)
            for counted in (caps.within(cap, question.sent, now, question.zone),)
        ],
        "waiting": [one.delivery for one in question.waiting if one.priority > question.priority],
    }  # fmt: skip


def _sender(question: Question, now: datetime) -> Looked:
    missing = {
        what for pack in question.packs(now) for what in law.lacking(pack, question.channel, question.sender_told)
    }
    return {"sender": question.sender, "missing": sorted(missing) if rules.unasked(question) else []}


LOOKS: Mapping[str, Callable[[Question, datetime], Looked]] = {
    "time": lambda question, now: {"expires_at": question.expires_at},
    "address": lambda question, now: {"address": question.address},
    "consent": _consent,
    "law": _laws,
    "suppression": _suppressed,
    "topic": lambda question, now: {"topic": question.topic},
    "goal": lambda question, now: {"run": question.campaign},
    "quiet": _quiet,
    "night": _nights,
    "caps": _caps,
    "rank": _caps,
    "sender": _sender,
}
