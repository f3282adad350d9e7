"""Many who enter together: nobody is lost, nobody waits for others, and what is told of them is told whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.campaign import reads, steps
from dangol.campaign.fairness import share_out
from dangol.campaign.models import Campaign, Run, Wave
from dangol.profile.models import Fact as Row
from dangol.segment import steps as segments
from tests.campaign.ways import DAY, HOUR, begin, known, say, sent
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
AT_THREE = {"broadcast": "2026-11-24T15:00", "segment": "all"}
USERS = [f"u{n}" for n in range(25)]


def everybody(clock: SetClock) -> None:
    segments.save("all", {"name": "All", "where": {"trait": "email", "exists": True}}, clock.now())


def planned(now: datetime, turns: int, limit: int) -> list[list[tuple[str, int]]]:
    """Whom each turn writes to, with the campaign that does."""
    found = [steps.advance(now, limit).sends for _ in range(turns)]
    return [[(one.campaign, one.customer_id) for one in sends] for sends in found]


# --- nobody is lost -------------------------------------------------------------------------------------------------


def test_a_campaign_that_is_let_run_takes_nobody_from_a_broadcast_under_way(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, *USERS)
    begin(clock, AT_THREE, say("news"))
    clock.advance(3 * HOUR)
    steps.advance(clock.now(), 5)
    begin(clock, {"segment": "all"}, say("hello"), key="welcome", include_existing=True)
    kit.run()
    assert set(Run.objects.filter(campaign__key="c").values_list("customer_id", flat=True)) == {
        kit.customer(user) for user in USERS
    }
    assert [sorted(sent(kit, user)) for user in USERS[5:]] == [["hello", "news"]] * 20


@pytest.mark.parametrize(
    "entry", [AT_THREE, {"schedule": "FREQ=WEEKLY", "start": "2026-11-03T15:00", "segment": "all"}]
)
@pytest.mark.parametrize("hours", [1, 3, 4], ids=["scheduled", "due", "overdue"])
def test_what_is_to_begin_still_does_when_its_campaign_is_saved(
    kit: Kit, clock: SetClock, entry: dict[str, Any], hours: int
) -> None:
    everybody(clock)
    known(kit, "ann")
    begin(clock, entry, say("old"))
    clock.advance(hours * HOUR)
    steps.put("c", {"name": "Other", "definition": {"entry": entry, "steps": [say("new")]}}, clock.now())
    steps.put("c", {"name": "Renamed", "definition": {"entry": entry, "steps": [say("new")]}}, clock.now())
    kit.pass_time(3 * HOUR, HOUR)
    assert sent(kit) == ["new"]


def test_a_broadcast_that_is_put_off_comes_then_and_only_then(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann")
    begin(clock, AT_THREE, say("news"))
    clock.advance(3 * HOUR)
    later = {**AT_THREE, "broadcast": "2026-11-24T18:00"}
    steps.put("c", {"definition": {"entry": later, "steps": [say("news")]}}, clock.now())
    kit.pass_time(2 * HOUR, HOUR)
    assert sent(kit) == []
    kit.pass_time(2 * HOUR, HOUR)
    assert sent(kit) == ["news"]
    steps.put("c", {"definition": {"entry": later, "steps": [say("news"), say("more", wait="1d")]}}, clock.now())
    kit.pass_time(2 * DAY, HOUR)
    assert sent(kit) == ["news"], "it was there, and comes once"


def test_a_broadcast_is_for_those_who_are_members_when_it_begins(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, *USERS[:10])
    begin(clock, AT_THREE, say("news"))
    clock.advance(3 * HOUR)
    steps.advance(clock.now(), 4)
    clock.advance(timedelta(seconds=1))
    known(kit, "late")
    kit.identify(USERS[9], {"email": ""})
    kit.run()
    kit.pass_time(HOUR)
    assert Wave.objects.get().entered in (9, 10)
    assert sent(kit, "late") == []


# --- nobody waits for others ----------------------------------------------------------------------------------------


def test_a_large_wave_leaves_room_for_other_waves_and_for_whoever_is_under_way(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, *USERS)
    begin(clock, {"fact": "Seen"}, say("journey", wait="3h"), key="journey")
    kit.track(USERS[3], "Seen")
    kit.run()
    begin(clock, AT_THREE, say("large"), key="a-large")
    segments.save(
        "two", {"name": "Two", "where": {"trait": "email", "in": ["u7@example.com", "u9@example.com"]}}, clock.now()
    )
    begin(clock, {**AT_THREE, "segment": "two"}, say("small"), key="b-small")
    clock.advance(3 * HOUR)
    first, second, *_ = planned(clock.now(), 2, 6)
    assert len(first) == len(second) == 6
    of = [[key for key, _ in turn] for turn in (first, second)]
    assert of[0].count("journey") == 1
    assert of[0].count("b-small") == 2
    assert of[1] == ["a-large"] * 6, "what others leave goes to it"


@pytest.mark.parametrize("way", [{"key": "rest", "wait": "1d"}, {"key": "tell", "emit": {"fact": "Told"}}])
def test_a_turn_takes_no_more_than_its_room_though_nobody_is_written_to(
    kit: Kit, clock: SetClock, way: dict[str, Any]
) -> None:
    everybody(clock)
    known(kit, *USERS)
    begin(clock, AT_THREE, way)
    clock.advance(3 * HOUR)
    for turns in (1, 2):
        assert steps.advance(clock.now(), 10).done == 10
        assert Run.objects.count() == 10 * turns
    kit.run()
    clock.advance(DAY)
    left = [steps.advance(clock.now(), 10).done for _ in range(4)]
    assert left == ([10, 10, 5, 0] if "wait" in way else [0, 0, 0, 0])


class Some:
    def __init__(self, there: int) -> None:
        self.there, self.taken, self.waits = there, 0, True

    def take(self, count: int) -> int:
        taken = min(count, self.there - self.taken)
        self.taken += taken
        self.waits = taken == count
        return taken


@pytest.mark.parametrize(
    ("there", "room", "taken"),
    [
        ([], 10, []),
        ([100], 10, [10]),
        ([100, 100], 10, [5, 5]),
        ([100, 2, 100], 12, [5, 2, 5]),
        ([3, 0, 1], 100, [3, 0, 1]),
        ([9, 9, 9], 2, [1, 1, 0]),
        ([100, 1, 100], 10, [5, 1, 4]),
        ([2, 100, 1], 6, [2, 3, 1]),
        ([2, 0, 100], 7, [2, 0, 5]),
    ],
)
def test_room_is_shared(there: list[int], room: int, taken: list[int]) -> None:
    some = [Some(count) for count in there]
    assert share_out(some, room) == sum(taken)
    assert [one.taken for one in some] == taken


# --- what is told of them -------------------------------------------------------------------------------------------


def told(name: str) -> int:
    return Row.objects.filter(name=name).count()


@pytest.mark.parametrize("again", ["each", "never", {"after": "1d"}, "not_while_inside"])
def test_of_a_wave_neither_coming_nor_leaving_is_told(kit: Kit, clock: SetClock, again: Any) -> None:
    everybody(clock)
    known(kit, "ann", "bob")
    begin(clock, {**AT_THREE, "again": again}, say("news"))
    kit.pass_time(4 * HOUR, HOUR)
    kit.run()
    assert (sent(kit), told("Journey Entered"), told("Journey Left")) == (["news"], 0, 0)


def test_of_who_was_in_the_segment_both_are_told(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann", "bob")
    begin(clock, {"segment": "all"}, say("news"), include_existing=True)
    kit.run()
    assert (sent(kit), told("Journey Entered"), told("Journey Left")) == (["news"], 2, 2)


def test_a_wave_leads_to_another_campaign_each_time(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann", "bob")
    steps.put("b", {"definition": {"entry": {"api": True}, "steps": [say("b")]}}, clock.now())
    steps.activate("b", clock.now())
    daily = {"schedule": "FREQ=DAILY", "start": "2026-11-01T15:00", "segment": "all"}
    begin(clock, daily, {"key": "on", "go_to": "b"})
    kit.pass_time(3 * DAY, HOUR)
    assert [sent(kit, user) for user in ("ann", "bob")] == [["b"] * 3] * 2
    assert Campaign.objects.get(key="b").runs.count() == 6


# --- the facts of before --------------------------------------------------------------------------------------------


def test_the_facts_of_before_come_in_some_at_a_time(kit: Kit, clock: SetClock) -> None:
    known(kit, *USERS[:6])
    for number, user in enumerate(USERS[:6]):
        for order in range(number):
            kit.order(user, f"{user}-{order}", 10, clock.now() - 5 * DAY + order * HOUR)
    kit.run()
    begin(clock, {"fact": "Order Completed"}, say("hi", wait="1d"), backfill="10d")
    assert not Run.objects.exists(), "whoever lets it run does not wait for them"
    counts = []
    while not counts or counts[-1] != Run.objects.count():
        counts.append(Run.objects.count())
        steps.advance(clock.now(), 4)
    assert counts == [0, 6, 10, 15], "each turn ends behind the customer whose facts fill it"
    assert Wave.objects.get().ended_at == clock.now()
    kit.run()
    assert Run.objects.count() == 15


def test_the_facts_of_before_are_judged_at_their_own_time_in_their_order(kit: Kit, clock: SetClock) -> None:
    known(kit, "ann", "bob", "cem")
    ends = {"ann": 6, "bob": 20}
    for user, days in ends.items():
        at = clock.now() - 8 * DAY
        kit.track(user, "Trial Begun", {"ends": (at + days * DAY).isoformat(), "n": 1}, at)
        kit.track(user, "Trial Begun", {"ends": (at + 2 * days * DAY).isoformat(), "n": 2}, at + DAY)
    kit.track("cem", "Trial Begun", {"ends": clock.now().isoformat(), "n": 1}, clock.now() - 30 * DAY)
    kit.run()
    soon = [{"property": "ends", "in_next": "10d"}]
    begin(clock, {"fact": "Trial Begun", "where": soon, "again": "never"}, say("hi"), backfill="10d")
    kit.run()
    found = Run.objects.get()
    assert (found.customer_id, found.context["event"]["properties"]["n"]) == (kit.customer("ann"), 1)


def test_facts_of_before_end_where_the_campaign_asks_for_them_no_more(kit: Kit, clock: SetClock) -> None:
    known(kit, *USERS[:6])
    for user in USERS[:6]:
        kit.order(user, user, 10)
    kit.run()
    clock.advance(HOUR)
    begin(clock, {"fact": "Order Completed"}, say("hi"), backfill="10d")
    steps.advance(clock.now(), 4)
    steps.put("c", {"definition": {"entry": {"fact": "Order Completed"}, "steps": [say("hi")]}}, clock.now())
    kit.run()
    assert Run.objects.count() == 4
    assert steps.next_due() is None


# --- who is in the segment already ----------------------------------------------------------------------------------


def test_whoever_lets_it_run_says_whether_it_is_for_those_too_who_are_in_its_segment(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann", "bob")
    begin(clock, {"segment": "all"}, say("hello"))
    known(kit, "cem")
    assert [sent(kit, user) for user in ("ann", "bob", "cem")] == [[], [], ["hello"]]
    assert reads.existing(Campaign.objects.get()) == 3
    for _ in range(2):
        steps.activate("c", clock.now(), existing=True)
        kit.run()
    assert [sent(kit, user) for user in ("ann", "bob", "cem")] == [["hello"]] * 3
    assert reads.existing(Campaign.objects.get()) == 0


def test_a_play_reaches_those_who_are_in_its_audience_where_that_is_asked_for(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    begin(clock, {"fact": "Seen"}, say("hello"))
    assert reads.existing(steps.activate("c", clock.now(), existing=True)) == 0
    assert not Wave.objects.exists(), "no segment starts it"
    steps.activate_play("win-back", clock.now(), existing=True)
    assert Wave.objects.get().segment == Campaign.objects.get(key="win-back").definition["entry"]["segment"]


# --- a time that is over --------------------------------------------------------------------------------------------


def test_a_broadcast_whose_time_is_over_is_refused_not_forgotten(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann")
    over = {"entry": {**AT_THREE, "broadcast": "2026-11-24T11:00"}, "steps": [say("hello")]}
    steps.put("c", {"definition": over}, clock.now())
    with pytest.raises(Invalid) as refused:
        steps.activate("c", clock.now())
    assert [fault.path for fault in refused.value.faults] == ["/definition/entry/broadcast"]
    assert Campaign.objects.get().state == "draft"
    steps.put("c", {"definition": {**over, "entry": AT_THREE}}, clock.now())
    steps.activate("c", clock.now())
    with pytest.raises(Invalid):
        steps.put("c", {"definition": over}, clock.now())
    clock.advance(timedelta(hours=4))
    kit.run()
    assert sent(kit, "ann") == ["hello"]
    steps.put("c", {"definition": {**over, "entry": AT_THREE, "holdout_percent": 0}, "name": "Sent"}, clock.now())
    steps.pause("c", clock.now())
    assert steps.activate("c", clock.now()).state == "active", "what was sent may go on"
