"""Whom a campaign helps: its customers as they were when they entered, and what treating others would have brought.

In: runs, what came of them, and which segments each customer was in at that moment. Out: groups, a curve, a backtest.
Promise: refused, with the reason, where chance did not draw or where too few customers carry an answer; asked of
reaching the goal, never of money, whose spread hides any difference between groups in a shop of this size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign_steps
from dangol.harvest import backtests, gathering, uplift
from dangol.harvest.backtests import Value
from dangol.harvest.draws import Draw, Flags, Floats, Refused, effective
from dangol.harvest.gathering import USUAL
from dangol.harvest.uplift import Curve, Group, Uplift
from dangol.segment import active, asking

MOST = 10_000  # customers that are looked at, those who entered last
MOST_GROUPS = 40
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign's customers whose time is over, and the segments they were in when they entered."""

    draw: Draw
    members: Mapping[str, Flags]

    @property
    def traits(self) -> Floats:
        """What was known of each before the draw: n × k."""
        spent = np.log1p(np.maximum(self.draw.before, 0))
        return np.column_stack([spent, *(inside.astype(float) for inside in self.members.values())])


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a campaign helps. Where it is refused there is a reason and nothing else."""

    campaign: str
    customers: int  # whose time is over
    effective: float
    refused: str = ""  # a reason of draws.py
    overall: Uplift | None = None
    groups: tuple[Group, ...] = ()
    curve: Curve | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have come of treating only those in whom a rule held when they entered; shares who reach the goal."""

    campaign: str
    customers: int
    chosen: int  # of them, in whom the rule held
    refused: str = ""
    effective: float = 0.0
    chosen_only: Value | None = None
    everybody: Value | None = None
    nobody: Value | None = None
    better: Value | None = None  # than treating everybody


def whom(key: str, now: datetime) -> Whom:
    """Whom a campaign has helped so far, by the segments that there are. Raises NotFound."""
    shapes = {one.key: one.rule for one in active.visible()[:MOST_GROUPS]}
    seen = _seen(key, now, shapes)
    size, weight = len(seen.draw), effective(seen.draw.weights) if len(seen.draw) else 0.0
    try:
        found = uplift.groups(seen.draw, seen.members)
        curve = uplift.curve(seen.draw, uplift.ranked(seen.draw, seen.traits))
    except Refused as error:
        return Whom(key, size, error.effective, error.reason)
    return Whom(key, size, weight, "", uplift.overall(seen.draw), tuple(found), curve)


def backtest(key: str, where: Any, now: datetime) -> Backtest:
    """What treating only those for whom a rule held would have brought. Raises NotFound; Invalid of the rule."""
    seen = _seen(key, now, {DRAFT: where})
    chosen, size = seen.members[DRAFT], len(seen.draw)
    count = int(chosen.sum())
    everybody, nobody, traits = np.ones(size, dtype=bool), np.zeros(size, dtype=bool), seen.traits
    try:
        better = backtests.difference(seen.draw, chosen, everybody, traits)
        mine, all_of_them, none = (backtests.value(seen.draw, one, traits) for one in (chosen, everybody, nobody))
    except Refused as error:
        return Backtest(key, size, count, error.reason, error.effective)
    return Backtest(key, size, count, "", better.effective, mine, all_of_them, none, better)


def _seen(key: str, now: datetime, wheres: Mapping[str, Any]) -> Seen:
    campaign = campaign_steps.get(key)
    goal = campaigns.parse(campaign.definition).goal or USUAL
    entered = gathering.entries(campaign.pk, goal, now)
    outcomes = gathering.by_customer(campaign.pk, goal, now, gathering.costing(), gathering.spent(key, now))
    over = [(who, one) for who, one in outcomes.items() if not one.open][-MOST:]
    then = {who: entered[who] for who, _ in over}
    inside = asking.judge_then(wheres, then) if then else {name: [] for name in wheres}
    draw = Draw(
        treated=np.array([one.treated for _, one in over], dtype=bool),
        share=np.array([np.nan if one.share is None else one.share for _, one in over], dtype=float),
        reached=np.array([one.converted for _, one in over], dtype=float),
        before=np.array([one.before for _, one in over], dtype=float),
    )
    return Seen(draw, {name: np.isin(list(then), customers) for name, customers in inside.items()})
