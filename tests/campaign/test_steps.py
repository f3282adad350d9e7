"""Journeys on the real tables: one run per trigger, a stable holdout, goals that end, pauses that wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid, NotFound
from dangol.base.models import Shop
from dangol.campaign import homes, rules, steps
from dangol.campaign.models import Campaign, Run
from dangol.collect.facts import Fact
from dangol.collect.models import Outgoing
from dangol.identity.rules import Moves
from dangol.segment.models import Member, Segment
from dangol.segment.rules import Change
from dangol.strategy import files
from dangol.strategy import steps as strategy

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATES = {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}
TREATED = [n for n in range(1, 200) if rules.arm("c", n, 50) == "treated"]
HELD = [n for n in range(1, 200) if rules.arm("c", n, 50) == "holdout"]


def step(key: str, wait: str | None = None, message_class: str = "marketing") -> dict[str, Any]:
    told: dict[str, Any] = {"key": key, "send": {"channel": "email", "class": message_class, "templates": TEMPLATES}}
    return told | ({"wait": wait} if wait else {})


def definition(**changes: Any) -> dict[str, Any]:
    given = {
        "entry": {"fact": "Order Completed"},
        "holdout_percent": 50,
        "steps": [step("one", "1h"), step("two", "2d")],
    }
    return given | changes


@pytest.fixture(autouse=True)
def _shop(shop: Shop) -> None:
    """Every test has a shop."""


def begin(clock: SetClock, **changes: Any) -> Campaign:
    steps.put("c", {"name": "C", "definition": definition(**changes)}, clock.now())
    return steps.activate("c", clock.now())


def fact(name: str = "Order Completed", at: datetime | None = None, **changes: Any) -> Fact:
    assert at
    given = {
        "position": 1,
        "source": "site",
        "message_id": "m1",
        "type": "track",
        "name": name,
        "at": at,
        "received_at": at,
    }
    return Fact(**(given | changes))


def arrive(now: datetime, *told: tuple[int, Fact]) -> None:
    steps.enter([], [one for _, one in told], [who for who, _ in told], now)


def facts(name: str) -> list[dict[str, Any]]:
    rows = [msgspec.json.decode(bytes(row.body)) for row in Outgoing.objects.order_by("id")]
    return [row for row in rows if row["event"] == name]


def sent(clock: SetClock) -> list[tuple[int, str]]:
    return [(send.customer_id, send.step) for send in steps.advance(clock.now(), 100).sends]


# --- saving ---------------------------------------------------------------------------------------------------------


def test_a_saved_campaign_is_a_draft_and_starts_nothing(clock: SetClock) -> None:
    campaign = steps.put("c", {"name": "C", "definition": definition()}, clock.now())
    assert (campaign.state, campaign.version, campaign.name) == ("draft", 1, "C")
    arrive(clock.now(), (TREATED[0], fact(at=clock.now())))
    assert not Run.objects.exists()


def test_the_definition_may_stand_beside_the_name(clock: SetClock) -> None:
    assert steps.put("c", {"name": "C"} | definition(), clock.now()).definition == definition()


def test_a_refused_campaign_changes_nothing_and_names_every_place(clock: SetClock) -> None:
    steps.put("c", {"name": "C", "definition": definition()}, clock.now())
    with pytest.raises(Invalid) as refused:
        steps.put("c", {"name": "", "definition": definition(steps=[], holdout_percent=99)}, clock.now())
    paths = {fault.path for fault in refused.value.faults}
    assert paths == {"/name", "/definition/steps", "/definition/holdout_percent"}
    assert steps.get("c").definition == definition()
    for key in ("", "Upper", "x" * 65):
        with pytest.raises(Invalid):
            steps.put(key, {"definition": definition()}, clock.now())
    with pytest.raises(Invalid):
        steps.put("d", [], clock.now())  # type: ignore[arg-type]


def test_the_share_held_out_stands_once_a_campaign_has_begun(clock: SetClock) -> None:
    steps.put("c", {"definition": definition(holdout_percent=10)}, clock.now())
    steps.put("c", {"definition": definition(holdout_percent=20)}, clock.now())
    steps.activate("c", clock.now())
    steps.pause("c", clock.now())
    with pytest.raises(Invalid, match="/definition/holdout_percent: found 30; allowed: 20"):
        steps.put("c", {"definition": definition(holdout_percent=30)}, clock.now())
    assert steps.get("c").definition["holdout_percent"] == 20


def test_a_change_is_a_new_version_and_leaves_the_state(clock: SetClock) -> None:
    begin(clock)
    same = steps.put("c", {"name": "C", "definition": definition()}, clock.now())
    assert (same.version, same.state) == (1, "active")
    changed = steps.put("c", {"definition": definition(steps=[step("one")])}, clock.now())
    assert (changed.version, changed.state, changed.name) == (2, "active", "C")


def test_a_segment_that_is_not_there_cannot_start_anything(clock: SetClock) -> None:
    steps.put("c", {"definition": definition(entry={"segment": "nowhere"})}, clock.now())
    with pytest.raises(Invalid) as refused:
        steps.activate("c", clock.now())
    assert refused.value.faults[0].path == "/definition/entry/segment"
    with pytest.raises(NotFound):
        steps.activate("other", clock.now())


# --- entering -------------------------------------------------------------------------------------------------------


def test_one_run_per_trigger_ever(clock: SetClock) -> None:
    begin(clock)
    first = fact(at=clock.now(), properties={"order_id": "A"})
    again = fact(at=clock.now(), properties={"order_id": "A"}, message_id="m2")
    other = fact(at=clock.now(), properties={"order_id": "B"}, message_id="m3")
    arrive(clock.now(), (1, first), (1, again), (2, first))
    arrive(clock.now(), (1, first), (1, other))
    assert Run.objects.count() == 3
    assert len(facts("Journey Entered")) == 3


def test_a_campaign_starts_by_entering_its_segment(clock: SetClock) -> None:
    segment(clock, "s")
    begin(clock, entry={"segment": "s"})
    now = clock.now()
    added = fact("Product Added", at=now, properties={"product_id": "P"})
    changes = [
        Change(1, "s", True, now, False),
        Change(2, "s", False, now, False),
        Change(3, "s", True, now, True),
        Change(4, "other", True, now, False),
    ]
    steps.enter(changes, [added], [1], now)
    run = Run.objects.get()
    assert (run.customer_id, run.trigger) == (1, rules.segment_trigger(now))
    assert run.context["event"]["properties"] == {"product_id": "P"}
    steps.enter([Change(1, "s", True, now + DAY, False)], [], [], now + DAY)
    assert Run.objects.count() == 2, "who comes back starts again"


def segment(clock: SetClock, key: str, *members: int) -> Segment:
    made = Segment.objects.create(key=key, name=key, rule={}, created_at=clock.now(), updated_at=clock.now())
    for member in members:
        Member.objects.create(segment=made, customer_id=member, since=clock.now() - DAY)
    return made


@pytest.mark.parametrize(("existing", "runs"), [(True, 3), (False, 0)])
def test_members_who_are_there_already_enter_only_when_asked_to(clock: SetClock, existing: bool, runs: int) -> None:
    segment(clock, "s", 1, 2, 3)
    begin(clock, entry={"segment": "s"}, include_existing=existing)
    steps.advance(clock.now(), 100)
    assert Run.objects.count() == runs
    steps.pause("c", clock.now())
    steps.activate("c", clock.now())
    assert Run.objects.count() == runs
    assert set(Run.objects.values_list("due_at", flat=True)) <= {clock.now() + HOUR}


def test_imported_facts_start_nothing(clock: SetClock) -> None:
    begin(clock)
    arrive(clock.now(), (1, fact(at=clock.now(), imported=True)))
    assert not Run.objects.exists()


# --- advancing ------------------------------------------------------------------------------------------------------


def test_steps_are_taken_when_they_are_due_and_the_holdout_gets_none(clock: SetClock) -> None:
    begin(clock)
    treated, held = TREATED[0], HELD[0]
    arrive(clock.now(), (treated, fact(at=clock.now())), (held, fact(at=clock.now())))
    assert steps.next_due() == clock.now() + HOUR
    clock.advance(HOUR - timedelta(microseconds=1))
    assert sent(clock) == []
    clock.advance(timedelta(microseconds=1))
    assert sent(clock) == [(treated, "one")]
    assert sent(clock) == []
    clock.advance(2 * DAY)
    assert sent(clock) == [(treated, "two")]
    assert set(Run.objects.values_list("state", "arm")) == {("finished", "treated"), ("finished", "holdout")}
    assert steps.next_due() is None
    left = facts("Journey Left")
    assert {row["properties"]["reason"] for row in left} == {"finished"}
    assert len(left) == 2


def test_a_send_carries_what_deliver_needs(clock: SetClock) -> None:
    begin(clock)
    arrive(clock.now(), (TREATED[0], fact(at=clock.now(), properties={"order_id": "A"})))
    clock.advance(HOUR)
    send = steps.advance(clock.now(), 100).sends[0]
    assert (send.campaign, send.step, send.trigger) == ("c", "one", "order:site:A")
    assert (send.channel, send.message_class, send.message) == ("email", "marketing", {"templates": TEMPLATES})
    assert send.context["event"]["properties"] == {"order_id": "A"}
    assert (send.due_at, send.expires_at) == (clock.now(), clock.now() + 72 * HOUR)


def test_a_loop_that_was_down_does_not_send_everything_at_once(clock: SetClock) -> None:
    begin(clock)
    arrive(clock.now(), (TREATED[0], fact(at=clock.now())))
    clock.advance(10 * DAY)
    late = steps.advance(clock.now(), 100).sends
    assert [send.step for send in late] == ["one"]
    assert late[0].expires_at < clock.now(), "nine days late it is not sent at all"
    assert sent(clock) == []
    clock.advance(2 * DAY)
    assert sent(clock) == [(TREATED[0], "two")]


def test_many_held_out_runs_do_not_hide_a_treated_one(clock: SetClock) -> None:
    begin(clock)
    for who in [*HELD[:30], TREATED[0]]:
        arrive(clock.now(), (who, fact(at=clock.now())))
    clock.advance(HOUR)
    turns = [steps.advance(clock.now(), 5) for _ in range(7)]
    assert [one.done for one in turns] == [5, 5, 5, 5, 5, 5, 1], "a turn in which nobody is written to was one"
    assert [send.customer_id for one in turns for send in one.sends] == [TREATED[0]]


def test_a_campaign_that_was_shortened_ends_its_runs(clock: SetClock) -> None:
    begin(clock)
    arrive(clock.now(), (TREATED[0], fact(at=clock.now())))
    clock.advance(HOUR)
    sent(clock)
    steps.put("c", {"definition": definition(steps=[step("one")])}, clock.now())
    clock.advance(2 * DAY)
    assert sent(clock) == []
    assert Run.objects.get().state == "finished"


# --- goals ----------------------------------------------------------------------------------------------------------


def test_the_goal_ends_the_run_at_once(clock: SetClock) -> None:
    begin(clock, entry={"fact": "Product Added"}, goal={"fact": "Order Completed", "within": "7d"})
    both = TREATED[:2]
    arrive(clock.now(), *[(who, fact("Product Added", at=clock.now())) for who in both])
    clock.advance(timedelta(minutes=30))
    arrive(clock.now(), (both[0], fact(at=clock.now(), message_id="m2")))
    run = Run.objects.get(customer_id=both[0])
    assert (run.state, run.due_at, run.ended_at) == ("left", None, clock.now())
    assert [row["properties"]["reason"] for row in facts("Journey Left")] == ["goal"]
    clock.advance(HOUR)
    assert sent(clock) == [(both[1], "one")]


def test_start_and_goal_in_one_batch(clock: SetClock) -> None:
    begin(clock, entry={"fact": "Product Added"}, goal={"fact": "Order Completed", "within": "7d"})
    now = clock.now()
    order = fact(at=now + timedelta(seconds=1), message_id="m2")
    arrive(now, (1, fact("Product Added", at=now)), (1, order))
    assert Run.objects.get().state == "left"


def test_without_exit_on_goal_the_run_goes_on(clock: SetClock) -> None:
    begin(clock, goal={"fact": "Order Completed", "within": "7d"}, exit_on_goal=False)
    arrive(clock.now(), (TREATED[0], fact(at=clock.now())))
    clock.advance(HOUR)
    arrive(clock.now(), (TREATED[0], fact(at=clock.now(), message_id="m2", imported=True)))
    assert sent(clock) == [(TREATED[0], "one")]


def test_the_order_that_started_the_run_is_not_its_goal(clock: SetClock) -> None:
    begin(clock, goal={"fact": "Order Completed", "within": "7d"})
    order = fact(at=clock.now(), properties={"order_id": "A"})
    arrive(clock.now(), (TREATED[0], order))
    arrive(clock.now(), (TREATED[0], order))
    assert Run.objects.get().state == "active"
    clock.advance(timedelta(minutes=1))
    arrive(clock.now(), (TREATED[0], fact(at=clock.now(), properties={"order_id": "B"}, message_id="m2")))
    assert sorted(Run.objects.values_list("trigger", "state")) == [("order:site:A", "left"), ("order:site:B", "active")]


# --- pausing --------------------------------------------------------------------------------------------------------


def test_a_paused_campaign_waits_and_goes_on(clock: SetClock) -> None:
    begin(clock)
    arrive(clock.now(), (TREATED[0], fact(at=clock.now())))
    steps.pause("c", clock.now())
    arrive(clock.now(), (TREATED[1], fact(at=clock.now())))
    assert Run.objects.count() == 1, "nobody enters a campaign that rests"
    clock.advance(10 * DAY)
    assert sent(clock) == []
    assert steps.next_due() is None
    steps.activate("c", clock.now())
    late = steps.advance(clock.now(), 100).sends
    assert [send.step for send in late] == ["one"]
    assert late[0].expires_at > clock.now()


def test_a_goal_ends_a_paused_run(clock: SetClock) -> None:
    begin(clock, entry={"fact": "Product Added"}, goal={"fact": "Order Completed", "within": "7d"})
    arrive(clock.now(), (TREATED[0], fact("Product Added", at=clock.now())))
    steps.pause("c", clock.now())
    arrive(clock.now() + HOUR, (TREATED[0], fact(at=clock.now() + HOUR, message_id="m2")))
    assert Run.objects.get().state == "left"


# --- merging --------------------------------------------------------------------------------------------------------


def test_runs_of_one_person_become_one(clock: SetClock) -> None:
    begin(clock, holdout_percent=0)
    told = fact(at=clock.now(), properties={"order_id": "A"})
    arrive(clock.now(), (1, told), (2, told), (2, fact(at=clock.now(), properties={"order_id": "B"})))
    Run.objects.filter(customer_id=2, trigger="order:site:A").update(step="two")
    before = sorted(Run.objects.values_list("customer_id", "trigger", "step"))
    homes.rehome(Moves(homes=[(2, 2, 1)]))
    assert sorted(Run.objects.values_list("customer_id", "trigger", "step")) == [
        (1, "order:site:A", "two"),
        (1, "order:site:B", "one"),
    ]
    homes.rehome(Moves(homes=[(2, 1, 2)]))
    assert sorted(Run.objects.values_list("customer_id", "trigger", "step")) == before, "an undone merge leaves no mark"


# --- plays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(files.plays()))
def test_every_play_can_be_activated_twice_in_korean(clock: SetClock, key: str) -> None:
    strategy.ensure_ready(clock.now())
    campaign = steps.activate_play(key, clock.now())
    assert (campaign.state, campaign.play) == ("active", key)
    assert not campaign.name.isascii()
    again = steps.activate_play(key, clock.now() + DAY)
    assert (again.pk, again.version, again.activated_at) == (campaign.pk, 1, clock.now())
    wanted = campaign.definition["entry"].get("segment")
    assert not wanted or Segment.objects.filter(key=wanted, state="active").exists()


def test_a_shops_own_audience_is_not_overwritten(clock: SetClock) -> None:
    from dangol.segment import steps as segments

    own = {"event": "Order Completed", "within": "10d"}
    segments.save("newcomers", {"key": "newcomers", "name": "Own", "where": own}, clock.now())
    steps.activate_play("welcome", clock.now())
    assert Segment.objects.get(key="newcomers").rule == own
