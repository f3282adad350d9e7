"""What comes back from customers on the real tables: unsubscriptions, opens, clicks, and customers who become one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.deliver import gate, outcomes, steps
from dangol.deliver.models import Delivery, Suppression
from dangol.identity.rules import Moves
from dangol.profile.models import Consent
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


# --- unsubscribing --------------------------------------------------------------------------------------------------


def test_unsubscribing_suppresses_withdraws_and_cancels_what_waits(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    steps.plan([send(1, clock.now(), campaign="b")], clock.now())
    steps.plan([send(1, clock.now(), campaign="c", message_class="transactional")], clock.now())
    delivery = Delivery.objects.get(campaign="news")
    steps.unsubscribe(delivery.pk, clock.now())
    assert Delivery.objects.get(campaign="b").state == "cancelled"
    assert Delivery.objects.get(campaign="c").state == "planned"
    consent = facts("Consent Changed")[0]["properties"]
    assert (consent["channel"], consent["purpose"], consent["state"]) == ("email", "marketing", "withdrawn")
    assert consent["delivery"] == delivery.pk
    assert len(facts("Unsubscribed")) == 1
    steps.unsubscribe(delivery.pk, clock.now() + HOUR)
    assert len(facts("Unsubscribed")) == 1, "twice is once"
    steps.plan([send(1, clock.now(), campaign="d")], clock.now())
    assert Delivery.objects.get(campaign="d").decision[-1]["rules"] == ["suppressed_unsubscribe"]


def test_a_new_yes_lets_marketing_through_again_and_the_old_link_still_works(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    pk = only().pk
    steps.unsubscribe(pk, clock.now())
    clock.advance(DAY)
    Consent.objects.update(state="granted", at=clock.now())
    steps.plan([send(1, clock.now(), campaign="b")], clock.now())
    run(clock)
    assert len(wire.arrived) == 2
    clock.advance(HOUR)
    steps.unsubscribe(pk, clock.now())
    assert len(facts("Unsubscribed")) == 2
    steps.plan([send(1, clock.now(), campaign="c")], clock.now())
    assert Delivery.objects.get(campaign="c").state == "cancelled"


def test_unsubscribing_stops_what_a_worker_has_leased(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    customer(2, clock.now())
    steps.plan([send(1, clock.now()), send(2, clock.now())], clock.now())
    second = Delivery.objects.get(customer_id=2)

    def unsubscribe(delivery: Delivery, letter: object) -> outcomes.Outcome:
        steps.unsubscribe(second.pk, clock.now())
        return outcomes.accepted("250 ok")

    wire.answer = unsubscribe
    steps.work(clock, 10)
    assert [to for _, to, _, _ in wire.arrived] == ["c1@example.com"]


def test_an_unknown_delivery_cannot_be_unsubscribed(clock: SetClock) -> None:
    with pytest.raises(NotFound):
        steps.unsubscribe(1, clock.now())


# --- opens and clicks -----------------------------------------------------------------------------------------------

PERSON = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"


def test_clicks_lead_to_the_stored_target_and_are_told(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    pk = only().pk
    assert steps.clicked(pk, 0, clock.now(), PERSON) == "https://shop.example/"
    assert steps.clicked(pk, 0, clock.now(), PERSON) == "https://shop.example/"
    assert steps.clicked(pk, 0, clock.now(), "Barracuda Sentinel") == "https://shop.example/"
    assert steps.clicked(pk, 1, clock.now(), PERSON) is None
    assert steps.clicked(pk + 1, 0, clock.now(), PERSON) is None
    told = [fact["properties"] for fact in facts("Email Link Clicked")]
    assert [(one["link_url"], one["machine"]) for one in told] == [
        ("https://shop.example/", False),
        ("https://shop.example/", True),
    ]


def test_opens_are_told_once_a_minute_and_machines_as_such(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    pk = only().pk
    for agent in (PERSON, PERSON, "GoogleImageProxy"):
        steps.opened(pk, clock.now(), agent)
    clock.advance(timedelta(minutes=1))
    steps.opened(pk, clock.now(), PERSON)
    steps.opened(pk + 1, clock.now(), PERSON)
    assert [fact["properties"]["machine"] for fact in facts("Email Opened")] == [False, True, False]


# --- suppression and merging ----------------------------------------------------------------------------------------


def test_suppressing_by_hand_reaches_the_address_in_any_case(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now(), email="Mixed@Example.com")
    steps.suppress("email", " mixed@example.COM", "*", "manual", clock.now())
    steps.suppress("email", "mixed@example.com", "*", "manual", clock.now())
    assert Suppression.objects.count() == 1
    steps.plan([send(1, clock.now())], clock.now())
    assert last_rules() == ["suppressed_manual"]


def test_merged_customers_keep_both_histories_and_get_no_second_copy(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    customer(2, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    steps.plan([send(2, clock.now()), send(2, clock.now(), trigger="segment:2")], clock.now())
    steps.rehome(Moves(homes=[(2, 2, 1)]))
    clock.advance(2 * DAY)
    run(clock)
    assert set(Delivery.objects.values_list("customer_id", flat=True)) == {1}
    assert Delivery.objects.count() == 3
    assert list(Delivery.objects.filter(state="accepted").values_list("trigger", flat=True)) == [
        "segment:1",
        "segment:2",
    ]
    steps.rehome(Moves(homes=[(2, 1, 2)]))
    assert Delivery.objects.filter(customer_id=2).count() == 2, "an undone merge gives back what was planned for each"


def test_merging_a_sent_twin_cancels_the_survivors_unsent_one(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    customer(2, clock.now())
    steps.plan([send(2, clock.now())], clock.now())
    run(clock)
    steps.plan([send(1, clock.now())], clock.now())
    steps.rehome(Moves(homes=[(2, 2, 1)]))
    clock.advance(2 * DAY)
    run(clock)
    assert len(wire.arrived) == 1


def test_the_gate_cannot_be_asked_about_nothing(clock: SetClock) -> None:
    assert gate.decide([], clock.now()) == []
    steps.plan([], clock.now())
    assert steps.work(clock, 10) == 0
    assert steps.next_due() is None
