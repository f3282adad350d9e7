"""Whole paths through the loop: goals and exits, versions, time and clocks, merges."""

from __future__ import annotations

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid
from dangol.campaign import rules, steps
from dangol.campaign.models import Run, Version
from dangol.collect.facts import Fact
from dangol.deliver.models import Delivery
from dangol.segment import steps as segments
from dangol.segment.models import Segment
from tests.campaign.ways import DAY, HOUR, abandoned, begin, known, reasons, say, sent
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

# --- goals and exits ------------------------------------------------------------------------------------------------


def test_a_goal_that_is_a_rule_ends_the_run_at_once_and_is_harvested(kit: Kit, clock: SetClock) -> None:
    goal = {"rule": {"event": "Order Completed", "sum": {"of": "revenue", "at_least": 100}}, "within": "30d"}
    begin(clock, {"fact": "Seen"}, say("one"), say("two", wait="2d"), goal=goal)
    known(kit, "ann", "bob")
    for user in ("ann", "bob"):
        kit.track(user, "Seen")
    kit.run()
    clock.advance(DAY)
    kit.order("ann", "o1", 60)
    kit.order("bob", "o2", 60)
    kit.order("ann", "o3", 60)
    kit.run()
    assert reasons() == ["goal"]
    kit.pass_time(2 * DAY, DAY)
    assert (sent(kit, "ann"), sent(kit, "bob")) == (["one"], ["one", "two"])
    kit.order("bob", "o4", 60)
    kit.run()
    from dangol.harvest import steps as harvest

    assert harvest.results("c", clock.now()).treated.conversions == 2, "also after the last step"


def test_an_exit_rule_is_kept_at_every_step(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("one", wait="1h"), exit={"rule": {"trait": "blocked", "is": True}})
    known(kit, "ann", blocked=True)
    known(kit, "bob")
    for user in ("ann", "bob"):
        kit.track(user, "Seen")
    kit.run()
    kit.identify("bob", {"blocked": True})
    kit.run()
    assert reasons() == ["exit"]
    kit.pass_time(HOUR)
    kit.run()
    assert reasons() == ["exit", "exit"]
    assert not Delivery.objects.exists()


def test_a_message_that_waits_for_the_morning_is_not_sent_to_who_has_left(kit: Kit, clock: SetClock) -> None:
    step = say("one")
    step["send"]["class"] = "marketing"
    begin(clock, {"fact": "Seen"}, step, exit={"fact": "Subscription Ended"})
    known(kit, "ann")
    kit.consent("ann")
    clock.advance(10 * HOUR)  # 22:00 in Seoul
    kit.track("ann", "Seen")
    kit.run()
    assert Delivery.objects.get().state == "planned"
    steps.archive("c", clock.now())
    kit.pass_time(12 * HOUR, HOUR)
    delivery = Delivery.objects.get()
    assert delivery.state == "cancelled"
    assert "campaign_left" in str(delivery.decision)


# --- versions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("apply_to", "ann"), [("all", ["new"]), ("new", ["old"])])
def test_who_is_under_way_moves_over_or_ends_by_the_old_version(
    kit: Kit, clock: SetClock, apply_to: str, ann: list[str]
) -> None:
    begin(clock, {"fact": "Seen"}, {"key": "rest", "wait": "1d"}, say("old"))
    known(kit, "ann", "bob")
    kit.track("ann", "Seen")
    kit.run()
    changed = {"entry": {"fact": "Seen"}, "steps": [{"key": "rest", "wait": "1d"}, say("new")]}
    steps.put("c", {"definition": changed}, clock.now(), apply_to=apply_to)
    steps.put("c", {"name": "Renamed", "definition": changed}, clock.now())
    kit.track("bob", "Seen")
    kit.run()
    kit.pass_time(DAY)
    assert (sent(kit, "ann"), sent(kit, "bob")) == (ann, ["new"])
    steps.put("c", {"definition": {**changed, "exit_on_goal": False}}, clock.now(), apply_to=apply_to)
    assert list(Version.objects.filter(open=True).values_list("number", flat=True)) == [4], "by no other"


def test_a_change_of_an_old_version_is_refused(clock: SetClock, shop: object) -> None:
    begin(clock, {"fact": "Seen"}, say("one"))
    shape = {"definition": {"entry": {"fact": "Seen"}, "steps": [say("two")]}}
    steps.put("c", shape, clock.now(), version=1)
    with pytest.raises(Conflict, match="version 2, not 1"):
        steps.put("c", shape, clock.now(), version=1)
    with pytest.raises(Invalid):
        steps.put("c", shape, clock.now(), apply_to="some")


