"""Steps that write: facts, traits, lists, topics, consents, runs of other campaigns. All within the turn."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from dangol.base.parts import parts
from dangol.campaign import coupons, entering, rules, templates, trails
from dangol.campaign.book import ACTIVE, Book
from dangol.campaign.definition import Change, Emit, Give, GoTo
from dangol.campaign.entering import Starting
from dangol.campaign.runs import message_id
from dangol.campaign.walking import Asked
from dangol.collect import steps as collect
from dangol.profile.models import Profile
from dangol.segment import lists

log = logging.getLogger("dangol.campaign")

Facts = tuple[str, int, Mapping[str, Any], str, datetime]


def carry_out(book: Book, asked: Sequence[Asked], now: datetime) -> None:
    """Do what these steps ask for."""
    if not asked:
        return
    coupons.give([(one.run, one.step.key, one.act) for one in asked if isinstance(one.act, Give)], now)
    traits = _traits([one for one in asked if isinstance(one.act, Emit | Change)])
    listed = lists.told([one.act.list_key for one in asked if isinstance(one.act, Change) and one.act.list_key])
    facts = [fact for one in asked if (fact := _fact(one, traits, listed, now)) is not None]
    if facts:
        collect.emit_all(facts)
    changed = [
        (one.run.customer_id, filled(one.act.traits, variables(one, traits)), {"campaign": _origin(one)},
         _id("changed", one), now)
        for one in asked
        if isinstance(one.act, Change) and one.act.traits
    ]  # fmt: skip
    if changed:
        collect.emit_identify_all(changed)
    _go_to(book, [(one, one.act.campaign) for one in asked if isinstance(one.act, GoTo)], now)


def _fact(
    one: Asked, traits: Mapping[int, Mapping[str, Any]], listed: Mapping[str, Mapping[str, Any]], now: datetime
) -> Facts | None:
    """The fact that a step writes; None for steps that do something else."""
    tell = partial(_told, one, now)
    match one.act:
        case Emit(fact, properties):
            told = filled(properties, variables(one, traits))
            return tell(fact, {**told, **_origin(one)})
        case Change(list_key=key, on=on) if key:
            return tell("List Changed", {**listed[key], "member": on, **_origin(one)}) if key in listed else None
        case Change(topic=key, on=on) if key:
            return tell("Topic Changed", {"topic": key, "subscribed": on, **_origin(one)})
        case Change(consent=consent) if consent:
            told = {**consent, "basis": "campaign", "source": one.run.campaign.key, **_origin(one)}
            return tell("Consent Changed", told)
        case _:
            return None


def _told(one: Asked, now: datetime, name: str, properties: Mapping[str, Any]) -> Facts:
    return name, one.run.customer_id, properties, _id("told", one), now


def _origin(one: Asked) -> dict[str, Any]:
    """Where a fact comes from: without it nobody could tell that campaigns go round in circles."""
    return {"campaign": one.run.campaign.key, "step": one.step.key, "trail": trails.trail_of(one.run)}


def _id(what: str, one: Asked) -> str:
    return f"{message_id(what, one.run)}:{one.step.key}"


def _go_to(book: Book, asked: Sequence[tuple[Asked, str]], now: datetime) -> None:
    """Let customers begin another campaign, unless that one led here."""
    active = {row.key: row for row in book.campaigns.values() if row.state == ACTIVE}
    starting: dict[str, list[Starting]] = defaultdict(list)
    for one, key in asked:
        been = trails.trail_of(one.run)
        if key not in active:
            log.warning("campaign %s does not go on to %s: that rests", one.run.campaign.key, key)
        elif not trails.leads_on(been, key):
            trails.mark(one.run, key)
        else:
            trigger = rules.handed_trigger(one.run.campaign_id, one.run.trigger)
            context = {**trails.unmarked(one.run.context), "trail": been}
            starting[key].append(Starting(one.run.customer_id, trigger, now, context, one.run.about))
    for key, some in starting.items():
        entering.start(book, active[key], some, now)


# --- values that may hold Liquid ------------------------------------------------------------------------------------


def _traits(asked: Sequence[Asked]) -> dict[int, dict[str, Any]]:
    customers = sorted({one.run.customer_id for one in asked})
    return {
        customer: traits
        for part in parts(customers)
        for customer, traits in Profile.objects.filter(pk__in=part).values_list("customer_id", "traits")
    }


def variables(one: Asked, traits: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """What texts in a step may say: the customer's traits, what started the run, what webhooks answered."""
    event = one.run.context.get("event") or {}
    return {
        "customer": {**traits.get(one.run.customer_id, {}), "id": one.run.customer_id},
        "event": {**(event.get("properties") or {}), "name": event.get("name", ""), "at": event.get("at", "")},
        "webhooks": one.run.context.get("webhooks") or {},
        "coupon": one.run.context.get("coupon") or {},
    }


def filled(value: Any, told: Mapping[str, Any]) -> Any:
    """A value with its texts rendered; a text that cannot be rendered is empty, and the log says why."""
    if isinstance(value, Mapping):
        return {name: filled(one, told) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, told) for one in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    try:
        return templates.render_plain(value, told)
    except templates.TemplateFault as error:
        log.warning("a text of a campaign's step could not be rendered: %s", error)
        return ""
