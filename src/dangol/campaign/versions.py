"""Versions of a campaign: each definition it ever had, and what becomes of those under way when it changes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from dangol.campaign.book import plan_of
from dangol.campaign.definition import WaitFor, Webhook
from dangol.campaign.models import Campaign, Run, Version
from dangol.campaign.walking import RUNNING, WAITING
from dangol.campaign.way import Way


def keep(campaign: Campaign, now: datetime) -> None:
    Version.objects.create(
        campaign=campaign, number=campaign.version, definition=campaign.definition, digest=campaign.digest, saved_at=now
    )


def move(campaign: Campaign, now: datetime) -> None:
    """Let those under way go on by the version saved last: at the step of the same key, or the next that is there."""
    after = plan_of(campaign.definition).way
    under_way = Run.every.filter(campaign=campaign, state=RUNNING).exclude(version=campaign.version)
    for number in set(under_way.values_list("version", flat=True)):
        old = Version.objects.filter(campaign=campaign, number=number).first()
        if old is None:
            continue
        way = plan_of(old.definition).way
        for key in set(under_way.filter(version=number).values_list("step", flat=True)):
            there = under_way.filter(version=number, step=key)
            place = way.moved(key, after)
            if place == key:
                _stay_or_begin(there, way, after, key, campaign.version)
            else:
                there.update(version=campaign.version, step=place, phase=WAITING, since=None, due_at=now)


def _stay_or_begin(there: QuerySet[Run], way: Way, after: Way, key: str, version: int) -> None:
    """At a step of the same key: who waits in it goes on waiting while it still is one to wait in so."""
    was, now = way.steps[key].act, after.steps[key].act
    if any(isinstance(was, kind) and isinstance(now, kind) for kind in (WaitFor, Webhook)):
        there.update(version=version)
    else:
        there.update(version=version, phase=WAITING, since=None)


def close_old(campaign: Campaign) -> None:
    """Older versions by which nobody is under way: what they waited for is not looked for any more."""
    older = Version.objects.filter(campaign=campaign, open=True).exclude(number=campaign.version)
    for number in list(older.values_list("number", flat=True)):
        if not Run.every.filter(campaign=campaign, version=number, state=RUNNING).exists():
            older.filter(number=number).update(open=False)
