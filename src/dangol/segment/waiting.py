"""Whether segments wait to be computed: light, for a process that does nothing else most of the time."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from dangol.segment.models import Computation, Segment

UNDER_WAY = ("queued", "running")


def unclaimed(now: datetime) -> QuerySet[Computation]:
    """What is to be computed and nobody is at."""
    return Computation.objects.filter(state__in=UNDER_WAY).exclude(leased_until__gt=now)


def any_work(now: datetime) -> bool:
    """Whether there is something to compute, or a version that is gone has members left."""
    return unclaimed(now).exists() or Segment.objects.filter(state="gone").exists()
