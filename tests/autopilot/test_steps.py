"""The autopilot over a real shop: off at first, within its limits, and whatever it did can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol.autopilot import steps as autopilot
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.campaign import reads as campaigns
from dangol.campaign import steps as campaign
from dangol.strategy import steps as strategy
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def first_segments(kit: Kit, clock: SetClock) -> None:
    strategy.ensure_ready(clock.now())


def states() -> dict[str, str]:
    return {key: found.state for key, found in campaigns.of_plays().items()}


def on(mode: str, clock: SetClock, **more: Any) -> None:
    autopilot.set_limits({"mode": mode, **more}, clock.now())


def test_nothing_happens_until_somebody_switches_it_on(clock: SetClock) -> None:
    assert autopilot.limits().mode == "off"
    assert not autopilot.due(clock.now())
    assert autopilot.step(clock.now()) == []
    assert (autopilot.acts(), states()) == ([], {})


def test_it_proposes_and_does_what_is_accepted(clock: SetClock) -> None:
    on("proposes", clock)
    proposed = autopilot.step(clock.now())
    assert [act.play for act in proposed] == ["welcome", "abandoned-cart", "thanks"], "as a new shop should begin"
    assert all(act.reason["en"] and act.reason["ko"] and act.due_at is None for act in proposed)
    clock.advance(3 * DAY)
    autopilot.step(clock.now())
    assert states() == {}, "a proposal is no act"
    done = autopilot.accept(proposed[0].pk, "owner@shop.example", clock.now())
    assert (done.state, done.by, states()) == ("done", "owner@shop.example", {"welcome": "active"})
    with pytest.raises(Conflict):
        autopilot.accept(proposed[0].pk, "other@shop.example", clock.now())
    with pytest.raises(NotFound):
        autopilot.accept(999, "owner@shop.example", clock.now())


def test_it_looks_once_a_day_and_proposes_nothing_twice(clock: SetClock) -> None:
    on("proposes", clock)
    assert autopilot.step(clock.now())
    assert not autopilot.due(clock.now() + timedelta(hours=17)), "six in the morning is not there yet"
    clock.advance(DAY)
    assert autopilot.due(clock.now())
    assert autopilot.step(clock.now()) == []
    assert len(autopilot.waiting()) == 3


def test_what_was_declined_is_not_proposed_again_for_a_month(clock: SetClock) -> None:
    on("proposes", clock)
    first = autopilot.step(clock.now())[0]
    autopilot.decline(first.pk, "owner@shop.example", clock.now())
    clock.advance(29 * DAY)
    autopilot.step(clock.now())
    assert first.play not in {act.play for act in autopilot.waiting()}
    clock.advance(DAY)
    for act in autopilot.waiting():
        autopilot.accept(act.pk, "owner@shop.example", clock.now())
    autopilot.step(clock.now())
    assert first.play in {act.play for act in autopilot.waiting()}


def test_it_acts_by_itself_when_the_time_to_object_is_over(clock: SetClock) -> None:
    on("acts", clock, hours=4, plays=["welcome", "thanks"])  # it is noon in Seoul
    autopilot.step(clock.now())
    assert states() == {}
    autopilot.decline(next(act.pk for act in autopilot.waiting() if act.play == "thanks"), "owner", clock.now())
    clock.advance(timedelta(hours=3, minutes=59))
    assert not autopilot.due(clock.now())
    clock.advance(timedelta(minutes=1))
    assert [(act.play, act.state, act.by) for act in autopilot.step(clock.now())] == [("welcome", "done", "")]
    assert states() == {"welcome": "active"}


def test_whatever_it_did_can_be_taken_back(clock: SetClock) -> None:
    on("proposes", clock)
    act = autopilot.step(clock.now())[0]
    with pytest.raises(Conflict):
        autopilot.undo(act.pk, "owner", clock.now())
    autopilot.accept(act.pk, "owner", clock.now())
    assert autopilot.undo(act.pk, "owner", clock.now()).state == "undone"
    assert states() == {act.play: "paused"}
    clock.advance(DAY)
    autopilot.step(clock.now())
    assert act.play not in {one.play for one in autopilot.waiting()}, "it has understood"


def test_what_staff_changed_since_is_not_taken_back(clock: SetClock) -> None:
    on("proposes", clock)
    act = autopilot.step(clock.now())[0]
    autopilot.accept(act.pk, "owner", clock.now())
    campaign.pause(act.play, clock.now())
    with pytest.raises(Conflict):
        autopilot.undo(act.pk, "owner", clock.now())
    clock.advance(DAY)
    autopilot.step(clock.now())
    assert act.play not in {one.play for one in autopilot.waiting()}, "staff paused it"


def test_a_tighter_limit_ends_what_it_began_and_a_pause_is_taken_back_too(clock: SetClock) -> None:
    on("acts", clock, hours=0, plays=["welcome"])
    autopilot.step(clock.now())
    assert states() == {"welcome": "active"}
    on("acts", clock, plays=["thanks"])
    autopilot.step(clock.now())
    assert states() == {"welcome": "paused", "thanks": "active"}
    pause = next(act for act in autopilot.acts() if act.verb == "pause")
    assert pause.why == "not_allowed"
    autopilot.undo(pause.pk, "owner", clock.now())
    assert states()["welcome"] == "active"


def test_switched_off_it_withdraws_what_it_proposed(clock: SetClock) -> None:
    on("acts", clock)
    autopilot.step(clock.now())
    on("off", clock)
    assert autopilot.due(clock.now())
    assert {act.state for act in autopilot.step(clock.now())} == {"withdrawn"}
    clock.advance(9 * DAY)
    assert autopilot.step(clock.now()) == []
    assert states() == {}


def test_an_act_that_a_crash_cut_short_is_carried_out_later(clock: SetClock) -> None:
    on("proposes", clock)
    act = autopilot.step(clock.now())[0]
    type(act).objects.filter(pk=act.pk).update(state="doing", done_at=clock.now())
    clock.advance(timedelta(minutes=10))
    autopilot.step(clock.now())
    assert states() == {act.play: "active"}


def test_what_cannot_be_done_is_told_and_stops_nothing(clock: SetClock) -> None:
    on("acts", clock, hours=0)
    strategy.play("welcome")
    campaign.put("welcome", {"name": "x", "definition": strategy.play("thanks").definition}, clock.now())
    campaign.archive("welcome", clock.now())
    acts = {act.play: act for act in autopilot.step(clock.now())}
    assert (acts["welcome"].state, acts["thanks"].state) == ("failed", "done")
    assert "put away" in acts["welcome"].trouble


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"mode": "on"}, "/mode"),
        ({"plays": ["nonsense"]}, "/plays"),
        ({"plays": "welcome"}, "/plays"),
        ({"contacts": 0}, "/contacts"),
        ({"contacts": True}, "/contacts"),
        ({"budget": "-1"}, "/budget"),
        ({"budget": "much"}, "/budget"),
        ({"discount": 101}, "/discount"),
        ({"hours": -1}, "/hours"),
        ({"opens": "25:00"}, "/opens"),
        ({"opens": "18:00", "closes": "09:00"}, "/closes"),
        ({"sky": 1}, "/sky"),
    ],
)
def test_a_wrong_limit_is_refused_with_its_place(told: dict[str, Any], place: str, clock: SetClock) -> None:
    with pytest.raises(Invalid) as refused:
        autopilot.set_limits(told, clock.now())
    assert [fault.path for fault in refused.value.faults] == [place]
    assert autopilot.limits().pk is None, "nothing was kept"
