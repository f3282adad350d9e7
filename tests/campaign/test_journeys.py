"""Whole paths through the loop: every way in, every way on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Conflict
from dangol.base.instants import iso
from dangol.campaign import steps
from dangol.campaign.models import Run, Wave
from dangol.deliver.models import Delivery
from dangol.profile.models import Fact as Row
from dangol.segment import steps as segments
from dangol.segment import topics
from dangol.segment.models import Segment
from tests.campaign.ways import DAY, HOUR, abandoned, begin, known, reasons, say, sent
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

# --- ways in --------------------------------------------------------------------------------------------------------


def test_one_run_for_each_cart_that_is_large_enough(kit: Kit, clock: SetClock) -> None:
    entry = {"fact": "Checkout Started", "where": [{"property": "total", "at_least": 30}], "key": "checkout_id"}
    begin(clock, entry, say("hi"))
    known(kit, "ann")
    for number, (cart, total) in enumerate([("A", 50), ("A", 60), ("B", 20), ("C", 30), ("", 99)]):
        kit.track("ann", "Checkout Started", {"checkout_id": cart, "total": total, "n": number})
        kit.run()
    assert sorted(Run.objects.values_list("about", "trigger")) == [("A", "key:A"), ("C", "key:C")]


@pytest.mark.parametrize(("again", "runs"), [("each", 4), ("never", 1), ({"after": "2d"}, 2), ("not_while_inside", 2)])
def test_coming_again(kit: Kit, clock: SetClock, again: Any, runs: int) -> None:
    begin(clock, {"fact": "Seen", "again": again}, say("hi", wait="30h"))
    known(kit, "ann")
    for _ in range(4):  # now, in 20, 40 and 60 hours; whoever came is inside for 30
        kit.track("ann", "Seen")
        kit.run()
        kit.pass_time(20 * HOUR, 5 * HOUR)
    assert Run.objects.count() == runs


def test_a_birthday_is_greeted_at_nine_where_the_customer_lives(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"date": "birthday", "yearly": True}, say("hi"))
    known(kit, "ann", birthday="1990-11-26")
    known(kit, "bob", birthday="1990-11-26", timezone="America/Los_Angeles")
    known(kit, "cem", birthday="1990-06-01")
    kit.pass_time(3 * DAY, HOUR)
    told = {row.customer_id: iso(row.due_at) for row in Delivery.objects.all()}
    assert told == {kit.customer("ann"): "2026-11-26T00:00:00Z", kit.customer("bob"): "2026-11-26T17:00:00Z"}
    kit.pass_time(365 * DAY, DAY)
    assert Delivery.objects.filter(customer_id=kit.customer("ann")).count() == 2, "once a year"


def test_a_broadcast_reaches_every_member_at_its_time_and_goes_on_where_it_stopped(kit: Kit, clock: SetClock) -> None:
    segments.save("all", {"name": "All", "where": {"trait": "email", "exists": True}}, clock.now())
    users = [f"u{n}" for n in range(25)]
    known(kit, *users)
    begin(clock, {"broadcast": "2026-11-24T15:00", "segment": "all"}, say("news"), holdout_percent=20)
    kit.pass_time(2 * HOUR)
    assert not Run.objects.exists()
    clock.advance(HOUR)
    for _ in range(4):  # ten at a time, as after stops
        steps.advance(clock.now(), 10)
    wave = Wave.objects.get()
    assert (wave.entered, wave.ended_at) == (25, clock.now())
    assert Run.objects.filter(state="finished").count() == 25
    kit.pass_time(2 * DAY, 6 * HOUR)
    assert Run.objects.count() == 25
    assert steps.next_due() is None


def test_a_broadcast_is_planned_once_for_each_whatever_stops(kit: Kit, clock: SetClock) -> None:
    segments.save("all", {"name": "All", "where": {"trait": "email", "exists": True}}, clock.now())
    users = [f"u{n}" for n in range(25)]
    known(kit, *users)
    begin(clock, {"broadcast": "2026-11-24T15:00", "segment": "all"}, say("news"))
    clock.advance(3 * HOUR)
    kit.run()
    assert [sent(kit, user) for user in users] == [["news"]] * 25
    assert not Row.objects.filter(name="Journey Entered").exists(), "a broadcast does not flood the log"


def test_of_missed_occurrences_the_last_one_only(kit: Kit, clock: SetClock) -> None:
    segments.save("all", {"name": "All", "where": {"trait": "email", "exists": True}}, clock.now())
    known(kit, "ann")
    begin(clock, {"schedule": "FREQ=DAILY", "start": "2026-11-01T15:00", "segment": "all"}, say("daily"))
    kit.pass_time(DAY, HOUR)
    assert sent(kit) == ["daily"]
    clock.advance(5 * DAY)
    kit.run()
    assert sent(kit) == ["daily", "daily"], "four were missed"
    kit.pass_time(DAY, HOUR)
    assert sent(kit) == ["daily"] * 3


def test_a_call_starts_a_run_once(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"api": True}, say("hi"))
    known(kit, "ann")
    who = kit.customer("ann")
    assert steps.begin_for("c", who, {"plan": "gold"}, "call-1", clock.now())
    assert steps.begin_for("c", who, {"plan": "gold"}, "call-1", clock.now()) is None
    kit.run()
    assert sent(kit) == ["hi"]
    assert Run.objects.get().context["event"]["properties"] == {"plan": "gold"}
    steps.pause("c", clock.now())
    with pytest.raises(Conflict):
        steps.begin_for("c", who, {}, "call-2", clock.now())


def test_facts_of_before_start_runs_only_where_that_was_asked_for(kit: Kit, clock: SetClock) -> None:
    known(kit, "ann", "bob")
    kit.order("ann", "o1", 10, clock.now() - 40 * DAY, imported=True)
    kit.order("bob", "o2", 10, clock.now() - 5 * DAY, imported=True)
    kit.run()
    begin(clock, {"fact": "Order Completed"}, say("hi"), backfill="10d")
    kit.run()
    assert [run.customer_id for run in Run.objects.all()] == [kit.customer("bob")]


# --- ways on --------------------------------------------------------------------------------------------------------


def test_a_cart_is_waited_for_by_its_number(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Product Added", "key": "cart_id"}, abandoned(), say("after"))
    known(kit, "ann", "bob")
    for user in ("ann", "bob"):
        kit.track(user, "Product Added", {"cart_id": f"cart-{user}"})
    kit.run()
    clock.advance(HOUR)
    kit.track("ann", "Order Completed", {"order_id": "1", "cart_id": "cart-ann", "total": 5})
    kit.track("bob", "Order Completed", {"order_id": "2", "cart_id": "another", "total": 5})
    kit.run()
    assert reasons() == ["exited"]
    kit.pass_time(3 * HOUR, HOUR)
    assert (sent(kit, "ann"), sent(kit, "bob")) == ([], ["remind", "after"])


def test_what_happened_in_the_same_batch_as_the_start_is_not_missed(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Product Added", "key": "cart_id"}, abandoned())
    known(kit, "ann")
    clock.advance(HOUR)
    kit.track("ann", "Product Added", {"cart_id": "x"}, clock.now() - timedelta(minutes=10))
    kit.track("ann", "Order Completed", {"order_id": "1", "cart_id": "x", "total": 5}, clock.now())
    kit.run()
    assert reasons() == ["exited"]


def test_a_rule_is_waited_for_by_the_same_evaluator_and_shown_to_nobody(kit: Kit, clock: SetClock) -> None:
    twice = {"event": "Order Completed", "count": {"at_least": 2}, "within": "30d"}
    wait = {"within": "10d", "branches": [{"key": "regular", "rule": twice, "steps": [say("thanks")]}]}
    begin(clock, {"fact": "Signed Up"}, {"key": "wait", "wait_for": wait}, say("end"))
    known(kit, "ann", "bob")
    for user in ("ann", "bob"):
        kit.track(user, "Signed Up")
    kit.run()
    for number in range(2):
        kit.order("ann", f"o{number}", 5)
        kit.run()
    assert (sent(kit, "ann"), sent(kit, "bob")) == (["thanks", "end"], [])
    kit.pass_time(11 * DAY, DAY)
    assert sent(kit, "bob") == ["end"]
    assert not Row.objects.filter(name="Segment Entered").exists()
    from dangol.segment import reads

    assert reads.active() == []
    assert reads.of_customer(kit.customer("ann")) == []
    assert Segment.objects.filter(state="active").count() == 1


def test_who_fulfils_the_rule_already_does_not_wait(kit: Kit, clock: SetClock) -> None:
    wait = {"within": "10d", "rule": {"trait": "plan", "is": "gold"}}
    begin(clock, {"fact": "Signed Up"}, {"key": "wait", "wait_for": wait}, say("end"))
    known(kit, "ann", plan="gold")
    kit.track("ann", "Signed Up")
    kit.run()
    assert sent(kit) == ["end"]


def test_a_split_takes_the_first_way_whose_rule_holds(kit: Kit, clock: SetClock) -> None:
    ways = [
        {"key": "gold", "rule": {"trait": "plan", "is": "gold"}, "steps": [say("for-gold")]},
        {"key": "any", "rule": {"trait": "plan", "exists": True}, "steps": [say("for-any")]},
    ]
    begin(
        clock, {"fact": "Seen"}, {"key": "s", "split": {"branches": ways, "otherwise": [say("for-none")]}}, say("end")
    )
    known(kit, "ann", plan="gold")
    known(kit, "bob", plan="tin")
    known(kit, "cem")
    for user in ("ann", "bob", "cem"):
        kit.track(user, "Seen")
    kit.run()
    assert [sent(kit, user) for user in ("ann", "bob", "cem")] == [
        ["for-gold", "end"], ["for-any", "end"], ["for-none", "end"],
    ]  # fmt: skip


def test_chance_splits_stay_as_they_fell(kit: Kit, clock: SetClock) -> None:
    shares = {
        "shares": [{"key": "a", "share": 30, "steps": [say("a")]}, {"key": "b", "share": 70, "steps": [say("b")]}]
    }
    begin(clock, {"fact": "Seen"}, {"key": "s", "split": shares})
    users = [f"u{n}" for n in range(60)]
    known(kit, *users)
    for _ in range(2):
        for user in users:
            kit.track(user, "Seen")
        kit.run()
        clock.advance(DAY)
    found = [sent(kit, user) for user in users]
    assert all(one in (["a", "a"], ["b", "b"]) for one in found)
    assert 8 <= found.count(["a", "a"]) <= 30


def test_steps_that_write(kit: Kit, clock: SetClock) -> None:
    told = {"fact": "Trial Reminded", "properties": {"plan": "{{ customer.plan }}", "from": "{{ event.source }}"}}
    way = [
        {"key": "tell", "emit": told},
        {"key": "set", "change": {"traits": {"stage": "reminded {{ customer.plan }}"}}},
        {"key": "topic", "change": {"topic": "offers", "subscribed": False}},
    ]
    topics.save("offers", {"name": {"en": "Offers"}}, clock.now())
    begin(clock, {"fact": "Trial Ends"}, *way)
    known(kit, "ann", plan="gold")
    kit.track("ann", "Trial Ends", {"source": "shop"})
    kit.run()
    row = Row.objects.get(name="Trial Reminded")
    assert '"plan":"gold"' in row.properties
    assert '"from":"shop"' in row.properties
    from dangol.profile.models import Profile

    assert Profile.objects.get(pk=kit.customer("ann")).traits["stage"] == "reminded gold"
    assert Row.objects.filter(name="Topic Changed").exists()


def test_campaigns_that_lead_to_each_other_end(kit: Kit, clock: SetClock) -> None:
    steps.put(
        "b", {"definition": {"entry": {"api": True}, "steps": [say("b"), {"key": "back", "go_to": "a"}]}}, clock.now()
    )
    begin(clock, {"fact": "Seen"}, say("a"), {"key": "on", "go_to": "b"}, key="a")
    steps.activate("b", clock.now())
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    assert sent(kit) == ["a", "b"]


def test_a_task_and_a_conversation_are_on_the_list_of_staff(kit: Kit, clock: SetClock) -> None:
    call = {"key": "call", "task": {"kind": "call", "title": {"en": "Call {{ customer.first_name }}"}}}
    talk = {"key": "talk", "conversation": {"title": {"en": "Talk"}, "note": "Ask how it is."}}
    begin(clock, {"fact": "Seen"}, call, talk)
    known(kit, "ann", firstName="Ann")
    kit.track("ann", "Seen")
    kit.run()
    kit.run()
    from dangol.converse.models import Task

    assert sorted((row.kind, row.reason["title"]) for row in Task.objects.all()) == [
        ("call", "Call Ann"), ("conversation", "Talk"),
    ]  # fmt: skip


def test_the_answer_of_a_webhook_is_used_by_later_steps(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dangol.base.fetch import Answer, Unreached
    from dangol.deliver import channels
    from dangol.deliver.channels.webhooks import Webhooks

    calls: list[str] = []

    class Pretended:
        def request(self, method: str, url: str, **_: Any) -> Answer:
            calls.append(url)
            if len(calls) == 1:
                return Answer(200, {}, b'{"points": 7}')
            raise Unreached("nobody is there")

    real = channels.open_channel
    pretended = lambda name, config: Webhooks(config, Pretended()) if name == "webhook" else real(name, config)  # noqa: E731
    monkeypatch.setattr("dangol.deliver.steps.open_channel", pretended)
    tell = {"key": "tell", "emit": {"fact": "Points Told", "properties": {"points": "{{ webhooks.ask.points }}"}}}
    begin(clock, {"fact": "Seen"}, {"key": "ask", "webhook": {"url": "https://erp.example/p", "within": "5m"}}, tell)
    known(kit, "ann", "bob")
    for user in ("ann", "bob"):
        kit.track(user, "Seen")
        kit.run()
    kit.run()
    told = lambda: list(Row.objects.filter(name="Points Told").values_list("customer_id", "properties"))  # noqa: E731
    assert [(who, '"points":"7"' in said) for who, said in told()] == [(kit.customer("ann"), True)]
    kit.pass_time(timedelta(minutes=5), timedelta(minutes=1))
    kit.run()
    assert [(who, '"points":""' in said) for who, said in told()][1:] == [(kit.customer("bob"), True)], "it goes on"


def test_the_first_channel_that_reaches_the_customer_is_taken(kit: Kit, clock: SetClock) -> None:
    text = {"templates": {"en": {"text": "Hi"}}}
    letter = {"templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}
    send = {"reach": ["sms", "email"], "class": "transactional", "sms": text, "email": letter}
    begin(clock, {"fact": "Seen"}, {"key": "hi", "send": send})
    known(kit, "ann", phone="+821012345678")
    known(kit, "bob")
    kit.identify("cem", {"name": "Cem"})
    for user in ("ann", "bob", "cem"):
        kit.track(user, "Seen")
    kit.run()
    found = {row.customer_id: (row.channel, row.state) for row in Delivery.objects.all()}
    assert found[kit.customer("bob")] == ("email", "accepted")
    assert found[kit.customer("ann")][0] == "sms"
    assert found[kit.customer("cem")] == ("sms", "cancelled"), "where none reaches, the first tells why"
