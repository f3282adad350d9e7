"""What people look at in campaigns: how many are where. Reads only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from dangol.campaign import waves
from dangol.campaign.book import plan_of
from dangol.campaign.models import Campaign, Run
from dangol.segment import reads as segment


@dataclass(slots=True)
class Standing:
    """Where the runs of one campaign are."""

    entered: int = 0
    held_out: int = 0
    under_way: int = 0
    finished: int = 0
    left: int = 0
    waiting: dict[str, int] = field(default_factory=dict)  # key of a step → treated runs that stand at it


def standings() -> dict[str, Standing]:
    """Where everybody is, by the campaign's key."""
    found: dict[str, Standing] = defaultdict(Standing)
    rows = Run.objects.values_list("campaign__key", "arm", "state", "step").annotate(Count("pk")).order_by()
    for key, arm, state, step, runs in rows:
        standing = found[key]
        standing.entered += runs
        if arm == "holdout":
            standing.held_out += runs
            continue
        if state == "active":
            standing.under_way += runs
            standing.waiting[step] = standing.waiting.get(step, 0) + runs
        elif state == "finished":
            standing.finished += runs
        else:
            standing.left += runs
    return dict(found)


def existing(campaign: Campaign) -> int:
    """How many are in the segment that starts a campaign, and were not asked in; 0 where no segment does."""
    entry = plan_of(campaign.definition).definition.entry
    asked_in = campaign.waves.filter(slot=waves.EXISTING).exists()
    return 0 if entry.kind != "segment" or asked_in else segment.size(entry.segment)


def count_active() -> int:
    return Campaign.objects.filter(state="active").count()


def of_plays() -> dict[str, Campaign]:
    """Campaigns that carry out a play, by the play's key."""
    return {campaign.play: campaign for campaign in Campaign.objects.exclude(play="")}


def of_customer(customer_id: int) -> list[Run]:
    """A customer's ways through campaigns, the newest first."""
    rows = Run.objects.filter(customer_id=customer_id).select_related("campaign")
    return list(rows.order_by("-entered_at", "-pk")[:20])


def of_pair(campaign: int, customer_id: int) -> list[Run]:
    """A customer's ways through one campaign, the newest first."""
    rows = Run.objects.filter(campaign_id=campaign, customer_id=customer_id)
    return list(rows.order_by("-entered_at", "-pk")[:20])


def at_step(key: str, step: str, *, before: int | None, limit: int) -> list[tuple[int, int, str, datetime | None]]:
    """Treated runs that stand at a step now, the newest first: number, customer, phase, when it is looked at next."""
    rows = Run.objects.filter(campaign__key=key, step=step, state="active").exclude(arm="holdout")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk").values_list("pk", "customer_id", "phase", "due_at")[:limit])
