"""The circle, end to end in one process: facts change segments, start journeys, become messages, orders, answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.converse.models import Task
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.harvest import steps as harvest
from dangol.profile import steps as profile
from dangol.segment.models import Member
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def open_shop(kit: Kit, clock: SetClock) -> Kit:
    """A shop whose first segments and question stand, with no fact yet."""
    strategy.ensure_ready(clock.now())
    survey.ensure_ready(clock.now())
    return kit


def segments_of(customer: int) -> set[str]:
    return set(Member.objects.filter(customer_id=customer).values_list("segment__key", flat=True))


def treated(kit: Kit, campaign_key: str, names: int = 60) -> list[str]:
    """User names that the holdout of a campaign leaves in, after their customers exist."""
    return [
        user
        for user in (f"u{n}" for n in range(names))
        if Run.objects.filter(campaign__key=campaign_key, customer_id=kit.customer(user), arm="treated").exists()
    ]


def newcomer(kit: Kit, user: str, language: str = "ko") -> None:
    kit.identify(user, {"email": f"{user}@example.com", "firstName": "민지", "language": language})
    kit.consent(user)


def test_a_welcome_reaches_newcomers_once_and_leaves_the_holdout_alone(open_shop: Kit, clock: SetClock) -> None:
    campaign.activate_play("welcome", clock.now())
    for n in range(60):
        newcomer(open_shop, f"u{n}", "ko" if n % 2 else "en")
    open_shop.run()
    open_shop.pass_time(2 * DAY, HOUR)
    runs = dict(Run.objects.filter(campaign__key="welcome").values_list("customer_id", "arm"))
    assert len(runs) == 60
    held_out = {customer for customer, arm in runs.items() if arm == "holdout"}
    assert 1 <= len(held_out) <= 16, "about a tenth, by a stable hash"
    messages = Delivery.objects.filter(campaign="welcome", state="accepted").values_list("customer_id", flat=True)
    assert sorted(messages) == sorted(set(runs) - held_out), "one message each, none for the holdout"
    subjects = set(OutboxMessage.objects.values_list("subject", flat=True))
    assert len(subjects) >= 2, "Korean and English"
    assert all(subject.startswith("(광고)") for subject in subjects), "a Korean shop's advertising is labelled"


def test_who_did_not_consent_gets_nothing_and_the_reason_is_kept(open_shop: Kit, clock: SetClock) -> None:
    campaign.activate_play("welcome", clock.now())
    for n in range(20):
        open_shop.identify(f"u{n}", {"email": f"u{n}@example.com"})
    open_shop.run()
    open_shop.pass_time(2 * DAY, HOUR)
    assert not OutboxMessage.objects.exists()
    for delivery in Delivery.objects.all():
        assert delivery.state == "cancelled"
        assert "consent" in str(delivery.decision)


def test_an_order_ends_the_reminder_before_it_is_sent(open_shop: Kit, clock: SetClock) -> None:
    campaign.activate_play("abandoned-cart", clock.now())
    for n in range(40):
        newcomer(open_shop, f"u{n}")
        open_shop.track(f"u{n}", "Product Added", {"product_id": "P1", "name": "Celadon cup", "price": 38000})
    open_shop.run()
    clock.advance(timedelta(minutes=20))
    for n in range(0, 40, 2):
        open_shop.order(f"u{n}", f"o{n}", 38000)
    open_shop.run()
    open_shop.pass_time(6 * HOUR, timedelta(minutes=10))
    reminded = set(OutboxMessage.objects.values_list("to", flat=True))
    assert reminded, "the cart was left for an hour"
    assert reminded.isdisjoint({f"u{n}@example.com" for n in range(0, 40, 2)})


def test_time_alone_moves_a_customer_into_and_out_of_segments(open_shop: Kit, clock: SetClock) -> None:
    open_shop.order("ann", "o1", 50)
    open_shop.run()
    before = segments_of(open_shop.customer("ann"))
    open_shop.pass_time(200 * DAY, 10 * DAY)
    after = segments_of(open_shop.customer("ann"))
    assert before
    assert after
    assert before != after, "no new fact came, and yet she moved"


def test_a_dissatisfied_answer_pauses_marketing_and_asks_staff_in_the_same_moment(
    open_shop: Kit, clock: SetClock
) -> None:
    campaign.activate_play("thanks", clock.now())
    for n in range(60):
        newcomer(open_shop, f"u{n}")
        open_shop.order(f"u{n}", f"o{n}", 10_000)
    open_shop.run()
    open_shop.pass_time(3 * DAY, HOUR)
    user = treated(open_shop, "thanks")[0]
    customer = open_shop.customer(user)
    delivery = Delivery.objects.get(campaign="thanks", customer_id=customer)
    assert "/s/" in delivery.outbox.html
    token = next(word.split("/s/")[1].split('"')[0] for word in delivery.outbox.html.split() if "/s/" in word)
    survey.page(token)
    open_shop.run()
    assert not Task.objects.exists(), "looking at the page answers nothing: mail scanners follow links"

    survey.answer(token, 1, "늦게 왔어요", clock.now())
    open_shop.run()
    assert "dissatisfied" in segments_of(customer)
    task = Task.objects.get()
    assert (task.customer_id, task.kind, task.state) == (customer, "dissatisfied", "open")
    assert [row.name for row in profile.timeline(customer, limit=5)].count("Survey Answered") == 1

    campaign.activate_play(
        "welcome",
        clock.now(),
    )
    open_shop.pass_time(31 * DAY, 12 * HOUR)
    assert "dissatisfied" not in segments_of(customer), "thirty days later it is over, without a new fact"


def test_orders_in_the_goal_window_are_harvested_against_the_holdout(open_shop: Kit, clock: SetClock) -> None:
    campaign.activate_play("welcome", clock.now())
    for n in range(80):
        newcomer(open_shop, f"u{n}")
    open_shop.run()
    open_shop.pass_time(1 * DAY, HOUR)
    for n in range(0, 80, 3):
        open_shop.order(f"u{n}", f"o{n}", 1_000)
    open_shop.run()
    told = harvest.results("welcome", clock.now())
    assert told.treated.customers + told.held_out.customers == 80
    assert told.treated.conversions + told.held_out.conversions == 27
    assert told.evidence in {"not_yet", "none"}, "a few dozen customers prove nothing, and the page must say so"


def test_everything_is_done_once_however_often_the_loop_turns(open_shop: Kit, clock: SetClock) -> None:
    campaign.activate_play("welcome", clock.now())
    for n in range(20):
        newcomer(open_shop, f"u{n}")
    open_shop.run()
    open_shop.pass_time(1 * DAY, HOUR)
    before = (Run.objects.count(), Delivery.objects.count(), OutboxMessage.objects.count(), open_shop.log.end())
    assert before[2]
    collect.advance(0)  # as if the position had been lost: every fact comes again
    profile.Row.objects.all().delete()
    open_shop.run()
    assert (Run.objects.count(), Delivery.objects.count(), OutboxMessage.objects.count(), open_shop.log.end()) == before


def test_imported_history_changes_segments_and_starts_nothing(open_shop: Kit, clock: SetClock) -> None:
    campaign.activate_play("thanks", clock.now())
    for n in range(30):
        open_shop.order(f"u{n}", f"o{n}", 10, clock.now() - 2 * HOUR, imported=True)
    open_shop.run()
    open_shop.pass_time(2 * DAY, HOUR)
    assert segments_of(open_shop.customer("u1"))
    assert not Run.objects.exists()
    assert not Delivery.objects.exists()


def test_a_fact_that_crashes_a_step_is_set_aside_and_the_stream_goes_on(
    open_shop: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = profile.record

    def record(facts: list[Fact], *rest: object) -> set[int]:
        if any(fact.name == "Poison" for fact in facts):
            raise ZeroDivisionError("poison")
        return real(facts, *rest)

    monkeypatch.setattr(profile, "record", record)
    for n in range(20):
        open_shop.track(f"u{n}", "Poison" if n == 7 else "Seen")
    runner = loop.Runner(open_shop.log, clock, 8)
    for _ in range(60):
        runner.turn()
    assert collect.position() == open_shop.log.end()
    assert profile.Row.objects.filter(name="Seen").count() == 19
    assert [(r.code, "poison" in r.detail) for r in open_shop.log.rejected(5)] == [("failed", True)]