def test_a_drained_campaign_lets_nobody_in_and_everybody_out(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("one", wait="1h"))
    known(kit, "ann", "bob")
    kit.track("ann", "Seen")
    kit.run()
    steps.drain("c", clock.now())
    kit.track("bob", "Seen")
    kit.run()
    kit.pass_time(2 * HOUR, HOUR)
    assert (sent(kit, "ann"), sent(kit, "bob")) == (["one"], [])


def test_rules_that_nobody_waits_for_any_more_are_put_away(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("one"), exit={"rule": {"trait": "blocked", "is": True}})
    assert Segment.objects.filter(state="active").count() == 1
    steps.archive("c", clock.now())
    assert not Segment.objects.filter(state="active").exists()
    with pytest.raises(Conflict):
        steps.activate("c", clock.now())


def test_a_rule_about_a_segment_that_is_not_there_is_refused(clock: SetClock, shop: object) -> None:
    wait = {"within": "1d", "branches": [{"key": "a", "rule": {"any": [{"segment": "nowhere"}]}}]}
    steps.put("c", {"definition": {"entry": {"fact": "Seen"}, "steps": [{"key": "w", "wait_for": wait}]}}, clock.now())
    with pytest.raises(Invalid) as refused:
        steps.activate("c", clock.now())
    places = [fault.path for fault in refused.value.faults]
    assert places == ["/definition/steps/0/wait_for/branches/0/rule/any/0/segment"]


# --- time, chance, clocks -------------------------------------------------------------------------------------------


def test_overdue_messages_do_not_come_at_once_after_a_stop(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("one", wait="1h"), say("two", wait="1d"), say("three", wait="1d"))
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    clock.advance(20 * DAY)
    kit.run()
    assert list(Delivery.objects.values_list("step", "state")) == [("one", "expired")]
    kit.pass_time(2 * DAY, HOUR)
    assert sent(kit) == ["two", "three"]


def test_a_clock_that_jumps_back_sends_nothing_twice(kit: Kit, clock: SetClock) -> None:
    segments.save("all", {"name": "All", "where": {"trait": "email", "exists": True}}, clock.now())
    known(kit, "ann")
    begin(clock, {"schedule": "FREQ=DAILY", "start": "2026-11-01T15:00", "segment": "all"}, say("daily"))
    clock.advance(4 * HOUR)
    kit.run()
    clock.advance(-2 * HOUR)
    kit.run()
    clock.advance(3 * HOUR)
    kit.run()
    assert sent(kit) == ["daily"]


def test_a_held_out_customer_goes_the_same_way_and_hears_nothing(kit: Kit, clock: SetClock) -> None:
    wait = {"within": "1d", "fact": "Order Completed"}
    begin(clock, {"fact": "Seen"}, {"key": "w", "wait_for": wait}, say("one"), holdout_percent=50)
    users = [f"u{n}" for n in range(12)]
    known(kit, *users)
    for user in users:
        kit.track(user, "Seen")
    kit.run()
    kit.pass_time(2 * DAY, HOUR)
    arms = dict(Run.objects.values_list("customer_id", "arm"))
    assert set(arms.values()) == {"treated", "holdout"}
    assert all(bool(sent(kit, user)) == (arms[kit.customer(user)] == "treated") for user in users)
    assert set(Run.objects.values_list("state", flat=True)) == {"finished"}


def test_a_run_that_waits_follows_its_customer(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Product Added", "key": "cart_id"}, abandoned("1d"))
    kit.send({"type": "track", "anonymousId": "a1", "event": "Product Added", "properties": {"cart_id": "x"}})
    kit.run()
    kit.send({"type": "identify", "anonymousId": "a1", "userId": "ann", "traits": {"email": "ann@example.com"}})
    kit.run()
    clock.advance(HOUR)
    kit.track("ann", "Order Completed", {"order_id": "1", "cart_id": "x", "total": 5})
    kit.run()
    run = Run.objects.get()
    assert (run.customer_id, run.state) == (kit.customer("ann"), "left")


def test_a_fact_is_told_apart_by_time_and_name() -> None:
    entry = rules.Entry(fact="Order *")
    from tests.conftest import NOON

    told = {"position": 1, "source": "site", "message_id": "m", "type": "track", "at": NOON, "received_at": NOON}
    assert rules.starts(entry, Fact(name="Order Paid", **told), NOON)
    assert not rules.starts(entry, Fact(name="Basket", **told), NOON)
