"""Which uploads want something done. Light on purpose: the importer asks this all day and loads nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from dangol.collect.models import Import

DRAFTS_LIVE = timedelta(days=7)
REJECTED_LIVE = timedelta(days=30)


def cut_short() -> QuerySet[Import]:
    return Import.objects.filter(state="running").exclude(files=[]).order_by("pk")


def to_start() -> QuerySet[Import]:
    return Import.objects.filter(state="waiting").order_by("pk")


def forgotten(now: datetime) -> QuerySet[Import]:
    """Drafts that nobody started in a week: their files go."""
    old = Import.objects.filter(state__in=("draft", "failed"), started_at__lt=now - DRAFTS_LIVE)
    return old.exclude(files=[])


def stale(now: datetime) -> QuerySet[Import]:
    """Rejected rows that nobody needs any more."""
    return Import.objects.filter(finished_at__lt=now - REJECTED_LIVE).exclude(files=[]).exclude(rejected=[])


def any_work(now: datetime) -> bool:
    return any(some.exists() for some in (cut_short(), to_start(), forgotten(now), stale(now)))
