"""When waits are over, as a table; which hour is the best; where runs stand on another way."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.campaign import hours, waits
from dangol.campaign.definition import BestHour, LocalHour, Schedule, Span, TraitDay
from dangol.campaign.parsing import parse
from dangol.campaign.waves import occurrence
from dangol.campaign.way import END, way_of

SEOUL, BERLIN, ANGELES = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)  # a Tuesday, 12:00 in Seoul
DAY = timedelta(days=1)


class Somebody:
    """A customer as waiting sees one."""

    def __init__(self, zone: ZoneInfo = SEOUL, best_hour: int = 20, **traits: Any) -> None:
        self.zone, self.best_hour, self._traits = zone, best_hour, traits

    def trait(self, path: str) -> Any:
        return self._traits.get(path)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wait", "somebody", "ends"),
    [
        (None, Somebody(), NOON),
        (Span(2 * DAY), Somebody(), NOON + 2 * DAY),
        (LocalHour(time(12)), Somebody(), NOON),
        (LocalHour(time(11, 59)), Somebody(), utc("2026-11-25T02:59")),
        (LocalHour(time(9), (0,)), Somebody(), utc("2026-11-30T00:00")),
        (LocalHour(time(9), (0,)), Somebody(ANGELES), utc("2026-11-30T17:00")),
        (BestHour(), Somebody(), utc("2026-11-24T11:00")),
        (BestHour(), Somebody(best_hour=9), utc("2026-11-25T00:00")),
        (TraitDay("renewal", -7 * DAY), Somebody(renewal="2026-12-10"), utc("2026-12-03T00:00")),
        (TraitDay("renewal", -30 * DAY), Somebody(renewal="2026-12-10"), NOON),
        (TraitDay("renewal"), Somebody(), None),
        (TraitDay("renewal"), Somebody(renewal="soon"), None),
        (TraitDay("birthday", yearly=True), Somebody(birthday="1990-11-24"), NOON),
        (TraitDay("birthday", yearly=True), Somebody(birthday="1990-11-25"), utc("2026-11-25T00:00")),
        (TraitDay("birthday", yearly=True), Somebody(birthday="1990-11-20"), utc("2027-11-20T00:00")),
        (TraitDay("birthday", yearly=True), Somebody(birthday="1992-02-29"), utc("2027-02-28T00:00")),
        (TraitDay("birthday", -3 * DAY, yearly=True), Somebody(birthday="1990-01-02"), utc("2026-12-30T00:00")),
    ],
)
def test_waits(wait: Any, somebody: Somebody, ends: datetime | None) -> None:
    assert waits.over(wait, NOON, somebody) == ends


@pytest.mark.parametrize(
    ("since", "hour", "ends"),
    [
        ("2026-03-28T23:00", time(2, 30), "2026-03-29T01:30"),  # half past two is skipped: the clock shows 3:30
        ("2026-10-24T22:00", time(2, 30), "2026-10-25T00:30"),  # it comes twice: the first
        ("2026-10-25T00:31", time(2, 30), "2026-10-26T01:30"),
    ],
)
def test_hours_where_clocks_are_put_forward_and_back(since: str, hour: time, ends: str) -> None:
    assert waits.over(LocalHour(hour), utc(since), Somebody(BERLIN)) == utc(ends)


@given(st.integers(0, 365 * 24 * 60), st.times(), st.sets(st.integers(0, 6)))
def test_a_local_hour_never_lies_behind_and_never_a_week_ahead(minutes: int, hour: time, days: set[int]) -> None:
    since = NOON + timedelta(minutes=minutes)
    ends = waits.over(LocalHour(hour.replace(second=0, microsecond=0), tuple(sorted(days))), since, Somebody(BERLIN))
    assert ends is not None
    assert since <= ends <= since + 8 * DAY


@pytest.mark.parametrize(
    ("own", "usual", "hour"),
    [
        ({}, {}, hours.USUAL),
        ({}, {19: 80, 9: 20}, 19),
        ({9: 1}, {19: 80, 9: 20}, 19),
        ({9: 12}, {19: 80, 9: 20}, 9),
        ({3: 50}, {19: 80, 9: 20}, 19),  # marketing rests at night
        ({11: 4, 12: 4, 13: 4, 17: 5}, {}, 12),  # neighbours count half
    ],
)
def test_the_best_hour_is_their_own_where_enough_is_known(
    own: dict[int, int], usual: dict[int, int], hour: int
) -> None:
    assert hours.likeliest(own, usual) == hour


@pytest.mark.parametrize(
    ("rule", "after", "at"),
    [
        ("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9", "2026-11-24T03:00", "2026-11-30T00:00"),
        ("FREQ=DAILY;BYHOUR=9,18", "2026-11-24T03:00", "2026-11-24T09:00"),
        ("FREQ=DAILY;COUNT=2", "2026-11-24T03:00", None),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-24T03:00", "2026-11-30T00:00"),
    ],
)
def test_schedules_count_on_the_shops_clock(rule: str, after: str, at: str | None) -> None:
    found = occurrence(Schedule(rule, datetime(2026, 1, 1, 9)), utc(after), SEOUL)
    assert found == (utc(at) if at else None)


def test_an_hour_that_comes_twice_is_one_occurrence() -> None:
    schedule = Schedule("FREQ=DAILY", datetime(2026, 1, 1, 2, 30))
    first = occurrence(schedule, utc("2026-10-24T12:00"), BERLIN)
    assert first == utc("2026-10-25T00:30")
    assert first
    assert occurrence(schedule, first, BERLIN) == utc("2026-10-26T01:30")


MESSAGE = {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}


def definition(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"entry": {"segment": "a"}, "steps": steps}


def test_the_way_leads_through_branches_and_on_behind_them() -> None:
    inner = [{"key": "b", "wait": "1d"}, {"key": "c", "send": MESSAGE}]
    split = {"branches": [{"key": "yes", "rule": "everyone", "steps": inner}]}
    way = way_of(parse(definition([{"key": "a", "split": split}, {"key": "d", "wait": "1d"}])))
    assert (way.first, way.behind["a"], way.behind["b"], way.behind["c"], way.behind["d"]) == ("a", "d", "c", "d", END)
    assert way.into == {("a", "yes"): "b", ("a", "otherwise"): "d"}
    assert way.paths["c"] == ("a", "yes", "c")
    assert [way.order(key) for key in ("a", "b", "c", "d", END)] == [0, 1, 2, 3, 4]


def test_who_stands_at_a_step_that_is_gone_stands_at_the_next_that_is_there() -> None:
    before = way_of(parse(definition([{"key": key, "wait": "1d"} for key in "abcd"])))
    after = way_of(parse(definition([{"key": key, "wait": "1d"} for key in "adx"])))
    assert [before.moved(key, after) for key in ("a", "b", "c", "d", END)] == ["a", "d", "d", "d", END]
