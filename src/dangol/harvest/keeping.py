"""Comparisons of large campaigns, kept for a while: a page must not count a hundred thousand orders for every reader.

A small campaign is compared anew each time. A large one is compared behind everything else, and a page says as of when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db.models import Count

from dangol.base.turns import turn
from dangol.campaign.models import Campaign, Run
from dangol.harvest import gathering, steps
from dangol.harvest.models import Kept
from dangol.harvest.rules import Harvest

LARGE = 3_000  # runs of a campaign, from which on it is not compared for every reader
GOOD_FOR = timedelta(minutes=10)  # then it is compared again, behind everything else


@dataclass(frozen=True, slots=True)
class Shown:
    """A comparison, and up to when it counts."""

    harvest: Harvest
    at: datetime


def shown(now: datetime) -> list[Shown]:
    """The comparison of every campaign that ever ran, the newest first."""
    known, large = gathering.costing(), _large()
    kept = {row.campaign: row for row in Kept.objects.filter(at__gte=now - steps.TOO_OLD, at__lte=now)}
    found = []
    for key in _ran():
        row = kept.get(key) if key in large else None
        if row:
            found.append(Shown(msgspec.convert(row.body, Harvest), row.at))
        else:
            told = steps.results(key, now, known)
            found.append(Shown(told, now))
            if key in large:
                _keep(told, now)
    return found


def due(now: datetime) -> bool:
    """Whether a large campaign's comparison is old."""
    fresh = set(Kept.objects.filter(at__gte=now - GOOD_FOR).values_list("campaign", flat=True))
    return bool(_large() - fresh)


def go_on(now: datetime) -> None:
    """Compare the large campaign whose comparison is the oldest."""
    kept = dict(Kept.objects.values_list("campaign", "at"))
    waiting = sorted(_large(), key=lambda key: (key in kept, kept.get(key, now), key))
    if waiting:
        _keep(steps.results(waiting[0], now), now)


def _keep(told: Harvest, now: datetime) -> None:
    with turn():
        Kept.objects.update_or_create(campaign=told.campaign, defaults={"at": now, "body": msgspec.to_builtins(told)})


def _ran() -> list[str]:
    rows = Campaign.objects.filter(activated_at__isnull=False).order_by("-created_at", "-pk")
    return list(rows.values_list("key", flat=True))


def _large() -> set[str]:
    counts = Run.objects.values_list("campaign__key").annotate(n=Count("pk")).order_by()
    ran = set(_ran())
    return {key for key, count in counts if count >= LARGE and key in ran}
