"""Coupons in campaigns: steps that give one, and what is said with it, which comes behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dangol.base.errors import Fault
from dangol.base.instants import iso
from dangol.campaign import templates, trails
from dangol.campaign.definition import Act, Change, Definition, Emit, Exit, Give, GoTo, Message, Step, Webhook
from dangol.campaign.models import Run
from dangol.campaign.templates.pinning import texts_of
from dangol.collect import steps as collect
from dangol.offer import giving, offers
from dangol.offer import reads as offer
from dangol.offer.giving import Given, Wish
from dangol.offer.models import Offer

NOT_ISSUED = "Coupon Not Issued"
NAME = "coupon"  # in templates, and in a run's context
WHY_NOT = "no_coupon"  # in a run's context: by step, why there was none
SPOKEN_OF = {"send": Message, "emit": Emit, "change": Change}


def give(asked: Sequence[tuple[Run, str, Give]], now: datetime) -> None:
    """Issue what these steps give; the runs know it from then on. A run that comes to its step again has the same."""
    wishes = [
        Wish(act.offer, run.customer_id, f"{run.campaign.key}:{run.trigger}:{step}", run.home, run.campaign.key, step,
             trail=tuple(trails.trail_of(run)))
        for run, step, act in asked
    ]  # fmt: skip
    facts = []
    for (run, step, act), given in zip(asked, giving.issue(wishes, now) if wishes else (), strict=True):
        if given.coupon is not None:
            run.context = {**run.context, NAME: told(given)}
            continue
        run.context = {**run.context, WHY_NOT: {**(run.context.get(WHY_NOT) or {}), step: given.reason}}
        why = {"offer": act.offer, "reason": given.reason, "campaign": run.campaign.key, "step": step}
        mark = f"coupon not issued:{run.campaign_id}:{run.home}:{run.trigger}:{step}"[:200]
        facts.append((NOT_ISSUED, run.customer_id, why, mark, now))
    if facts:
        collect.emit_all(facts)


def missing(run: Run, step: str) -> bool:
    """Whether a step had no coupon to give to this run."""
    return step in (run.context.get(WHY_NOT) or {})


def told(given: Given) -> dict[str, Any]:
    """A coupon as messages keep it: what it says in which language is made when it is read."""
    coupon = given.coupon
    if coupon is None:
        return {}
    agreed = offers.terms_of(coupon.offer)
    return {
        "code": coupon.code, "offer": coupon.offer.key, "name": coupon.offer.name, "gives": agreed.gives,
        "worth": format(agreed.worth.normalize(), "f"), "currency": agreed.currency,
        "product": offer.name_of(agreed.product) if agreed.product else "",
        "expires_at": iso(coupon.expires_at) if coupon.expires_at else "",
    }  # fmt: skip


# --- before a campaign runs -----------------------------------------------------------------------------------------


def faults(definition: Definition, places: Mapping[Any, str]) -> Iterator[Fault]:
    """Offers that are not there, and steps that speak of a coupon before one was given. `places`: of steps, by key."""
    for step in definition.every_step():
        if isinstance(step.act, Give) and not Offer.objects.filter(key=step.act.offer, archived_at=None).exists():
            yield Fault(f"{places[step.key]}/give/offer", step.act.offer, "the key of an offer that is not archived")
    without, _ = _without(definition.steps, given=False)
    speaking = [step for step in without if _speaks(step.act)]
    for step in speaking:
        yield Fault(places[step.key], NAME, "no coupon before a step gives one: give: {offer: …}")


def _without(steps: Sequence[Step], *, given: bool) -> tuple[list[Step], bool]:
    """The steps to which a customer may come without a coupon, and whether behind these everybody has one."""
    found: list[Step] = []
    for step in steps:
        if not given:
            found.append(step)
        if isinstance(step.act, Give):
            given = True
        if isinstance(step.act, Exit | GoTo):
            return found, True  # nobody goes on from here
        ways = [_without(below, given=given) for _, below in step.ways()]
        found += [one for below, _ in ways for one in below]
        given = given or (bool(ways) and all(ended for _, ended in ways))
    return found, given


def _speaks(act: Act | None) -> bool:
    match act:
        case Message():
            said = [*act.messages.values(), *(variant.message for variant in act.variants)]
            return any(map(templates.speaks_of_coupons, _texts([said, [*texts_of(said)]])))
        case Webhook():
            return _speaks(act.message)
        case Emit():
            return any(map(templates.speaks_of_coupons, _texts(act.properties)))
        case Change():
            return any(map(templates.speaks_of_coupons, _texts(act.traits)))
        case _:
            return False


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        for one in told.values():
            yield from _texts(one)
    elif isinstance(told, list | tuple):
        for one in told:
            yield from _texts(one)
