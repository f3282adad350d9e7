"""What the gate asked of a message, in words: each question, its answer, what it saw, and what would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.models import Shop
from dangol.deliver import rules
from dangol.deliver.models import Delivery
from dangol.deliver.whys import Answer, Why
from dangol.web import amounts
from dangol.web.wording import gate_rule, law_name, word

# what is asked about → the question, and what it means that it passed
ASKED: Mapping[str, tuple[Any, Any]] = {
    "time": (lazy("Is it still worth sending?"), lazy("yes")),
    "address": (lazy("Is there an address?"), lazy("yes")),
    "consent": (lazy("Did the customer agree?"), lazy("yes, and nothing was taken back")),
    "law": (lazy("Does the law take that consent?"), lazy("yes")),
    "suppression": (lazy("May the address be written to?"), lazy("yes, nothing keeps it from that")),
    "topic": (lazy("Does the customer want to hear of this topic?"), lazy("yes, or the message belongs to none")),
    "form": (lazy("Is this form of message allowed to advertise?"), lazy("yes")),
    "satisfaction": (lazy("Is the customer content?"), lazy("nothing says otherwise")),
    "restriction": (lazy("May the customer's data be used?"), lazy("yes")),
    "reminder": (lazy("Was the customer reminded of their consent in time?"), lazy("yes, or no law asks for it")),
    "goal": (lazy("Is the customer still on the way?"), lazy("yes: neither the goal nor a way out was reached")),
    "rank": (lazy("Does something more important take its room?"), lazy("no")),
    "quiet": (lazy("Is it one of the shop's quiet hours?"), lazy("no")),
    "night": (lazy("Is it a night on which the law forbids it?"), lazy("no")),
    "caps": (lazy("Has the customer heard enough?"), lazy("no, there is room")),
    "pause": (lazy("Does the campaign rest?"), lazy("no")),
    "sender": (lazy("Does the shop say who it is?"), lazy("yes, all that is asked")),
    "complaints": (lazy("Do too many call the shop's letters spam?"), lazy("no")),
    "domain": (lazy("Does the sender's DNS vouch for the letter?"), lazy("yes, or somebody else vouches for it")),
}
# rule of the gate, or its beginning → what would change the answer
CHANGES: Mapping[str, Any] = {
    "expired": lazy("Nothing for this message; the step can keep its messages worth sending for longer."),
    "no_address": lazy("The customer tells an address on this channel, or the step also reaches them on another."),
    "invalid_address": lazy("A right address in the customer's file."),
    "role_address": lazy("An address of the person instead of an office."),
    "consent_basis": lazy("A consent that the customer gives in words."),
    "consent_over": lazy("A new purchase or inquiry, or a consent that the customer gives in words."),
    "refusal_not_offered": lazy("A consent that the customer gives in words."),
    "consent": lazy("The customer's own yes on this channel. Nobody else can give it."),
    "suppressed_unsubscribe": lazy("A later, explicit yes of the customer."),
    "suppressed_complaint": lazy("Nothing: who complained is not written to again."),
    "suppressed_hard_bounce": lazy("Another address in the customer's file."),
    "suppressed": lazy("The shop takes the address off that list."),
    "topic_refused": lazy("The customer subscribes to the topic."),
    "alimtalk_advertises": lazy("A Brand Message or another channel in this step."),
    "dissatisfied": lazy("Marketing goes on as soon as the customer has left the segment of the dissatisfied."),
    "restricted": lazy("The restriction is lifted in the customer's file."),
    "reconfirmation_overdue": lazy("The reminder is sent, or told by other means, under Privacy."),
    "goal_reached": lazy("Nothing: what the message was for has happened."),
    "campaign_left": lazy("Nothing for this run; the customer may enter again where the campaign allows it."),
    "outranked": lazy("The more important message leaves, or this one gets a higher priority."),
    "quiet_hours": lazy("Time alone, or other quiet hours under Caps; a consent for the night lifts them too."),
    "night": lazy("Time alone. Where the law allows it, the customer's consent to messages at night."),
    "daily_cap": lazy("Time alone, or a higher cap under Caps."),
    "weekly_cap": lazy("Time alone, or a higher cap under Caps."),
    "receiver": lazy("Time alone: the domain is tried again by itself."),
    "warming_up": lazy("Time alone: more may leave each day. The setting warm_up says how many on the first."),
    "campaign_paused": lazy("Somebody lets the campaign run again."),
    "no_sender": lazy("A sender's e-mail address under Settings."),
    "sender": lazy("The missing data under Settings."),
    "complaints": lazy("Somebody resumes marketing by e-mail."),
    "domain_unasked": lazy("Time alone: the DNS is asked within a minute."),
    "domain_unsound": lazy("The records that Sending e-mail shows, in the domain's DNS."),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One question in words."""

    about: str
    says: str  # passes, waits, forbids
    question: str
    answer: str
    looked: list[str]  # what the gate looked at, a line each
    change: str  # what would change the answer; empty where it passed
    until: datetime | None
    deliveries: list[Delivery]  # messages that counted


