"""The ledger on the real tables: one message per key, the gate twice, and facts about every outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign.models import Campaign, Run
from dangol.deliver import drafts, handover, kinds, outcomes, steps
from dangol.deliver.models import Delivery, OutboxMessage, Suppression
from dangol.profile.models import Consent, Fact, Profile
from dangol.segment.models import Member, Segment
from tests.deliver.post import Recorder, customer, facts, run, send

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop(shop: Shop) -> None:
    """Every test has a shop in Seoul; the clock stands at noon."""


def only() -> Delivery:
    return Delivery.objects.get()


def last_rules() -> list[str]:
    return only().decision[-1]["rules"]


# --- planning -------------------------------------------------------------------------------------------------------


def test_a_key_is_planned_once_ever(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now()), send(1, clock.now())], clock.now())
    run(clock)
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert len(wire.arrived) == 1
    steps.plan([send(1, clock.now(), trigger="segment:2"), send(1, clock.now(), step="other")], clock.now())
    assert Delivery.objects.count() == 3


def test_what_is_forbidden_is_kept_as_cancelled_with_its_reasons(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now(), consent="")
    steps.plan([send(1, clock.now())], clock.now())
    assert (only().state, last_rules()) == ("cancelled", ["consent_missing"])
    run(clock)
    assert not wire.arrived


def test_a_message_planned_at_night_waits_for_the_morning(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    clock.advance(10 * HOUR)  # 22:00 in Seoul
    steps.plan([send(1, clock.now())], clock.now())
    assert (only().state, last_rules()) == ("planned", ["quiet_hours"])
    assert only().due_at == clock.now() + 10 * HOUR == steps.next_due()
    run(clock)
    clock.advance(10 * HOUR - timedelta(seconds=1))
    run(clock)
    assert not wire.arrived
    clock.advance(timedelta(seconds=1))
    run(clock)
    assert len(wire.arrived) == 1


def test_a_queue_that_slips_into_the_night_waits_too(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    clock.advance(9 * HOUR)  # 21:00
    run(clock)
    assert not wire.arrived
    assert only().state == "planned"


def test_expired_messages_never_leave(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), message_class="transactional", expires_at=clock.now() + HOUR)], clock.now())
    clock.advance(HOUR)
    run(clock)
    assert only().state == "expired"
    assert not wire.arrived


# --- the gate again, at hand-off ------------------------------------------------------------------------------------


def test_consent_taken_back_meanwhile_wins(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    Consent.objects.update(state="withdrawn")
    run(clock)
    assert not wire.arrived
    assert (only().state, last_rules()) == ("cancelled", ["consent_withdrawn"])


def test_a_member_of_dissatisfied_gets_no_marketing_but_news_of_the_order(clock: SetClock, wire: Recorder) -> None:
    now = clock.now()
    customer(1, now)
    steps.plan([send(1, now), send(1, now, step="receipt", message_class="transactional")], now)
    segment = Segment.objects.create(key="dissatisfied", name="x", rule={}, created_at=now, updated_at=now)
    Member.objects.create(segment=segment, customer_id=1, since=now)
    run(clock)
    assert dict(Delivery.objects.values_list("step", "state")) == {"mail": "cancelled", "receipt": "accepted"}


def test_a_changed_address_is_the_one_that_is_used(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    Profile.objects.update(email="new@example.com")
    run(clock)
    assert [to for _, to, _, _ in wire.arrived] == ["new@example.com"]
    assert only().address == "new@example.com"


def test_attempting_is_on_disk_before_the_hand_over(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert wire.states == ["attempting"]
    assert only().state == "accepted"


def test_one_marketing_message_a_local_day_the_other_waits(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    sends = [send(1, clock.now(), campaign=name) for name in ("a", "b")]
    receipt = send(1, clock.now(), campaign="c", message_class="transactional")
    steps.plan([*sends, receipt], clock.now())
    run(clock)
    assert sorted(Delivery.objects.filter(state="accepted").values_list("campaign", flat=True)) == ["a", "c"]
    waiting = Delivery.objects.get(campaign="b")
    assert (waiting.state, waiting.decision[-1]["rules"]) == ("planned", ["daily_cap"])
    clock.set(waiting.due_at)
    run(clock)
    assert len(wire.arrived) == 3


def test_the_sandbox_keeps_the_daily_cap_within_one_batch(clock: SetClock) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), campaign=f"c{n}") for n in range(5)], clock.now())
    run(clock)
    assert OutboxMessage.objects.count() == 1


def test_a_message_planned_within_the_day_of_another_waits_at_once(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    steps.plan([send(1, clock.now(), campaign="b")], clock.now())
    assert Delivery.objects.get(campaign="b").decision[-1]["rules"] == ["daily_cap"]


# --- the campaign behind it -----------------------------------------------------------------------------------------


def journey(clock: SetClock, goal: str = "Order Completed") -> Campaign:
    campaign = Campaign.objects.create(
        key="news", name="News", state="active", created_at=clock.now(),
        definition={
            "entry": {"segment": "x"}, "goal": {"fact": goal, "within": "7d"},
            "steps": [{"key": "mail", "send": {"channel": "email", "class": "marketing",
                                               "templates": {"en": {"subject": "s", "html": "h"}}}}],
        },
    )  # fmt: skip
    Run.objects.create(
        campaign=campaign, customer_id=1, home=1, trigger="segment:1", arm="treated", entered_at=clock.now(),
        state="finished",
    )  # fmt: skip
    return campaign


def test_an_order_while_the_message_waits_for_the_morning_stops_it(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    clock.advance(10 * HOUR)
    journey(clock)
    steps.plan([send(1, clock.now())], clock.now())
    clock.advance(HOUR)
    Fact.objects.create(
        customer_id=1, at=clock.now(), position=1, type="track", name="Order Completed", source="site",
        message_id="m1", received_at=clock.now(), properties='{"order_id":"o1"}',
    )  # fmt: skip
    clock.advance(9 * HOUR)
    run(clock)
    assert not wire.arrived
    assert last_rules() == ["goal_reached"]


def test_a_paused_campaign_holds_what_it_planned_and_goes_on_later(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    campaign = journey(clock)
    steps.plan([send(1, clock.now())], clock.now())
    Campaign.objects.update(state="paused")
    for _ in range(4):
        run(clock)
        clock.advance(HOUR)
    assert not wire.arrived
    assert [entry["rules"] for entry in only().decision] == [["consent_granted"], ["campaign_paused"]]
    Campaign.objects.filter(pk=campaign.pk).update(state="active")
    run(clock)
    assert len(wire.arrived) == 1


# --- outcomes -------------------------------------------------------------------------------------------------------


def test_accepted_writes_facts_once(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), message=send(1, clock.now()).message | {"survey": "csat"})], clock.now())
    run(clock)
    pk = only().pk
    sent = facts("Message Sent")
    assert [fact["messageId"] for fact in sent] == [f"sent:{pk}"]
    told = sent[0]["properties"]
    assert (told["campaign"], told["step"], told["channel"], told["delivery"]) == ("news", "mail", "email", pk)
    assert told["email_subject"] == "(광고) News"
    assert [fact["properties"]["survey"] for fact in facts("Survey Asked")] == ["csat"]
    assert not facts("Email Delivered"), "the next server took it: nobody knows that it was delivered"


def test_the_sandbox_knows_that_it_delivered(clock: SetClock) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    kept = OutboxMessage.objects.get()
    assert (kept.to, kept.subject, kept.channel) == ("c1@example.com", "(광고) News", "email")
    assert kept.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [fact["event"] for fact in facts()] == ["Message Sent", "Email Delivered"]


def test_put_off_is_tried_again_after_growing_waits_with_the_same_message_id(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    seen: list[str] = []

    def greylist(delivery: Delivery, letter: object) -> outcomes.Outcome:
        seen.append(letter.message_id)
        return outcomes.of_reply("rcpt", 451, "later") if len(seen) < 3 else outcomes.accepted("250 ok")

    wire.answer = greylist
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert (only().state, only().due_at - clock.now()) == ("deferred", timedelta(minutes=5))
    clock.advance(timedelta(minutes=5))
    run(clock)
    assert only().due_at - clock.now() == timedelta(minutes=15)
    clock.advance(timedelta(minutes=15))
    run(clock)
    assert only().state == "accepted"
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert not facts("Email Bounced")


def test_a_deferred_message_does_not_slip_into_the_night(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    clock.advance(8 * HOUR + timedelta(minutes=58))  # 20:58
    wire.answer = lambda delivery, letter: outcomes.deferred("451 later")
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    clock.advance(timedelta(minutes=5))
    run(clock)
    assert (only().state, last_rules(), only().attempts) == ("deferred", ["quiet_hours"], 1)


def test_what_is_put_off_for_three_days_is_given_up(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    wire.answer = lambda delivery, letter: outcomes.deferred("451 later")
    steps.plan([send(1, clock.now(), message_class="transactional", expires_at=None)], clock.now())
    for _ in range(40):
        run(clock)
        clock.advance(4 * HOUR)
    assert only().state == "failed"
    assert only().attempts < 25


def test_a_hard_bounce_suppresses_the_address_for_everything(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    wire.answer = lambda delivery, letter: outcomes.of_reply("rcpt", 550, "5.1.1 unknown")
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert only().state == "bounced"
    told = facts("Email Bounced")[0]["properties"]
    assert (told["kind"], told["reason"]) == ("hard", "address")
    row = Suppression.objects.get()
    assert (row.purpose, row.reason) == ("*", "hard_bounce")
    assert "example" not in row.address_hash
    steps.plan([send(1, clock.now(), step="receipt", message_class="transactional")], clock.now())
    assert Delivery.objects.get(step="receipt").decision[-1]["rules"] == ["suppressed_hard_bounce"]


@pytest.mark.parametrize(("stage", "text"), [("rcpt", "5.7.1 policy"), ("rcpt", "5.2.2 full"), ("end", "5.7.1 spam")])
def test_a_refusal_of_us_does_not_suppress_the_address(clock: SetClock, wire: Recorder, stage: str, text: str) -> None:
    customer(1, clock.now())
    wire.answer = lambda delivery, letter: outcomes.of_reply(stage, 550, text)
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert only().state == "bounced"
    assert not Suppression.objects.exists()


def test_marketing_of_unknown_end_is_never_sent_again(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    wire.answer = lambda delivery, letter: outcomes.unknown("end: connection lost")
    steps.plan([send(1, clock.now())], clock.now())
    for _ in range(20):
        run(clock)
        clock.advance(4 * HOUR)
    assert (only().state, only().unconfirmed, len(wire.arrived)) == ("unknown", 1, 1)
    assert not facts("Message Sent")


def test_a_transactional_message_of_unknown_end_is_sent_once_more_under_the_same_id(
    clock: SetClock, wire: Recorder
) -> None:
    customer(1, clock.now())
    wire.answer = lambda delivery, letter: outcomes.unknown("end: connection lost")
    steps.plan([send(1, clock.now(), message_class="transactional")], clock.now())
    for _ in range(20):
        run(clock)
        clock.advance(4 * HOUR)
    assert (only().state, only().unconfirmed, len(wire.arrived)) == ("unknown", 2, 2)
    assert len({message_id for *_, message_id in wire.arrived}) == 1


def test_one_bad_template_fails_alone(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    customer(2, clock.now())
    broken = {"templates": {"en": {"subject": "x", "html": "{{ customer.orders | divided_by: 0 }}"}}}
    steps.plan([send(1, clock.now(), message=broken), send(2, clock.now())], clock.now())
    run(clock)
    assert dict(Delivery.objects.values_list("customer_id", "state")) == {1: "failed", 2: "accepted"}
    assert "render" in Delivery.objects.get(customer_id=1).outcome


@pytest.mark.parametrize("where", [(drafts.Known, "draft"), (kinds, "finish")])
def test_a_fault_of_our_own_in_one_message_leaves_the_others_alone(
    clock: SetClock, wire: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    where: tuple[object, str],
) -> None:  # fmt: skip
    whole = getattr(*where)

    def breaks(*given: Any) -> Any:
        if any(isinstance(one, Delivery) and one.customer_id == 2 for one in given):
            raise KeyError("colour")
        return whole(*given)

    monkeypatch.setattr(*where, breaks)
    now = clock.now()
    steps.plan([send(customer(number, now), now) for number in (1, 2, 3)], now)
    run(clock)
    states = dict(Delivery.objects.values_list("customer_id", "state"))
    assert states == {1: "accepted", 2: "failed", 3: "accepted"}
    broken = Delivery.objects.get(customer_id=2)
    assert broken.outcome == "render: KeyError: 'colour'"
    (told,) = [record for record in caplog.records if record.exc_info]
    assert str(broken.pk) in told.getMessage()


def test_a_fault_of_our_own_in_the_channel_leaves_the_end_unknown(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())

    def broken(delivery: Delivery, letter: object) -> outcomes.Outcome:
        raise ZeroDivisionError

    wire.answer = broken
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert only().state == "unknown"


# --- leases ---------------------------------------------------------------------------------------------------------


def test_who_lost_the_lease_hands_nothing_over(
    clock: SetClock, wire: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    whole, stolen = handover._render, []

    def steal(*given: object) -> list[handover.Ready]:
        stolen.append(Delivery.objects.update(lease="another worker"))
        return whole(*given)

    monkeypatch.setattr(handover, "_render", steal)
    steps.work(clock, 10)
    assert stolen
    assert not wire.arrived
    assert only().state == "leased"


def test_a_silent_workers_lease_runs_out(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    Delivery.objects.update(state="leased", lease="dead", leased_until=clock.now() + timedelta(seconds=60))
    run(clock)
    assert not wire.arrived
    clock.advance(timedelta(seconds=60))
    run(clock)
    assert len(wire.arrived) == 1


@pytest.mark.parametrize(("message_class", "again"), [("marketing", 0), ("transactional", 1)])
def test_recovery_after_a_crash_in_the_middle_of_a_hand_over(
    clock: SetClock, wire: Recorder, message_class: str, again: int
) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), message_class=message_class)], clock.now())
    Delivery.objects.update(
        state="attempting", lease="dead", attempts=1, attempted_at=clock.now(),
        leased_until=clock.now() + timedelta(minutes=15),
    )  # fmt: skip
    clock.advance(timedelta(minutes=20))
    steps.recover(clock.now())
    steps.recover(clock.now())
    run(clock)
    assert len(wire.arrived) == again
    assert only().state == ("accepted" if again else "unknown")
