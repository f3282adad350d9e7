"""Harvest over the API: what a campaign really brought."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from dangol.base.money import Money
from dangol.harvest import steps as harvest
from dangol.harvest.rules import Arm, Lift
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.parameters import Key

router = Router(tags=["harvest"])


@router.get("/{key}", response=shapes.HarvestShown)
def of_campaign(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Treated against held-out customers, and the sentence that says what is known. May be read on any day."""
    told = harvest.results(key, guard.CLOCK.now())
    return {
        "campaign": told.campaign,
        "goal": told.goal,
        "within_seconds": round(told.within.total_seconds()),
        "treated": _arm(told.treated, told.currency),
        "held_out": _arm(told.held_out, told.currency),
        "conversion_lift": _lift(told.conversion),
        "revenue_lift": _lift(told.revenue),
        "extra_revenue": _lift(told.extra_revenue),
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


def _lift(lift: Lift) -> dict[str, float | None]:
    return {"value": lift.value, "low": lift.low, "high": lift.high}