@dataclass(frozen=True, slots=True)
class Manner:
    """What words are made with."""

    shop: Shop
    language: str
    known: Mapping[int, Delivery]  # messages that answers name

    def at(self, moment: datetime | None) -> str:
        return amounts.moment(moment, self.shop, self.language)


def in_words(answer: Answer, manner: Manner) -> Said:
    """One answer of the gate."""
    question, passed = ASKED[answer.about]
    look = LOOKED.get(answer.about)
    counted = {pk for cap in answer.looked.get("caps", ()) for pk in cap["deliveries"]}
    return Said(
        about=answer.about, says=answer.says, question=str(question),
        answer="; ".join(gate_rule(rule) for rule in answer.rules) or str(passed),
        looked=list(look(answer.looked, manner)) if look else [],
        change=" ".join(dict.fromkeys(change(rule) for rule in answer.rules)), until=answer.until,
        deliveries=[manner.known[pk] for pk in sorted(counted) if pk in manner.known] if answer.about == "caps" else [],
    )  # fmt: skip


def change(rule: str) -> str:
    """What would change the answer that a rule gave: of its most particular name that is known."""
    name = rule.partition(":")[0]
    while name and name not in CHANGES:
        name = name.rpartition("_")[0]
    return str(CHANGES.get(name, ""))


def verdict(why: Why, manner: Manner) -> str:
    """What all of that comes to."""
    if isinstance(why.decision, rules.Allow):
        return _("It may leave now.")
    if isinstance(why.decision, rules.HoldUntil):
        return _("It waits; it is asked again on {moment}.").format(moment=manner.at(why.decision.at))
    return _("It may not leave.")


def named(whys: Iterable[Why]) -> set[int]:
    """The messages that answers name."""
    return {pk for why in whys for one in why.answers for cap in one.looked.get("caps", ()) for pk in cap["deliveries"]}


# --- what was looked at ---------------------------------------------------------------------------------------------

Looked = Mapping[str, Any]


def _time(told: Looked, manner: Manner) -> Iterable[str]:
    if told["expires_at"]:
        yield _("worth sending until {moment}").format(moment=manner.at(told["expires_at"]))


def _address(told: Looked, manner: Manner) -> Iterable[str]:
    if told["address"]:
        yield str(told["address"])


def _consent(told: Looked, manner: Manner) -> Iterable[str]:
    if told["state"]:
        said = {"channel": word(told["channel"]), "state": word(told["state"]), "moment": manner.at(told["at"])}
        yield _("{channel}: {state} on {moment}").format(**said)
        yield _("it rests on: {basis}").format(basis=word(told["basis"] or "explicit"))


def _law(told: Looked, manner: Manner) -> Iterable[str]:
    if told["packs"]:
        yield _("laws that the message touches: {laws}").format(laws=", ".join(map(law_name, told["packs"])))
    else:
        yield _("no law that Dangol knows of")


def _suppression(told: Looked, manner: Manner) -> Iterable[str]:
    for one in told["found"]:
        yield _("{reason} since {moment}").format(
            reason=gate_rule(f"suppressed_{one['reason']}"), moment=manner.at(one["since"])
        )


def _topic(told: Looked, manner: Manner) -> Iterable[str]:
    if told["topic"]:
        yield str(told["topic"])


def _quiet(told: Looked, manner: Manner) -> Iterable[str]:
    if told["hours"] is None:
        yield _("the shop keeps none")
    else:
        yield _("{begins} to {ends}, by the clock of {zone}").format(
            begins=told["hours"]["from"], ends=told["hours"]["to"], zone=told["zone"]
        )
    if told["night_agreed"]:
        yield _("the customer agreed to messages at night")


def _night(told: Looked, manner: Manner) -> Iterable[str]:
    for one in told["nights"]:
        zones = one["zones"]
        said = {"law": law_name(one["pack"]), "begins": one["from"], "ends": one["to"], "zone": zones[0]}
        if len(zones) == 1:
            yield _("{law}: {begins} to {ends}, by the clock of {zone}").format(**said)
        else:
            yield _("{law}: {begins} to {ends}, on each of {count} clocks that may be the customer's").format(
                **said, count=len(zones)
            )


def _caps(told: Looked, manner: Manner) -> Iterable[str]:
    for cap in told["caps"]:
        where = _("on any channel") if cap["channel"] == "*" else word(cap["channel"])
        said = {"used": cap["used"], "most": cap["most"], "where": where}
        yield (
            _("{used} of {most} today, {where}") if cap["per"] == "day" else _("{used} of {most} this week, {where}")
        ).format(**said)


def _sender(told: Looked, manner: Manner) -> Iterable[str]:
    if told["sender"]:
        yield str(told["sender"])


LOOKED: Mapping[str, Callable[[Looked, Manner], Iterable[str]]] = {
    "time": _time,
    "address": _address,
    "consent": _consent,
    "law": _law,
    "suppression": _suppression,
    "topic": _topic,
    "quiet": _quiet,
    "night": _night,
    "caps": _caps,
    "sender": _sender,
}
