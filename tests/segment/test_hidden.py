"""Conditions that campaigns keep as segments are shown to nobody; who is refused because of one hears of campaigns."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.campaign import steps as campaign
from dangol.privacy import export
from dangol.privacy.audit import Actor
from dangol.segment import active, asking, lists, reads, steps
from dangol.segment.models import Day, Member, Segment
from dangol.survey import asking as survey
from tests.campaign.ways import begin, known, say
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def waited_for(kit: Kit, clock: SetClock) -> str:
    """A campaign waits for gold customers on the list vip, as ann is; the key under which the condition is kept."""
    known(kit, "ann", plan="gold")
    lists.change("vip", ["userId:ann"], [], clock.now())
    kit.run()
    rule = {"all": [{"trait": "plan", "is": "gold"}, {"list": "vip"}]}
    wait = {"within": "10d", "branches": [{"key": "a", "rule": rule, "steps": [say("one")]}]}
    begin(clock, {"fact": "Signed Up"}, {"key": "wait", "wait_for": wait})
    [(key, size)] = Segment.objects.filter(state="active").values_list("key", "members__customer_id")
    assert size == kit.customer("ann"), "she is in it"
    return str(key)


def test_nobody_finds_it(waited_for: str, clock: SetClock) -> None:
    assert reads.find(waited_for) is None
    for ask in (active.get, active.newest, asking.members):
        with pytest.raises(NotFound):
            ask(waited_for)
    with pytest.raises(Invalid, match="active segment"):
        asking.evaluate({"segment": waited_for}, clock.now())
    with pytest.raises(Invalid, match="active segment"):
        steps.save("mine", {"where": {"segment": waited_for}}, clock.now())


def test_it_has_no_history(waited_for: str, kit: Kit, clock: SetClock) -> None:
    known(kit, "bob")
    loop.join(kit.customer("ann"), kit.customer("bob"), clock.now())
    kit.run()
    kit.identify("bob", {"plan": "silver"})
    kit.run()
    assert not Member.objects.exists()
    assert not Day.objects.exists()


def test_a_persons_copy_says_nothing_of_it(waited_for: str, kit: Kit, clock: SetClock) -> None:
    steps.save("gold", {"where": {"trait": "plan", "is": "gold"}}, clock.now())
    told = export.as_json(export.copy_of(kit.customer("ann"), clock.now(), Actor("ann@staff.example"), "asked for"))
    assert [row["segment"] for row in msgspec.json.decode(b"".join(told))["segments"]] == ["gold"]


def test_who_stands_in_the_way_is_the_campaign(waited_for: str, clock: SetClock) -> None:
    assert lists.used_by("vip") == ["campaign c"]
    with pytest.raises(Conflict, match="used by campaign c;"):
        lists.remove("vip", clock.now())


def test_a_trait_in_a_condition_is_used_by_a_campaign_and_by_no_segment(waited_for: str) -> None:
    assert reads.traits_used() == {}
    assert survey.uses().campaigns["plan"] == 1


def test_a_segment_that_somebody_under_way_still_waits_for_stays(kit: Kit, clock: SetClock) -> None:
    """The campaign was changed since; its version before is followed to its end."""
    steps.save("gold", {"where": {"trait": "plan", "is": "gold"}}, clock.now())
    rule = {"all": [{"segment": "gold"}, {"event": "Order Completed"}]}
    wait = {"within": "10d", "branches": [{"key": "a", "rule": rule, "steps": [say("one")]}]}
    begin(clock, {"fact": "Signed Up"}, {"key": "wait", "wait_for": wait})
    known(kit, "ann")
    kit.track("ann", "Signed Up")
    kit.run()
    new = {"entry": {"fact": "Signed Up"}, "steps": [say("two")]}
    campaign.put("c", {"definition": new}, clock.now(), apply_to="new")
    with pytest.raises(Conflict, match="a campaign"):
        steps.archive("gold", clock.now())
    kit.pass_time(timedelta(days=11), timedelta(days=1))
    campaign.archive("c", clock.now())
    steps.archive("gold", clock.now())
