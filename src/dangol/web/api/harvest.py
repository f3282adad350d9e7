"""Harvest over the API: what a campaign really brought."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from dangol.base.money import Money
from dangol.harvest import reads
from dangol.harvest import steps as harvest
from dangol.harvest.guessing import Guess, Range
from dangol.harvest.rules import Arm, Harvest, Lift
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key

router = Router(tags=["harvest"])


@router.get("", response=Page[shapes.HarvestShown])
def everything(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Every campaign that ever ran, by key; of those with thousands of runs as it was some minutes ago."""
    return whole(reads.everything(guard.CLOCK.now()), paging, _shown, lambda one: one.campaign)


@router.get("/{key}", response=shapes.HarvestShown)
def of_campaign(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Treated against held-out customers, and the sentence that says what is known. May be read on any day."""
    return _shown(harvest.results(key, guard.CLOCK.now()))


def _shown(told: Harvest) -> dict[str, Any]:
    return {
        "campaign": told.campaign,
        "goal": told.goal,
        "within_seconds": round(told.within.total_seconds()),
        "treated": _arm(told.treated, told.currency),
        "held_out": _arm(told.held_out, told.currency),
        "conversion_lift": _lift(told.conversion),
        "revenue_lift": _lift(told.revenue),
        "extra_revenue": _lift(told.extra_revenue),
        "after_costs": _lift(told.after_costs),
        "margin_lift": _lift(told.margin),
        "extra_margin": _lift(told.extra_margin),
        "margin_basis": told.basis,
        "known_cost_share": told.known_share,
        "costs": {
            "messages": Money(told.costs.messages, told.currency).as_json(),
            "coupons": Money(told.costs.coupons, told.currency).as_json(),
            "unpriced": told.costs.unpriced,
        },
        "adjusted": {"explained": told.adjusted.explained, "used": told.adjusted.used},
        "guess": _guess(told.guess),
        "still_open": told.still_open,
        "evidence": told.evidence,
        "sentence": told.sentence,
    }


def _arm(arm: Arm, currency: str) -> dict[str, Any]:
    return {
        "customers": arm.customers,
        "conversions": arm.conversions,
        "revenue": Money(arm.revenue, currency).as_json(),
    }


def _guess(guess: Guess | None) -> dict[str, Any] | None:
    if guess is None:
        return None
    money = _range(guess.money) if guess.money else None
    return {"orders": _range(guess.orders), "money": money, "own": guess.own, "customers": guess.customers}


def _range(told: Range) -> dict[str, float]:
    return {"low": told.low, "mean": told.mean, "high": told.high}


def _lift(lift: Lift) -> dict[str, float | None]:
    return {"value": lift.value, "low": lift.low, "high": lift.high}
