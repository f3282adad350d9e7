"""Members of a segment who enter together: some thousands in a turn, by customer id, so that a stop loses nobody.

A broadcast is one wave at its time; a schedule one for each occurrence, of missed ones the last only; whoever is in a
segment when its campaign begins makes one too, where that was asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from dateutil.rrule import rrulestr

from dangol.base.clock import to_us
from dangol.campaign import rules, walking
from dangol.campaign.book import ACTIVE, Book
from dangol.campaign.definition import Entry, Schedule
from dangol.campaign.entering import Starting, make, start
from dangol.campaign.models import Campaign, Run, Wave
from dangol.campaign.people import Cohort
from dangol.campaign.walking import Walk
from dangol.profile import restrictions
from dangol.segment.models import Member

EXISTING = "existing"  # the slot of those who were in the segment when the campaign began
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
    for campaign in Campaign.objects.filter(state=ACTIVE, next_at__lte=now).only("pk", "key", "version", "next_at"):
        plan, since = book.plan(campaign.pk), campaign.next_at
        entry = plan.definition.entry
        if since is not None:
            at = newest(entry, since, now, zone)
            if at > now - MISSED:
                open_wave(campaign, f"{entry.kind}:{to_us(at)}", entry.segment, at)
        Campaign.objects.filter(pk=campaign.pk).update(next_at=next_at(entry, now, zone))


def open_wave(campaign: Campaign, slot: str, segment: str, at: datetime) -> None:
    """One wave for each slot, however often it is opened."""
    Wave.objects.bulk_create([Wave(campaign=campaign, slot=slot, segment=segment, at=at)], ignore_conflicts=True)


def go_on(book: Book, now: datetime, limit: int) -> tuple[bool, list[Run]]:
    """Let the next members of one open wave enter. Whether there was one, and runs before their first step that are
    not stored yet: most of a broadcast go on at once, and are written when they have."""
    wave = Wave.objects.filter(ended_at=None, campaign__state=ACTIVE).order_by("at", "pk").first()
    if wave is None:
        return False, []
    campaign = book.campaigns[wave.campaign_id]
    rows = Member.objects.filter(segment__key=wave.segment, segment__state="active", customer_id__gt=wave.after)
    members = list(rows.order_by("customer_id").values_list("customer_id", "since")[:limit])
    kept = restrictions.restricted() if members else set()
    starting = [_starting(wave, customer, since, now) for customer, since in members if customer not in kept]
    stored = wave.slot == EXISTING or book.plan(campaign.pk).definition.entry.again.how != "each"
    new = start(book, campaign, starting, now) if stored else _begin(book, campaign, starting, now)
    if members:
        wave.after, wave.entered = members[-1][0], wave.entered + len(new)
    if len(members) < limit:
        wave.ended_at = now
    wave.save(update_fields=["after", "entered", "ended_at"])
    return True, [] if stored else new


def _starting(wave: Wave, customer: int, since: datetime, now: datetime) -> Starting:
    if wave.slot == EXISTING:
        return Starting(customer, rules.segment_trigger(since), now, {"segment": wave.segment})
    return Starting(customer, rules.slot_trigger(wave.slot), wave.at, {"segment": wave.segment})


def _begin(book: Book, campaign: Campaign, starting: list[Starting], now: datetime) -> list[Run]:
    """Of a slot nobody was here before, so nothing has to be looked up."""
    plan = book.plan(campaign.pk)
    new = [make(campaign, plan, one, book.holdout_percent) for one in starting]
    people, walk = Cohort([run.customer_id for run in new], (), book.shop, now), Walk()
    for run in new:
        walking.begin(run, plan, run.entered_at, people, now, walk)
    return new
