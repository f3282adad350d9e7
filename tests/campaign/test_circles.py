"""Campaigns that begin each other go round once, and say that they would have gone on."""

from __future__ import annotations

from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.campaign import steps
from dangol.campaign.models import Run
from dangol.segment import steps as segments
from tests.campaign.ways import DAY, HOUR, begin, known, say
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def tell(fact: str, key: str = "tell", **more: Any) -> dict[str, Any]:
    return {"key": key, "emit": {"fact": fact, "properties": {"n": 1}}, **more}


def came_through(campaign: str) -> int:
    return Run.objects.filter(campaign__key=campaign).count()


def marks() -> dict[str, str]:
    """Campaign → the campaign that its run would have begun once more."""
    rows = Run.objects.values_list("campaign__key", "context")
    return {key: context["led_back"] for key, context in rows if "led_back" in context}


WHERE = [{"property": "n", "at_least": 1}]  # what a campaign that is let run cannot know of


def test_facts_that_begin_each_others_campaigns_end_after_one_round(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Spun", "where": WHERE}, tell("Turned"), key="a")
    begin(clock, {"fact": "Turned", "where": WHERE}, tell("Spun"), key="b")
    known(kit, "ann")
    kit.track("ann", "Spun", {"n": 1})
    kit.run()
    kit.pass_time(DAY, HOUR)
    assert (came_through("a"), came_through("b")) == (1, 1)
    assert marks() == {"b": "a"}
    kit.track("ann", "Spun", {"n": 1})
    kit.run()
    assert came_through("a") == 2, "what a customer does begins anew"


def test_traits_that_begin_each_others_campaigns_end_after_one_round(kit: Kit, clock: SetClock) -> None:
    for key, colour, other in (("a", "red", "blue"), ("b", "blue", "red")):
        segments.save(colour, {"name": colour, "where": {"trait": "colour", "is": colour}}, clock.now())
        paint = {"key": "paint", "wait": "1m", "change": {"traits": {"colour": other}}}
        begin(clock, {"segment": colour}, paint, key=key)
    known(kit, "ann", colour="red")
    kit.pass_time(DAY, HOUR)
    assert (came_through("a"), came_through("b")) == (1, 1)
    assert marks() == {"b": "a"}


def test_a_trail_that_somebody_else_tells_keeps_nobody_out(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("hi"), key="a")
    known(kit, "ann")
    kit.track("ann", "Seen", {"trail": ["a"]})
    kit.run()
    assert came_through("a") == 1


def test_a_circle_that_can_be_seen_is_refused_when_the_campaign_is_let_run(clock: SetClock, shop: object) -> None:
    begin(clock, {"fact": "Turned"}, tell("Spun"), key="b")
    way = {"shares": [{"key": "x", "share": 50, "steps": [tell("Turned")]}, {"key": "y", "share": 50}]}
    with pytest.raises(Invalid) as refused:
        begin(clock, {"fact": "Spun"}, say("hi"), {"key": "s", "split": way}, key="a")
    [fault] = refused.value.faults
    assert (fault.path, fault.found) == ("/definition/steps/1/split/shares/0/steps/0", "Turned")
    assert "a → b → a" in fault.allowed
    with pytest.raises(Invalid, match="d → d"):
        begin(clock, {"fact": "Again"}, tell("Again"), key="d")


@pytest.mark.parametrize(
    "entry", [{"again": "never"}, {"again": {"after": "1d"}}, {"key": "cart_id"}, {"where": WHERE}]
)
def test_what_may_end_by_itself_may_run(clock: SetClock, shop: object, entry: dict[str, Any]) -> None:
    assert begin(clock, {"fact": "Again", **entry}, tell("Again")).state == "active"


def test_a_way_back_over_another_campaign_counts_from_any_side(clock: SetClock, shop: object) -> None:
    steps.put("a", {"definition": {"entry": {"fact": "Spun"}, "steps": [{"key": "on", "go_to": "b"}]}}, clock.now())
    begin(clock, {"api": True}, tell("Spun"), key="b")
    with pytest.raises(Invalid, match="a → b → a"):
        steps.activate("a", clock.now())
