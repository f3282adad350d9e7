"""What it wishes to do, within the limits, and when somebody had time enough to object."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.autopilot import hours, rules
from dangol.autopilot.rules import Bounds, Standing

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
GOOD = Standing("welcome", "", worth=100, low=10, high=300, messages=50, people=50, cost=Decimal(500))


NO_BOUNDS = Bounds()


def said(standings: list[Standing], bounds: Bounds = NO_BOUNDS) -> list[tuple[str, str, str]]:
    return [(wish.play, wish.verb, wish.why) for wish in rules.wishes(standings, bounds, NOW)]


@pytest.mark.parametrize(
    ("change", "bounds", "wish"),
    [
        ({}, Bounds(), ("activate", "earns")),
        ({"people": 0, "messages": 0, "worth": 0, "low": 0, "high": 0}, Bounds(), ("activate", "waits")),
        ({"state": "draft"}, Bounds(), ("activate", "earns")),
        ({"state": "paused"}, Bounds(), None),  # staff did that
        ({"state": "paused", "ours": True}, Bounds(), ("activate", "earns")),
        ({"state": "archived"}, Bounds(), None),
        ({"state": "draining"}, Bounds(), None),
        ({"worth": -1}, Bounds(), None),
        ({"useful": False}, Bounds(), None),
        ({"annoys": True}, Bounds(), None),
        ({"refused_at": NOW - timedelta(days=29)}, Bounds(), None),
        ({"refused_at": NOW - timedelta(days=30)}, Bounds(), ("activate", "earns")),
        ({}, Bounds(plays={"thanks"}), None),
        ({}, Bounds(plays={"welcome"}), ("activate", "earns")),
        ({}, Bounds(budget=Decimal(499)), None),
        ({}, Bounds(budget=Decimal(500)), ("activate", "earns")),
        ({"messages": 101}, Bounds(contacts=2), None),
        ({"messages": 100}, Bounds(contacts=2), ("activate", "earns")),
        ({"discount": 5}, Bounds(), None),
        ({"discount": 5}, Bounds(discount=5), ("activate", "earns")),
        ({"state": "active"}, Bounds(), None),
        ({"state": "active", "high": -1, "low": -5, "worth": -3}, Bounds(), ("pause", "loses")),
        ({"state": "active", "annoys": True}, Bounds(), ("pause", "annoys")),
        ({"state": "active", "ours": True}, Bounds(plays={"thanks"}), ("pause", "not_allowed")),
        ({"state": "active"}, Bounds(plays={"thanks"}), None),  # staff began it
        ({"state": "active", "ours": True}, Bounds(budget=Decimal(499)), ("pause", "budget")),
        ({"state": "active"}, Bounds(budget=Decimal(499)), None),
        ({"state": "active", "ours": True, "discount": 5}, Bounds(), ("pause", "discount")),
    ],
)
def test_one_play(change: dict[str, object], bounds: Bounds, wish: tuple[str, str] | None) -> None:
    assert said([replace(GOOD, **change)], bounds) == ([("welcome", *wish)] if wish else [])  # type: ignore[arg-type]


def test_few_are_begun_at_a_time_the_most_worthwhile_first() -> None:
    many = [replace(GOOD, play=f"p{n}") for n in range(6)]
    assert [play for play, _, _ in said(many)] == ["p0", "p1", "p2"]


def test_what_does_not_fit_leaves_room_for_what_does() -> None:
    dear, cheap = replace(GOOD, play="dear", cost=Decimal(900)), replace(GOOD, play="cheap", cost=Decimal(90))
    assert said([dear, cheap], Bounds(budget=Decimal(100))) == [("cheap", "activate", "earns")]


def test_a_smaller_budget_ends_the_least_worthwhile_that_it_began_itself() -> None:
    running = [replace(GOOD, play=f"p{n}", state="active", ours=n != 2) for n in range(3)]
    assert said(running, Bounds(budget=Decimal(1_000))) == [("p1", "pause", "budget")]


@given(
    st.lists(
        st.builds(
            Standing,
            play=st.uuids().map(str),
            state=st.sampled_from(["", "draft", "active", "paused", "archived"]),
            worth=st.floats(-10, 10),
            low=st.floats(-20, 0),
            high=st.floats(-5, 20),
            messages=st.floats(0, 100),
            people=st.integers(0, 100),
            cost=st.decimals(0, 1000, places=2),
            discount=st.floats(0, 30),
            ours=st.booleans(),
        ),
        max_size=12,
    ),
    st.decimals(0, 2000, places=2),
)
def test_what_it_begins_never_breaks_a_limit(standings: list[Standing], budget: Decimal) -> None:
    bounds = Bounds(budget=budget, discount=10)
    wishes = rules.wishes(standings, bounds, NOW)
    begun = {wish.play for wish in wishes if wish.verb == rules.ACTIVATE}
    ended = {wish.play for wish in wishes if wish.verb == rules.PAUSE}
    by_key = {one.play: one for one in standings}
    assert len(begun) <= rules.AT_ONCE
    assert all(by_key[play].discount <= 10 for play in begun)
    runs = [one for one in standings if one.play in begun or (one.state == "active" and one.play not in ended)]
    assert not begun or sum(one.cost for one in runs) <= budget
    assert all(by_key[wish.play].state == "active" for wish in wishes if wish.verb == rules.PAUSE)
    assert all(set(wish.reason) == {"en", "ko"} for wish in wishes)


@pytest.mark.parametrize(
    ("now", "office", "ends"),
    [
        ("2026-11-24T10:00", 8, "2026-11-24T18:00"),
        ("2026-11-24T17:00", 8, "2026-11-25T16:00"),
        ("2026-11-24T06:00", 1, "2026-11-24T10:00"),
        ("2026-11-27T17:00", 2, "2026-11-30T10:00"),  # over the weekend
        ("2026-11-28T12:00", 9, "2026-11-30T18:00"),
        ("2026-11-24T23:00", 0, "2026-11-24T23:00"),
    ],
)
def test_office_hours(now: str, office: int, ends: str) -> None:
    begin, end = (datetime.fromisoformat(told).replace(tzinfo=SEOUL) for told in (now, ends))
    assert hours.after(begin, office, time(9), time(18), SEOUL) == end
