"""Reads how customers come into a campaign."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dateutil.rrule import rrulestr

from dangol.campaign import conditions
from dangol.campaign.definition import Again, Entry, Schedule
from dangol.campaign.shape import Reader
from dangol.campaign.waits import trait_day

KINDS = ("segment", "fact", "date", "schedule", "broadcast", "api")
WORDS = (*KINDS, "where", "key", "offset", "hour", "yearly", "start", "again")
BESIDE = {
    "segment": (),
    "fact": ("where", "key"),
    "date": ("offset", "hour", "yearly", "segment"),
    "schedule": ("start", "segment"),
    "broadcast": ("segment",),
    "api": ("key",),
}
ALLOWED = "one of {segment}, {fact}, {date}, {schedule, segment}, {broadcast, segment} or {api: true}"
# Facts that campaigns themselves cause: a campaign that one of them starts could feed on itself.
OUR_DOING = frozenset(
    {
        "Message Sent",
        "Email Delivered",
        "Email Opened",
        "Email Link Clicked",
        "Email Bounced",
        "Message Delivered",
        "Message Opened",
        "Message Link Clicked",
        "Message Bounced",
        "Message Dismissed",
        "Task Asked",
        "Webhook Answered",
        "Journey Entered",
        "Journey Left",
        "Survey Asked",
        "Coupon Issued",
        "Coupon Not Issued",
    }
)
LONGEST_RULE = 500
DAY = r"[0-9]{8}T[0-9]{6}"
RULE = re.compile(rf"(?:FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY)(;[A-Z]+=[A-Z0-9,+-]+)*|RDATE:{DAY}(,{DAY})*)")
RULE_ALLOWED = (
    "a rule of RFC 5545 by day, week, month or year, such as FREQ=WEEKLY;BYDAY=MO;BYHOUR=9, "
    "or days by name, such as RDATE:20270124T100000,20280113T100000"
)


def entry(read: Reader, given: object, at: str) -> Entry:
    """The one way in that a shape names."""
    before = len(read.faults)
    shape = read.mapping(given, at, WORDS)
    named = [word for word in KINDS if word in shape and word != "segment"] or [w for w in ("segment",) if w in shape]
    if len(named) != 1:
        if len(read.faults) == before:
            read.fault(at, given, ALLOWED)
        return Entry()
    [kind] = named
    for word in shape:
        if word not in (kind, "again", *BESIDE[kind]):
            read.fault(f"{at}/{word}", word, f"beside {kind}: " + ", ".join(("again", *BESIDE[kind])))
    return READERS[kind](read, shape, at, _again(read, shape.get("again"), f"{at}/again"))


def _segment(read: Reader, shape: Mapping[str, Any], at: str, again: Again) -> Entry:
    return Entry(segment=read.key(shape["segment"], f"{at}/segment"), again=again)


def _fact(read: Reader, shape: Mapping[str, Any], at: str, again: Again) -> Entry:
    name = read.text(shape["fact"], f"{at}/fact", most=300)
    if name in OUR_DOING:
        read.fault(f"{at}/fact", name, "a fact that campaigns do not cause themselves")
    key = read.property(shape["key"], f"{at}/key") if shape.get("key") is not None else ""
    return Entry(fact=name, where=conditions.where(read, name, shape.get("where"), at), key=key, again=again)


def _date(read: Reader, shape: Mapping[str, Any], at: str, again: Again) -> Entry:
    return Entry(day=trait_day(read, shape, at), segment=_of_whom(read, shape, at), again=again)


def _schedule(read: Reader, shape: Mapping[str, Any], at: str, again: Again) -> Entry:
    start = _wall_clock(read, shape.get("start"), f"{at}/start")
    rule = read.text(shape["schedule"], f"{at}/schedule", most=LONGEST_RULE)
    _check_rule(read, rule, start, f"{at}/schedule")
    segment = read.key(shape.get("segment"), f"{at}/segment")
    return Entry(schedule=Schedule(rule, start), segment=segment, again=again)


def _check_rule(read: Reader, rule: str, start: datetime, at: str) -> None:
    if not RULE.fullmatch(rule):
        if rule:
            read.fault(at, rule, RULE_ALLOWED)
        return
    try:
        found = rrulestr(rule, dtstart=start, ignoretz=True)
        first = found.after(start, inc=True)
        second = found.after(first) if first else None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        read.fault(at, rule, f"{RULE_ALLOWED} ({error})")
        return
    if first is None:
        read.fault(at, rule, "a rule that has an occurrence")
    elif second is not None and second - first < timedelta(hours=1):
        read.fault(at, rule, "a rule whose occurrences are an hour apart or more")


def _broadcast(read: Reader, shape: Mapping[str, Any], at: str, again: Again) -> Entry:
    when = _wall_clock(read, shape["broadcast"], f"{at}/broadcast", aware=True)
    return Entry(broadcast=when, segment=read.key(shape.get("segment"), f"{at}/segment"), again=again)


def _api(read: Reader, shape: Mapping[str, Any], at: str, again: Again) -> Entry:
    if shape["api"] is not True:
        read.fault(f"{at}/api", shape["api"], "true")
    key = read.property(shape["key"], f"{at}/key") if shape.get("key") is not None else ""
    return Entry(api=True, key=key, again=again)


READERS = {
    "segment": _segment, "fact": _fact, "date": _date, "schedule": _schedule, "broadcast": _broadcast, "api": _api,
}  # fmt: skip


def _of_whom(read: Reader, shape: Mapping[str, Any], at: str) -> str:
    return read.key(shape["segment"], f"{at}/segment") if shape.get("segment") is not None else ""


def _wall_clock(read: Reader, given: object, at: str, *, aware: bool = False) -> datetime:
    """A date and time as the shop's clock shows it; with `aware` an offset may say another."""
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        found = None
    if found is None or (found.tzinfo and not aware):
        read.fault(at, given, "a date and time in the shop's zone, such as 2026-12-01T10:00")
        return datetime(2000, 1, 1)  # noqa: DTZ001 - a wall clock has no zone
    return found


def _again(read: Reader, given: object, at: str) -> Again:
    if given is None:
        return Again()
    if isinstance(given, Mapping):
        shape = read.mapping(given, at, ("after",))
        return Again("after", read.span(shape.get("after"), f"{at}/after"))
    return Again(read.choice(given, at, ("each", "never", "not_while_inside")))
