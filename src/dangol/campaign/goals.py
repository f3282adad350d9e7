"""When customers did what a campaign is for: from the facts, or from the runs where a rule is the goal. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign.definition import Goal
from dangol.campaign.models import Run
from dangol.campaign.stored import fact_of, named_rows
from dangol.profile.models import Fact
from dangol.segment.matching import Pattern, matching


def reached(
    campaign_id: int, goal: Goal, customers: Collection[int], since: datetime, now: datetime
) -> dict[int, list[datetime]]:
    """The times, after `since` and up to now, by customer; those who never did are missing."""
    found: dict[int, list[datetime]] = defaultdict(list)
    for some in parts(sorted(customers)):
        if goal.holds:
            rows = Run.objects.filter(campaign_id=campaign_id, customer_id__in=some, reached_at__gt=since)
            for customer, at in rows.values_list("customer_id", "reached_at"):
                if at is not None:
                    found[customer].append(at)
            continue
        stored = Fact.objects.filter(named_rows(goal.fact), customer_id__in=some, at__gt=since, at__lte=now)
        if goal.plain:
            for customer, when in stored.values_list("customer_id", "at"):
                found[customer].append(when)
            continue
        facts = list(stored)
        pattern = Pattern(goal.fact, goal.where)
        for number in matching([pattern], [fact_of(row) for row in facts], now, Shop.objects.get().zone)[pattern]:
            found[facts[number].customer_id].append(facts[number].at)
    return found
