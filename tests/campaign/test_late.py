"""What is judged late counts as it happened: waits that ran out meanwhile, goals of versions that are no longer new."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.campaign import steps
from dangol.campaign.models import Run
from dangol.deliver.models import Delivery
from tests.campaign.ways import DAY, HOUR, begin, known, reasons, say, sent
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def wait(within: str = "1h") -> dict[str, Any]:
    paid = {"key": "paid", "fact": "Paid", "steps": [say("thanks")]}
    return {"key": "wait", "wait_for": {"within": within, "branches": [paid], "otherwise": [say("remind")]}}


def came_late(kit: Kit, clock: SetClock, user: str, after: timedelta) -> None:
    """A fact that arrives so long after now, while nobody looks."""
    start = clock.now()
    clock.set(start + after)
    kit.track(user, "Paid")
    clock.set(start)


@pytest.mark.parametrize(("after", "goes"), [(59 * MINUTE, ["thanks"]), (61 * MINUTE, ["remind"])])
def test_what_came_in_time_counts_however_late_it_is_looked_at(
    kit: Kit, clock: SetClock, after: timedelta, goes: list[str]
) -> None:
    begin(clock, {"fact": "Seen"}, wait())
    known(kit, "ann", "bob")
    kit.track("ann", "Seen")
    kit.run()
    clock.advance(30 * MINUTE)
    for _ in range(5):  # more than the first turn takes
        kit.track("bob", "Looked")
    clock.advance(-30 * MINUTE)
    came_late(kit, clock, "ann", after)
    clock.advance(3 * HOUR)
    while loop.turn_once(kit.log, clock, at_once=2):
        pass
    kit.run()
    assert sent(kit) == goes


@pytest.mark.parametrize(("after", "goes"), [(59 * MINUTE, ["thanks"]), (61 * MINUTE, ["remind"])])
def test_a_wait_that_began_and_ran_out_while_nobody_looked_ends_as_it_would_have(
    kit: Kit, clock: SetClock, after: timedelta, goes: list[str]
) -> None:
    begin(clock, {"fact": "Seen"}, {"key": "rest", "wait": "1h"}, wait())
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    clock.advance(HOUR)
    came_late(kit, clock, "ann", after)
    clock.advance(3 * HOUR)
    kit.run()
    assert sent(kit) == goes


def test_a_goal_that_is_a_rule_is_kept_for_the_harvest_though_nobody_leaves(kit: Kit, clock: SetClock) -> None:
    goal = {"rule": {"trait": "plan", "is": "gold"}, "within": "7d"}
    begin(clock, {"fact": "Seen"}, say("late", wait="5d"), goal=goal, exit_on_goal=False)
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    clock.advance(DAY)
    kit.identify("ann", {"plan": "gold"})
    kit.run()
    reached = clock.now()
    clock.advance(DAY)
    kit.identify("ann", {"plan": "tin"})
    kit.run()
    run = Run.objects.get()
    assert (run.state, run.reached_at) == ("active", reached)
    kit.pass_time(4 * DAY, DAY)
    assert sent(kit) == ["late"]
    assert Run.objects.get().reached_at == reached


def test_a_call_that_waits_for_its_answer_goes_on_waiting_when_the_campaign_changes(kit: Kit, clock: SetClock) -> None:
    def shape(subject: str) -> list[dict[str, Any]]:
        told = {"fact": "Points Told", "properties": {"points": "{{ webhooks.ask.points }}"}}
        call = {"key": "ask", "webhook": {"url": "https://erp.example/p", "within": "5m"}}
        return [call, {"key": "tell", "emit": told}, say(subject)]

    begin(clock, {"fact": "Seen"}, *shape("one"))
    known(kit, "ann")
    kit.track("ann", "Seen")
    loop.settle(kit.log, clock)  # the call is planned, nobody makes it yet
    steps.put("c", {"definition": {"entry": {"fact": "Seen"}, "steps": shape("two")}}, clock.now())
    run = Run.objects.get()
    assert (run.version, run.step, run.phase) == (2, "ask", "for")
    clock.advance(MINUTE)
    from dangol.collect.steps import emit

    told = {"campaign": "c", "step": "ask", "trigger": run.trigger, "answer": {"points": 7}}
    emit("Webhook Answered", run.customer_id, told, message_id="answer", at=clock.now())
    loop.settle(kit.log, clock)
    loop.settle(kit.log, clock)
    run.refresh_from_db()
    assert (run.state, run.context["webhooks"]) == ("finished", {"ask": {"points": 7}})


def test_a_message_of_an_older_version_is_stopped_by_that_versions_goal(kit: Kit, clock: SetClock) -> None:
    entry = {"fact": "Seen"}
    begin(clock, entry, say("hi", wait="1h"), goal={"fact": "Order Completed"})
    known(kit, "ann", "bob")
    for user in ("ann", "bob"):
        kit.track(user, "Seen")
    kit.run()
    shape = {"definition": {"entry": entry, "steps": [say("hi", wait="1h")]}}
    steps.put("c", shape, clock.now(), apply_to="new")
    clock.advance(HOUR)
    loop.settle(kit.log, clock)  # planned, not handed over
    kit.order("ann", "o1", 10)
    loop.settle(kit.log, clock)
    kit.run()
    assert sent(kit, "bob") == ["hi"]
    assert [row.state for row in Delivery.objects.filter(customer_id=kit.customer("ann"))] == ["cancelled"]


def test_who_leaves_behind_a_message_still_gets_it(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("hi"), {"key": "out", "exit": True}, goal={"fact": "Order Completed"})
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    assert sent(kit) == ["hi"]
    assert reasons() == ["exited"]


def test_a_rule_that_time_made_true_too_late_is_late(kit: Kit, clock: SetClock) -> None:
    """Nobody looked while the wait ran out; an hour later the rule came to hold."""
    rested = {"none": [{"event": "Seen", "count": {"at_least": 1}, "within": "2h"}]}
    ways = [{"key": "rested", "rule": rested, "steps": [say("rested")]}]
    wait_for = {"within": "1h", "branches": ways, "otherwise": [say("remind")]}
    begin(clock, {"fact": "Seen"}, {"key": "wait", "wait_for": wait_for})
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    clock.advance(5 * HOUR)
    kit.run()
    assert sent(kit) == ["remind"]


def test_runs_that_stand_aside_and_what_they_are_about_are_forgotten_too(kit: Kit, clock: SetClock) -> None:
    from dangol.campaign import forgetting

    begin(clock, {"fact": "Checkout Started", "key": "cart"}, say("hi", wait="2d"))
    known(kit, "ann")
    kit.track("ann", "Checkout Started", {"cart": "ann-kim-7", "email": "ann@example.com"})
    kit.track("a2", "Checkout Started", {"cart": "ann-kim-7", "email": "ann@example.com"})
    kit.run()
    loop.join(kit.customer("ann"), kit.customer("a2"), clock.now())
    assert sorted(Run.every.values_list("aside", flat=True)) == [False, True]
    forgetting.forget({kit.customer("ann")}, clock.now())
    told = list(Run.every.values_list("context", "about", "state"))
    assert told == [({}, "", "left")] * 2
    assert not Run.every.filter(trigger__contains="ann").exists()
