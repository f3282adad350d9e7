"""The plan and the lifecycle, from a shop without a customer to one with a history."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from dangol.base.clock import SetClock
from dangol.segment.models import Member
from dangol.strategy import rules, steps
from dangol.strategy.rules import Earnings, Measured, Reach
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_shop_without_a_customer_gets_a_plan_at_once(kit: Kit, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    rows = steps.plan(clock.now())
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
    rows = {row.play.key: row for row in steps.plan(clock.now())}
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
    before, after = (
        next(row for row in steps.plan(clock.now(), told) if row.play.key == "welcome")
        for told in (None, {"welcome": seen})
    )
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
