"""What people look at in the harvest: all campaigns, one after another and together. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dangol.campaign import steps as campaign
from dangol.harvest import steps
from dangol.harvest.rules import ENOUGH, NONE, NOT_YET, Harvest, Lift


@dataclass(frozen=True, slots=True)
class Total:
    """What all campaigns brought together."""

    campaigns: int  # those with customers on both sides
    extra_revenue: Lift
    evidence: str  # enough, not_yet, none


def everything(now: datetime) -> list[Harvest]:
    """The harvest of every campaign that ever ran, the newest first."""
    return [steps.results(one.key, now) for one in campaign.everyone() if one.activated_at]


def total(harvests: list[Harvest]) -> Total:
    """The sum over campaigns that have an interval. Ends are added to ends: campaigns that do not depend on each other
    would allow a narrower one."""
    known = [one.extra_revenue for one in harvests if one.extra_revenue.low is not None]
    if not known:
        compared = any(one.evidence != NONE for one in harvests)
        return Total(0, Lift(None, None, None), NOT_YET if compared else NONE)
    ends = Lift(
        sum(one.value or 0.0 for one in known),
        sum(one.low or 0.0 for one in known),
        sum(one.high or 0.0 for one in known),
    )
    return Total(len(known), ends, ENOUGH if ends.clear else NOT_YET)
