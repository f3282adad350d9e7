"""What people look at in the harvest: all campaigns, one after another and together. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dangol.harvest import keeping
from dangol.harvest.lifts import UNKNOWN
from dangol.harvest.margins import UNKNOWN_COST
from dangol.harvest.rules import ENOUGH, NONE, NOT_YET, Harvest, Lift


@dataclass(frozen=True, slots=True)
class Total:
    """What all campaigns brought together."""

    campaigns: int  # those with customers on both sides
    extra_revenue: Lift
    evidence: str  # enough, not_yet, none
    money: Lift = UNKNOWN  # what claims rest on: margins where goods' costs are known, else revenue after costs
    margins: bool = False  # whether goods are paid in all of it


def everything(now: datetime) -> list[Harvest]:
    """The harvest of every campaign that ever ran, the newest first; of large ones as it was some minutes ago."""
    return [one.harvest for one in keeping.shown(now)]


def total(harvests: list[Harvest]) -> Total:
    """The sum over campaigns that have an interval. Ends are added to ends: campaigns that do not depend on each other
    would allow a narrower one."""
    known = [one for one in harvests if one.money.low is not None]
    if not known:
        compared = any(one.evidence != NONE for one in harvests)
        return Total(0, UNKNOWN, NOT_YET if compared else NONE)
    revenue, money = _sum([one.extra_revenue for one in known]), _sum([one.money for one in known])
    margins = all(one.basis != UNKNOWN_COST for one in known)
    return Total(len(known), revenue, ENOUGH if money.clear else NOT_YET, money, margins)


def _sum(lifts: list[Lift]) -> Lift:
    found = lifts[0]
    for one in lifts[1:]:
        found += one
    return found
