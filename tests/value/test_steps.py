"""Counting, learning and telling on the real tables and through the real loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from dangol import loop
from dangol.base.models import Shop
from dangol.identity import staff
from dangol.privacy import erasure
from dangol.profile import predictions, restrictions
from dangol.profile.models import Order, Prediction
from dangol.value import counting, reads, scoring, steps
from dangol.value.models import Buyer, Forecast, Kind, Purse, Stale
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def learn(kit: Kit) -> None:
    """As the loop and the thread beside it would in a quiet night."""
    kit.run()
    while True:
        while loop.foretell(kit.clock.now()):
            pass
        if not steps.fit_due(kit.clock.now()):
            return
        steps.fit(kit.clock.now())


def counts() -> tuple[Counter[tuple[int, ...]], Counter[tuple[int, ...]]]:
    kinds = {tuple(key): n for *key, n in Kind.objects.values_list("first_day", "last_day", "days", "n")}
    purses = {tuple(key): n for *key, n in Purse.objects.values_list("paid_days", "step", "n")}
    return Counter(kinds), Counter(purses)


def recounted() -> tuple[Counter[tuple[int, ...]], Counter[tuple[int, ...]]]:
    kinds, purses = Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    everybody = set(Order.objects.values_list("customer_id", flat=True))  # PostgreSQL's numbers go on from test to test
    for one in counting.count(everybody).values():
        counting._add(one, 1, kinds, purses)
    return kinds, purses


def orders(kit: Kit, told: Sequence[tuple[str, str, int, int]]) -> None:
    for user, number, ago, amount in told:
        kit.order(user, number, amount, kit.clock.now() - ago * DAY)


TOLD = (("a", "1", 300, 50), ("a", "2", 200, 70), ("b", "3", 100, 20), ("a", "4", 30, 30))


def test_any_order_of_arrival_gives_the_same_statistics(kit: Kit) -> None:
    seen = []
    for number, arrival in enumerate(permutations(TOLD)):
        shift = [(f"{user}{number}", f"{order}-{number}", ago, amount) for user, order, ago, amount in arrival]
        before = counts()
        for one in shift:  # one by one, counted in between
            orders(kit, [one])
            kit.run()
            loop.foretell(kit.clock.now())
        after = counts()
        seen.append((after[0] - before[0], after[1] - before[1]))
    assert all(one == seen[0] for one in seen)
    assert counts() == recounted()
    assert len(seen[0][0]) == 2


def test_two_orders_of_a_day_are_one_purchase_and_a_refund_is_taken_off(kit: Kit) -> None:
    orders(kit, [("a", "1", 10, 50), ("a", "2", 10, 30), ("a", "3", 5, 40)])
    kit.track("a", "Order Refunded", {"order_id": "2", "total": 30})
    kit.track("a", "Order Cancelled", {"order_id": "3"})
    learn(kit)
    buyer = Buyer.objects.get()
    assert (buyer.days, buyer.last_day - buyer.first_day, buyer.paid_days, buyer.spent) == (1, 0, 1, Decimal(50))


def test_a_buyer_is_told_four_figures_and_a_visitor_none(kit: Kit) -> None:
    orders(kit, TOLD)
    kit.track("visitor", "Product Viewed")
    learn(kit)
    told = predictions.of(None)
    assert set(told) == {kit.customer("a"), kit.customer("b")}
    for figures in told.values():
        assert set(figures) == set(predictions.FIGURES)
        for _, quantiles in figures.values():
            assert list(quantiles) == sorted(quantiles)
            assert quantiles[0] >= 0
    a, b = told[kit.customer("a")], told[kit.customer("b")]
    assert a["orders_90d"][1][18] >= b["orders_90d"][1][18]
    assert a["next_order_days"][1][6] < b["next_order_days"][1][6]


def test_a_shop_without_orders_has_the_prior_as_its_forecast(kit: Kit) -> None:
    learn(kit)
    made = Forecast.objects.get()
    assert made.customers == 0
    assert made.known["at"] == made.prior["purchases"][0]
    assert made.prior["money"] is None
    assert made.totals["90"] == [0, 0, 0, 0]


def test_a_young_shop_learns_as_it_grows_and_an_older_one_at_night(kit: Kit) -> None:
    learn(kit)
    orders(kit, TOLD[:1])
    learn(kit)
    assert Forecast.objects.get().customers == 1
    orders(kit, [(f"u{n}", f"n{n}", 3, 10) for n in range(9)])
    learn(kit)
    assert Forecast.objects.get().customers == 10
    orders(kit, [("late", "late", 3, 10)])
    learn(kit)
    assert Forecast.objects.get().customers == 10, "one more of ten can wait"
    kit.clock.advance(DAY)
    learn(kit)
    assert list(Forecast.objects.order_by("day").values_list("customers", flat=True)) == [10, 11]


def test_a_new_order_changes_the_customers_own_forecast_at_once(kit: Kit) -> None:
    orders(kit, TOLD)
    learn(kit)
    before = predictions.of({kit.customer("b")})
    orders(kit, [("b", "5", 0, 20)])
    learn(kit)
    assert Forecast.objects.count() == 1
    after = predictions.of({kit.customer("b")})
    assert after[kit.customer("b")]["orders_90d"][1][18] > before[kit.customer("b")]["orders_90d"][1][18]


def test_what_the_owner_says_moves_the_forecast(kit: Kit) -> None:
    orders(kit, [("a", "1", 3, 20)])
    learn(kit)
    before = Forecast.objects.get()
    steps.say(1.0, Decimal(500), kit.clock.now())
    learn(kit)
    after = Forecast.objects.get()
    assert after.totals["90"][0] > 2 * before.totals["90"][0]
    assert after.prior["money"] != before.prior["money"]


def test_merged_customers_are_counted_as_one_and_parted_ones_as_two(kit: Kit) -> None:
    orders(kit, TOLD)
    learn(kit)
    apart = counts()
    a, b = kit.customer("a"), kit.customer("b")
    loop.join(a, b, kit.clock.now())
    learn(kit)
    assert Buyer.objects.get().days == 4
    assert counts() == recounted()
    assert Prediction.objects.values("customer_id").distinct().count() == 1
    loop.part(staff.Merge.objects.latest("pk").pk, kit.clock.now())
    learn(kit)
    assert counts() == apart


@pytest.mark.django_db(transaction=True)
def test_an_erased_customer_is_counted_no_more(kit: Kit) -> None:
    orders(kit, TOLD)
    learn(kit)
    erasure.forget(kit.customer("a"), kit.clock.now())
    learn(kit)
    assert sum(counts()[0].values()) == 1
    assert set(predictions.of(None)) == {kit.customer("b")}
    Shop.objects.update(timezone="UTC")
    steps.begin_anew()
    learn(kit)
    assert sum(counts()[0].values()) == 1, "the amounts that stay are nobody's"


def test_a_restricted_customer_is_told_nothing(kit: Kit) -> None:
    orders(kit, TOLD)
    kit.run()
    restrictions.restrict(kit.customer("a"), kit.clock.now())
    learn(kit)
    assert set(Prediction.objects.values_list("customer_id", flat=True)) == {kit.customer("b")}


def test_everybody_is_counted_anew_by_a_new_zone(kit: Kit) -> None:
    kit.order("a", "1", 10, kit.clock.now().replace(hour=14, minute=59))
    kit.order("a", "2", 10, kit.clock.now().replace(hour=15, minute=1))
    learn(kit)
    assert Buyer.objects.get().days == 2
    Shop.objects.update(timezone="UTC")
    steps.begin_anew()
    assert Stale.objects.count() == 1
    learn(kit)
    assert Buyer.objects.get().days == 1
    assert counts() == recounted()


def test_a_forecast_is_scored_when_its_time_has_passed_and_not_before(kit: Kit) -> None:
    for user in range(10):
        orders(kit, [(f"u{user}", f"{user}-{n}", 20 * n + user, 30) for n in range(1, 5)])
    learn(kit)
    made = Forecast.objects.get()
    kit.clock.advance(10 * DAY)
    orders(kit, [("u1", "in", 0, 30), ("u1", "in the same day", 0, 30), ("stranger", "new", 0, 30)])
    kit.clock.advance(19 * DAY)
    learn(kit)
    assert not scoring.score_next(kit.clock.now())
    kit.clock.advance(DAY)
    orders(kit, [("u2", "after", 0, 30)])
    learn(kit)
    assert scoring.score_next(kit.clock.now())
    assert not scoring.score_next(kit.clock.now())
    made.refresh_from_db()
    score = made.scores["30"]
    assert score["came"] == 1, "one purchase day; neither the stranger's nor that of the day after"
    assert score["expected"] == pytest.approx(made.totals["30"][0], rel=0.02), "what was said is said again"
    assert [sum(column) for column in zip(*score["fifths"], strict=True)] == pytest.approx([10, score["expected"], 1])


def test_a_customers_worth_in_figures_and_words(kit: Kit) -> None:
    orders(kit, TOLD)
    kit.track("visitor", "Product Viewed")
    kit.run()
    a = kit.customer("a")
    assert "minute" in reads.of_customer(a, kit.clock.now()).words["en"] or not Buyer.objects.exists()
    learn(kit)
    worth = reads.of_customer(a, kit.clock.now())
    assert [one.days for one in worth.horizons] == [90, 365]
    for one in worth.horizons:
        assert one.orders.low <= one.orders.mean <= one.orders.high
        assert one.money is not None
        assert 0 <= one.money.low <= one.money.mean <= one.money.high
    assert worth.horizons[0].orders.mean < worth.horizons[1].orders.mean
    assert worth.churn is not None
    assert 0 < worth.churn.low <= worth.churn.mean <= worth.churn.high < 1
    assert worth.next_order is not None
    assert worth.next_order.earliest_on < worth.next_order.likely_on < worth.next_order.latest_on  # type: ignore[operator]
    assert set(worth.words) == {"en", "ko"}
    visitor = reads.of_customer(kit.customer("visitor"), kit.clock.now())
    assert (visitor.horizons, visitor.churn, visitor.next_order) == ([], None, None)


def test_the_card_says_what_was_assumed_and_when_not_to_believe(kit: Kit) -> None:
    assert reads.card() is None
    orders(kit, TOLD)
    learn(kit)
    card = reads.card()
    assert card is not None
    assert [one.name for one in card.learned] == ["weeks_between", "leaving", "order_amount"]
    for one in card.learned:
        assert one.before.low < one.before.mean < one.before.high
        assert one.now.high - one.now.low < one.before.high - one.before.low
    assert "1 customers" in card.caveats[0]["en"]
