"""Many who want the same at once: a code goes out once and is redeemed once, and no limit is passed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from dangol.base.clock import SetClock
from dangol.offer import giving, offers, redeeming
from dangol.offer.giving import Wish
from dangol.offer.models import Coupon, Redemption
from dangol.offer.redeeming import Refused
from tests.offer.giving import coupon, facts, offered, use
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of these came to, begun in one moment on a connection of its own."""
    start, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait()
            answers[number] = act()
        except Exception as error:
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def outcomes(answers: list[Any]) -> list[str]:
    unexpected = [one for one in answers if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert not unexpected
    return sorted(one.reason if isinstance(one, Refused) else one.state for one in answers)


def test_of_many_orders_with_one_code_one_has_it(kit: Kit, clock: SetClock) -> None:
    offered(clock)
    code = coupon(clock, 1).code
    asked = [use(code, 1, f"order {number}") for number in range(MANY)]
    answers = at_once(*(lambda one=one: redeeming.redeem(one, clock.now()) for one in asked))
    assert outcomes(answers) == ["redeemed"] + ["used"] * (MANY - 1)
    assert Redemption.objects.count() == 1
    told = [entry for entry in kit.log.read(0, 100) if b"Coupon Redeemed" in entry.body]
    assert len(told) == 1


def test_one_order_that_asks_many_times_at_once_has_one_redemption(kit: Kit, clock: SetClock) -> None:
    offered(clock)
    code = coupon(clock, 1).code
    answers = at_once(*[lambda: redeeming.redeem(use(code, 1, "1"), clock.now())] * MANY)
    assert len({one.pk for one in answers}) == 1


def test_held_by_one_and_redeemed_by_the_other(kit: Kit, clock: SetClock) -> None:
    offered(clock)
    code = coupon(clock, 1).code
    answers = at_once(
        *(lambda n=n: redeeming.hold(use(code, 1, f"h{n}"), clock.now()) for n in range(3)),
        *(lambda n=n: redeeming.redeem(use(code, 1, f"r{n}"), clock.now()) for n in range(3)),
    )
    assert outcomes(answers).count("held") + outcomes(answers).count("redeemed") >= 1
    assert Redemption.objects.filter(state__in=("held", "redeemed")).count() == 1


def test_a_limit_of_three_lets_three_in(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="shared", code="EVERYBODY", limits={"total": 3})
    asked = [use("everybody", who, f"order {who}") for who in range(1, MANY + 1)]
    answers = at_once(*(lambda one=one: redeeming.redeem(one, clock.now()) for one in asked))
    assert outcomes(answers) == ["redeemed"] * 3 + ["total"] * (MANY - 3)


def test_a_budget_is_not_passed(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="shared", code="EVERYBODY", limits={"budget": 25_000})
    asked = [use("everybody", who, f"order {who}", 100_000) for who in range(1, MANY + 1)]
    answers = at_once(*(lambda one=one: redeeming.redeem(one, clock.now()) for one in asked))
    assert outcomes(answers) == ["budget"] * (MANY - 2) + ["redeemed"] * 2


def test_no_code_of_a_batch_goes_out_twice(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="batches")
    offers.bring("ten", "\n".join(f"CODE-{number}" for number in range(4)), clock.now())
    wishes = [Wish("ten", who, "run") for who in range(1, MANY + 1)]
    answers = at_once(*(lambda one=one: giving.issue([one], clock.now())[0] for one in wishes))
    given = [one.coupon.code for one in answers if one.coupon]
    assert sorted(given) == [f"CODE-{number}" for number in range(4)]
    assert [one.reason for one in answers if not one.coupon] == ["empty"] * (MANY - 4)


def test_one_cause_that_comes_twice_at_once_has_one_coupon(kit: Kit, clock: SetClock) -> None:
    offered(clock, limits={"per_customer": 9})
    answers = at_once(*[lambda: giving.issue([Wish("ten", 1, "run")], clock.now())[0]] * MANY)
    assert len({one.coupon.pk for one in answers}) == 1
    assert sum(not one.again for one in answers) == 1
    assert Coupon.objects.count() == 1


def test_a_batch_that_two_make_has_as_many_codes_as_were_wanted(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="batches")
    batch = offers.order_batch("ten", 2_500, clock.now())
    at_once(*[lambda: offers.make_some(batch.pk)] * 3)
    assert Coupon.objects.count() == 2_500


def test_facts_of_redemptions_are_read_by_the_loop(kit: Kit, clock: SetClock) -> None:
    kit.identify("ann", {"name": "Ann"})
    kit.run()
    ann = kit.customer("ann")
    offered(clock)
    redeeming.redeem(use(coupon(clock, ann).code, ann, "1"), clock.now())
    kit.run()
    assert len(facts("Coupon Redeemed")) == 1
