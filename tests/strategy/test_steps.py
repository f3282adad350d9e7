"""The plan and the lifecycle, from a shop without a customer to one with a history."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dangol.base.clock import SetClock
from dangol.collect import steps as collect
from dangol.segment.models import Member
from dangol.strategy import counting, rules, scores, steps
from dangol.strategy.earning import Circumstances
from dangol.strategy.models import Count
from dangol.strategy.rules import Earnings, Measured, Reach
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def row_of(key: str, clock: SetClock, told: Circumstances = steps.ALONE) -> rules.PlanRow:
    return rows_of(clock, told)[key]


def rows_of(clock: SetClock, told: Circumstances = steps.ALONE) -> dict[str, rules.PlanRow]:
    """The plan as it is once everybody was counted."""
    if counting.due(clock.now()) or not counting.latest(clock.now()).customers:
        counting.count(clock.now())
    return {row.play.key: row for row in steps.plan(clock.now(), told).rows}


def test_a_shop_without_a_customer_gets_a_plan_at_once(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    rows = steps.plan(clock.now()).rows
    assert [row.play.key for row in rows] == list(steps.plays()), "nobody to reach: the order a new shop begins in"
    for row in rows:
        assert (row.reach.now, row.reach.month, row.expected.orders, row.expected.money) == (0, 0, 0, None)
        assert rules.NO_ORDERS in row.unknown
        assert row.summary["ko"]
    assert steps.lifecycle() == dict.fromkeys(rules.STAGES, 0)


def test_the_plan_counts_who_can_be_reached_and_values_an_order(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    for n in range(40):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.track(f"u{n}", "Product Added", {"product_id": "P"})
        if n < 10:
            kit.consent(f"u{n}")
    kit.order("u1", "A", 100, clock.now() - 5 * DAY)
    kit.order("u2", "B", 300, clock.now() - 4 * DAY)
    kit.run()
    rows = rows_of(clock)
    cart = rows["abandoned-cart"]
    assert (cart.reach.month, cart.reach.reachable) == (38, 8), "two of them bought"
    prior, treated = cart.play.prior, 8 * 0.9
    assert cart.expected.orders == pytest.approx(treated * prior.mean)
    assert cart.expected.money == pytest.approx(Decimal(200 * treated * prior.mean), abs=Decimal("0.01"))
    assert cart.expected.orders_low <= cart.expected.orders <= cart.expected.orders_high
    assert rows["thanks"].reach.month == 2
    assert any("average of only 2" in text["en"] for text in cart.unknown)


def test_the_plan_learns_what_the_harvest_has_seen(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    for n in range(10):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.consent(f"u{n}")
    kit.run()
    seen = Measured(lift=0.1, error=0.001, customers=4_000)
    before = row_of("welcome", clock)
    said = {"play": "welcome", "lift": 0.1, "error": 0.001, "customers": 4_000, "treated": 0}
    collect.emit("Play Scored", 0, said, message_id="s1", at=clock.now())
    kit.run()
    after = row_of("welcome", clock)
    assert (before.seen, after.seen) == (None, seen)
    assert after.expected.orders == pytest.approx(9 * 0.1, rel=0.02)
    assert after.expected.orders > 5 * before.expected.orders
    assert any("4000 customers of this shop" in text["en"] for text in after.unknown)


def test_no_consent_is_named_as_what_is_missing() -> None:
    play = steps.play("welcome")
    found = rules.unknowns(play, Reach(5, 5, 0), Earnings(100, Decimal(10), "KRW"))
    assert found == (rules.NO_CONSENT, play.prior.source)


def test_every_customer_is_in_exactly_one_stage_at_any_time(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    rng = random.Random(3)
    for n in range(60):
        kit.track(f"u{n}", "Seen", at=clock.now() - timedelta(days=400))
        for k in range(rng.choice([0, 0, 1, 1, 2, 3, 5])):
            kit.order(
                f"u{n}",
                f"{n}-{k}",
                10,
                clock.now() - timedelta(days=rng.choice([1, 29, 30, 31, 89, 91, 179, 200, 399])),
            )
    kit.run()
    for _ in range(4):
        stages = Member.objects.filter(segment__key__in=rules.STAGES).values_list("customer_id", flat=True)
        assert sorted(stages) == sorted({kit.customer(f"u{n}") for n in range(60)})
        assert sum(steps.lifecycle().values()) == 60
        kit.pass_time(17 * DAY, 17 * DAY)


def test_the_score_of_a_stranger_is_no_score(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    kit.track("u1", "Play Scored", {"play": "welcome", "lift": 0.9, "error": 0.001, "customers": 9_000})
    kit.run()
    assert scores.told() == {}
    assert row_of("welcome", clock).seen is None


def test_an_older_score_replaces_no_newer_one(kit: Kit, clock: SetClock) -> None:
    for number, lift in ((1, 0.01), (2, 0.02)):
        said = {"play": "welcome", "lift": lift, "error": 0.01, "customers": 100, "treated": 90}
        collect.emit("Play Scored", 0, said, message_id=f"s{number}", at=clock.now())
        kit.run()
        collect.emit("Play Scored", 0, {**said, "lift": 9}, message_id="s1", at=clock.now())
        kit.run()
    assert scores.told()["welcome"]["lift"] == 0.02


def test_the_plan_is_in_margin_once_something_is_known_of_it(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    for n in range(30):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.consent(f"u{n}")
        kit.order(f"u{n}", f"o{n}", 10_000, clock.now() - 5 * DAY)
    kit.run()
    guessed = row_of("cross-sell", clock)
    assert guessed.expected.margin == pytest.approx(guessed.expected.money * Decimal("0.35"), rel=Decimal("0.001"))
    told = row_of("cross-sell", clock, Circumstances(margin=0.6, prices={"email": Decimal(1)}))
    assert told.expected.cost == 27, "a letter to each of the thirty who are not held out"
    wanted = told.expected.money * Decimal("0.6") - 27
    assert told.expected.margin == pytest.approx(wanted, abs=Decimal("0.02"))
    assert told.expected.margin_low < told.expected.margin < told.expected.margin_high
    assert row_of("cross-sell", clock, Circumstances(prices={"email": Decimal(10**6)})).short == "nothing"


def test_who_leaves_for_a_play_costs_it_its_place(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    for n in range(30):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.consent(f"u{n}")
        kit.order(f"u{n}", f"o{n}", 10_000, clock.now() - 5 * DAY)
    kit.run()
    before = row_of("cross-sell", clock)
    fine = {"lift": None, "error": None, "customers": 0, "treated": 900, "held_out": 100, "annoyed_held_out": 0}
    for play, annoyed in (("cross-sell", 90), ("welcome", 1)):
        said = {**fine, "play": play, "annoyed": annoyed}
        collect.emit("Play Scored", 0, said, message_id=f"s-{play}", at=clock.now())
    kit.run()
    after, welcome = row_of("cross-sell", clock), row_of("welcome", clock)
    assert after.annoys
    assert after.expected.lost > 0
    assert after.expected.margin < before.expected.margin
    assert "90 of 900" in after.annoyed["en"]
    assert not welcome.annoys


def test_the_limits_decide_what_there_is_room_for(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    for n in range(30):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.consent(f"u{n}")
        kit.order(f"u{n}", f"o{n}", 10_000, clock.now() - 5 * DAY)
    kit.run()
    tight = steps.plan(clock.now(), Circumstances(contacts=1)).rows
    taken = [row for row in tight if not row.short]
    assert sum(row.expected.messages for row in taken) <= 30
    assert any(row.short == "contacts" for row in tight)
    shorts = [bool(row.short) for row in tight]
    assert shorts == sorted(shorts), "what fits stands first"


def test_the_plan_stands_at_once_and_is_counted_anew_in_the_background(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    first = counting.count(clock.now())
    kit.identify("u1", {"email": "u1@example.com"})
    kit.consent("u1")
    kit.run()
    clock.advance(counting.FRESH - timedelta(seconds=1))
    assert not counting.due(clock.now())
    clock.advance(timedelta(seconds=1))
    assert counting.due(clock.now())
    assert steps.plan(clock.now()).counted == first, "looking does not wait for it"
    counting.count(clock.now())
    counted = steps.plan(clock.now()).counted
    assert (counted.at, counted.readers, counted.customers) == (clock.now(), 1, 1)
    clock.advance(counting.STALE - timedelta(seconds=1))
    assert not counting.due(clock.now()), "nothing happened meanwhile"
    clock.advance(timedelta(seconds=1))
    assert counting.due(clock.now()), "time alone changes who came by in 30 days"


def test_what_helps_most_is_said_for_every_shop(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    nobody = {row.play.key: row for row in steps.plan(clock.now()).rows}
    assert "Product Added" in nobody["abandoned-cart"].helps["en"]
    assert "birthday" in nobody["birthday"].helps["en"]
    assert [(one.what, one.customers) for one in nobody["birthday"].ready] == [("birthday", 0), ("email", 0)]
    kit.track("u1", "Product Added", {"product_id": "P"})
    kit.run()
    clock.advance(counting.FRESH)
    assert "Consent" in row_of("abandoned-cart", clock).helps["en"]


def test_the_lifecycle_of_the_last_days(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    kit.track("u1", "Seen")
    kit.run()
    kit.pass_time(2 * DAY)
    kit.order("u1", "o1", 10)
    kit.run()
    days = steps.lifecycle_days(4, clock.now())
    assert [told["visitor"] for _, told in days] == [0, 1, 1, 0]
    assert [told["new"] for _, told in days] == [0, 0, 0, 1]


def test_the_plan_of_millions_reads_neither_their_orders_nor_their_memberships(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    kit.identify("u1", {"email": "u1@example.com"})
    kit.consent("u1")
    kit.order("u1", "o1", 100)
    kit.run()
    counted = counting.count(clock.now())
    told = {name: size * 5_000_000 for name, size in counted.told.items()}
    Count.objects.update(customers=5_000_000, told=told, stages={"new": 5_000_000})
    with CaptureQueriesContext(connection) as asked:
        found, stages = steps.plan(clock.now()), steps.lifecycle_days(30, clock.now())
    said = " ".join(query["sql"] for query in asked.captured_queries)
    assert "profile_order" not in said
    assert "segment_member" not in said
    assert "profile_profile" not in said
    assert found.rows[0].expected.orders > 100
    assert found.earnings.average == 100
    assert stages[-1][1]["new"] == 5_000_000
