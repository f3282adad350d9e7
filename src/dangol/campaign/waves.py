"""When many enter together: some thousands in a turn, by customer id, so that a stop loses nobody.

A broadcast is one wave at its time; a schedule one for each occurrence, of missed ones the last only; whoever is in a
segment when its campaign begins makes one too, and so do the facts of before, where that was asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from dateutil.rrule import rrulestr

from dangol.base.clock import to_us
from dangol.campaign.book import ACTIVE, Book
from dangol.campaign.definition import Entry, Schedule
from dangol.campaign.models import Campaign, Wave

EXISTING = "existing"  # the slot of those who were in the segment when the campaign began
BACKFILL = "backfill"  # … of the facts from before it did
MISSED = timedelta(days=3)  # a broadcast or an occurrence that is later than this is not begun


def next_at(entry: Entry, after: datetime, zone: tzinfo) -> datetime | None:
    """When the next wave of a campaign begins, later than `after`; None where none is to come."""
    if entry.broadcast:
        at = entry.broadcast if entry.broadcast.tzinfo else entry.broadcast.replace(tzinfo=zone)
        return at.astimezone(UTC) if at > after else None
    return occurrence(entry.schedule, after, zone) if entry.schedule else None


def occurrence(schedule: Schedule, after: datetime, zone: tzinfo) -> datetime | None:
    """The first occurrence later than an instant: the rule counts on the shop's wall clock."""
    local = after.astimezone(zone).replace(tzinfo=None)
    found = rrulestr(schedule.rule, dtstart=schedule.start, ignoretz=True)
    at = found.after(local - timedelta(hours=2))  # a wall clock that was put back shows some hours twice
    while at is not None:
        instant: datetime = at.replace(tzinfo=zone).astimezone(UTC)
        if instant > after:
            return instant
        at = found.after(at)
    return None


def newest(entry: Entry, since: datetime, now: datetime, zone: tzinfo) -> datetime:
    """The last occurrence up to now, of those from `since` (one itself) on: what was missed between is left out."""
    at = since
    if entry.schedule:
        local = now.astimezone(zone).replace(tzinfo=None)
        found = rrulestr(entry.schedule.rule, dtstart=entry.schedule.start, ignoretz=True).before(local, inc=True)
        if found is not None:
            at = max(at, min(found.replace(tzinfo=zone).astimezone(UTC), now))
    return at


def due_waves(book: Book, now: datetime, zone: tzinfo) -> None:
    """Let those begin whose time has come."""
    due = Campaign.objects.filter(state=ACTIVE, next_at__lte=now).order_by("next_at", "pk")
    for campaign in due.only("pk", "key", "version", "next_at"):
        plan, since = book.plan(campaign.pk), campaign.next_at
        entry = plan.definition.entry
        if since is not None:
            at = newest(entry, since, now, zone)
            if at > now - MISSED:
                open_wave(campaign, f"{entry.kind}:{to_us(at)}", entry.segment, at, now)
        Campaign.objects.filter(pk=campaign.pk).update(next_at=next_at(entry, now, zone))


def open_wave(campaign: Campaign, slot: str, segment: str, at: datetime, now: datetime) -> None:
    """One wave for each slot, however often it is opened. Who enters is who is a member `now`."""
    wave = Wave(campaign=campaign, slot=slot, segment=segment, at=at, begun_at=now)
    Wave.objects.bulk_create([wave], ignore_conflicts=True)


def going() -> list[Wave]:
    """The open waves of campaigns that run: of each the one that began first, those that began first before others."""
    found: dict[int, Wave] = {}
    for wave in Wave.objects.filter(ended_at=None, campaign__state=ACTIVE).order_by("begun_at", "pk"):
        found.setdefault(wave.campaign_id, wave)
    return list(found.values())
