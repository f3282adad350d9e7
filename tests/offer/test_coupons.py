"""Coupons: who gets one, what they are refused for, what they cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid
from dangol.identity.models import Merge
from dangol.offer import costs, offers, redeeming, terms
from dangol.offer.models import Batch, Coupon, Redemption
from dangol.offer.redeeming import Refused
from tests.offer.giving import coupon, facts, give, offered, somebody, use
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def refused(clock: SetClock, asked: Any) -> str:
    with pytest.raises(Refused) as caught:
        redeeming.redeem(asked, clock.now())
    checked = redeeming.check(asked, clock.now())[1]
    assert checked == caught.value.reason, "what is told before is what happens"
    return caught.value.reason


# --- issuing --------------------------------------------------------------------------------------------------------


def test_the_same_cause_gets_the_same_code(kit: Kit, clock: SetClock) -> None:
    [ann, bob] = somebody(kit, "ann", "bob")
    offered(clock, limits={"per_customer": 5})
    first, again, other = (give(clock, ann, cause) for cause in ("run 1", "run 1", "run 2"))
    assert first.coupon == again.coupon != other.coupon
    assert (first.again, again.again) == (False, True)
    assert give(clock, bob, "run 3").coupon not in (first.coupon, other.coupon)
    kit.run()
    told = facts("Coupon Issued")
    assert [one["coupon"] for one in told] == [row.pk for row in Coupon.objects.order_by("pk")]
    assert not any(row.code in str(told) for row in Coupon.objects.all()), "a code is money: no fact holds it"


def test_one_customer_has_one_code_whatever_the_cause(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    first = coupon(clock, ann, "spring")
    assert give(clock, ann, "autumn").coupon == first, "she has not used it"
    redeeming.redeem(use(first.code, ann, "1"), clock.now())
    assert give(clock, ann, "winter").reason == "per_customer"


def test_codes_of_the_shops_platform_go_out_in_their_order_until_none_is_left(kit: Kit, clock: SetClock) -> None:
    who = somebody(kit, "ann", "bob", "cem")
    offered(clock, codes="batches")
    offers.bring("ten", "Code\nFIRST-1\nsecond-2\n", clock.now(), by="me@shop.example")
    given = [give(clock, one) for one in who]
    assert [one.coupon.code if one.coupon else one.reason for one in given] == ["FIRST-1", "second-2", "empty"]


def test_a_list_with_a_fault_brings_nothing(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="batches")
    offers.bring("ten", "TAKEN-1", clock.now())
    offered(clock, "all", codes="shared", code="SUMMER")
    with pytest.raises(Invalid) as caught:
        offers.bring("ten", "NEW-1\ntaken1\nsum-mer\nx", clock.now())
    assert [fault.path for fault in caught.value.faults] == ["/codes/4", "/codes/2", "/codes/3"]
    assert Coupon.objects.count() == 1


def test_a_batch_is_made_in_parts_and_goes_on_where_it_stopped(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="batches")
    batch = offers.order_batch("ten", 4_500, clock.now(), prefix="xm")
    assert (batch.there, offers.unfinished()) == (2_000, [batch.pk])
    while offers.make_some(batch.pk):
        pass
    batch.refresh_from_db()
    assert batch.there == Coupon.objects.filter(batch=batch).count() == 4_500
    assert Coupon.objects.filter(code__startswith="XM-").count() == 4_500
    assert not offers.unfinished()
    assert Batch.objects.count() == 1


def test_nothing_is_given_when_the_budget_is_spent_or_the_time_is_over(kit: Kit, clock: SetClock) -> None:
    [ann, bob] = somebody(kit, "ann", "bob")
    offered(clock, limits={"budget": 10_000}, valid={"until": "2026-11-30"})
    redeeming.redeem(use(coupon(clock, ann).code, ann, "1", 100_000), clock.now())
    assert give(clock, bob).reason == "budget"
    offered(clock, limits={"budget": 20_000}, valid={"until": "2026-11-30"})
    assert give(clock, bob).coupon is not None
    clock.advance(7 * DAY)
    [cem] = somebody(kit, "cem")
    assert give(clock, cem).reason == "expired"
    offers.archive("ten", clock.now())
    assert give(clock, cem).reason == "archived"
    assert give(clock, cem, offer="nothing").reason == "unknown"


def test_no_more_codes_go_out_than_may_be_redeemed(kit: Kit, clock: SetClock) -> None:
    who = somebody(kit, "ann", "bob", "cem")
    offered(clock, limits={"total": 2})
    assert [give(clock, one).reason for one in who] == ["", "", "total"]


# --- time -----------------------------------------------------------------------------------------------------------


def test_a_code_ends_at_the_end_of_a_day_of_the_shop_and_the_customer_is_told_of_as_a_fact(
    kit: Kit, clock: SetClock
) -> None:
    [ann, bob] = somebody(kit, "ann", "bob")
    offered(clock, valid={"days": 3})
    first = coupon(clock, ann)  # Tuesday noon in Seoul
    used = coupon(clock, bob)
    redeeming.redeem(use(used.code, bob, "1"), clock.now())
    assert first.expires_at is not None
    assert first.expires_at.isoformat() == "2026-11-28T00:00:00+09:00"
    kit.pass_time(first.expires_at - clock.now() - timedelta(seconds=1))
    assert not facts("Coupon Expired")
    assert redeeming.check(use(first.code, ann), clock.now())[1] == ""
    assert loop.next_due() == first.expires_at
    kit.pass_time(timedelta(seconds=1))
    kit.run()
    assert [one["coupon"] for one in facts("Coupon Expired")] == [first.pk]
    assert refused(clock, use(first.code, ann)) == "expired"


def test_before_it_begins(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock, valid={"from": "2026-11-25"})
    code = coupon(clock, ann).code
    assert refused(clock, use(code, ann)) == "not_yet"
    clock.advance(timedelta(hours=12))  # midnight in Seoul
    redeeming.redeem(use(code, ann), clock.now())


# --- redeeming ------------------------------------------------------------------------------------------------------


def test_a_code_is_redeemed_once_and_the_same_order_gets_the_same_answer(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    code = coupon(clock, ann, campaign="welcome").code
    row = redeeming.redeem(use(code.lower(), ann, "1001", 52_345), clock.now())
    assert (row.cost, row.currency, row.campaign, row.state) == (5_234, "KRW", "welcome", "redeemed")
    assert redeeming.redeem(use(code, ann, "1001"), clock.now()) == row
    assert refused(clock, use(code, ann, "1002")) == "used"
    assert refused(clock, use(code, ann)) == "used"
    kit.run()
    assert [one["order_id"] for one in facts("Coupon Redeemed")] == ["1001"]


@pytest.mark.parametrize(
    ("agreed", "asked", "reason"),
    [
        ({}, {"amount": 1}, ""),
        ({"needs": {"order": 30_000}}, {"amount": 29_999}, "minimum"),
        ({"needs": {"order": 30_000}}, {"amount": 30_000}, ""),
        ({"needs": {"order": 30_000}}, {"currency": "USD"}, "currency"),
        ({"needs": {"products": ["A"]}}, {"products": [{"product_id": "B", "price": 5}]}, "products"),
        ({"needs": {"products": ["A"]}}, {"products": [{"product_id": "A", "price": 5}]}, ""),
        ({"needs": {"categories": ["Tea"]}}, {"products": [{"product_id": "B", "price": 5, "category": "tea"}]}, ""),
        ({"needs": {"first_order": True}}, {"who": "old"}, "first_order"),
        ({"needs": {"first_order": True}}, {"who": "nobody"}, "who"),
        ({"needs": {"first_order": True}}, {}, ""),
        ({"tied": True}, {"who": "old"}, "not_yours"),
        ({"tied": True}, {"who": "nobody"}, "who"),
        ({"limits": {"budget": 9_999}}, {}, "budget"),
        ({"limits": {"budget": 10_000}}, {}, ""),
    ],
)
def test_what_speaks_against_a_code(
    kit: Kit, clock: SetClock, agreed: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    [ann, old] = somebody(kit, "ann", "old")
    kit.order("old", "0", 5)
    kit.run()
    offered(clock, **agreed)
    code = coupon(clock, ann).code
    who = {"old": old, "nobody": 0}.get(asked.pop("who", ""), ann)
    wanted = use(code, who, "1", **asked)
    if reason:
        assert refused(clock, wanted) == reason
        assert not Redemption.objects.exists()
    else:
        redeeming.redeem(wanted, clock.now())


@pytest.mark.parametrize(
    ("gives", "told", "cost"),
    [
        ({"percent": 15, "at_most": 5_000}, {"amount": 100_000}, 5_000),
        ({"percent": 33}, {"amount": 101}, 33),
        ({"amount": 7_000}, {"amount": 5_000}, 5_000),
        ({"shipping": True}, {"amount": 5_000, "shipping": 3_000}, 3_000),
        ({"gift": "tea", "worth": 2_500}, {"amount": 5_000}, 2_500),
    ],
)
def test_what_a_code_comes_to(
    kit: Kit, clock: SetClock, gives: dict[str, Any], told: dict[str, Any], cost: int
) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock, gives=gives)
    assert redeeming.redeem(use(coupon(clock, ann).code, ann, "1", **told), clock.now()).cost == cost


def test_a_code_that_nobody_was_given_is_none(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="batches")
    offers.bring("ten", "WAITING-1", clock.now())
    assert refused(clock, use("WAITING-1")) == refused(clock, use("NOTHING")) == "unknown"


def test_a_code_for_everybody(kit: Kit, clock: SetClock) -> None:
    [ann, bob, cem] = somebody(kit, "ann", "bob", "cem")
    offered(clock, codes="shared", code="Summer", limits={"total": 2})
    assert {coupon(clock, ann, campaign="letters").code, coupon(clock, bob).code} == {"Summer"}
    assert redeeming.redeem(use("SUMMER", ann, "1"), clock.now()).campaign == "letters"
    assert refused(clock, use("summer", ann, "2")) == "per_customer"
    assert refused(clock, use("summer")) == "who"
    redeeming.redeem(use("summer", cem, "3"), clock.now())
    assert refused(clock, use("summer", bob, "4")) == "total"
    assert Coupon.objects.get(customer_id=ann).state == "redeemed"


def test_a_code_is_held_while_its_order_is_paid(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    code = coupon(clock, ann).code
    row = redeeming.hold(use(code, ann, "1"), clock.now())
    assert refused(clock, use(code, ann, "2")) == "held"
    redeeming.release(row.pk)
    row = redeeming.hold(use(code, ann, "2"), clock.now())
    clock.advance(timedelta(minutes=16))
    other = redeeming.hold(use(code, ann, "3"), clock.now())
    with pytest.raises(Refused):
        redeeming.confirm(row.pk, clock.now())
    assert redeeming.confirm(other.pk, clock.now()).state == "redeemed"
    assert redeeming.confirm(other.pk, clock.now()).state == "redeemed"
    with pytest.raises(Conflict):
        redeeming.release(other.pk)


def test_whoever_guesses_is_slowed_down_and_nobody_else(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    code = coupon(clock, ann).code
    for number in range(redeeming.MOST_GUESSES):
        assert redeeming.check(use(f"GUESS{number}", guesser="x"), clock.now())[1] == "unknown"
    with pytest.raises(Refused, match="too_many"):
        redeeming.redeem(use(code, ann, guesser="x"), clock.now())
    assert redeeming.check(use(code, ann, guesser="y"), clock.now())[1] == ""
    clock.advance(timedelta(minutes=11))
    redeeming.redeem(use(code, ann, guesser="x"), clock.now())


def test_what_was_promised_stays(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    offered(clock, gives={"percent": 12})
    coupon(clock, ann)
    with pytest.raises(Conflict, match="gives"):
        offered(clock, gives={"percent": 10})
    offered(clock, gives={"percent": 12}, limits={"total": 5})


# --- merges ---------------------------------------------------------------------------------------------------------


def test_one_person_under_two_names_has_one_limit_and_an_undone_merge_gives_codes_back(
    kit: Kit, clock: SetClock
) -> None:
    [ann, anna] = somebody(kit, "ann", "anna")
    offered(clock, tied=True, limits={"per_customer": 1})
    code, other = coupon(clock, ann, "a").code, coupon(clock, anna, "b").code
    redeeming.redeem(use(code, ann, "1"), clock.now())
    loop.join(ann, anna, clock.now())
    whole = kit.customer("ann")
    assert refused(clock, use(other, whole, "2")) == "per_customer"
    loop.part(Merge.objects.get().pk, clock.now())
    assert Coupon.objects.get(code=other).customer_id == kit.customer("anna")
    redeeming.redeem(use(other, kit.customer("anna"), "2"), clock.now())


# --- orders as facts ------------------------------------------------------------------------------------------------


def order(kit: Kit, user: str, number: str, code: Any, revenue: float = 45_000, **more: Any) -> None:
    kit.track(
        user, "Order Completed", {"order_id": number, "revenue": revenue, "coupon": code, "currency": "KRW", **more}
    )
    kit.run()


def test_an_order_redeems_the_code_it_names_and_tells_what_it_cost(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    code = coupon(clock, ann, campaign="welcome").code
    order(kit, "ann", "1", f"OTHER,{code.lower()}", 45_000, discount=5_000)
    row = Redemption.objects.get()
    assert (row.cost, row.told, row.against) == (4_500, False, ""), "two codes: ours by its terms"
    order(kit, "ann", "1", code, 45_000, discount=4_321)
    row.refresh_from_db()
    assert (row.cost, row.told) == (4_321, True)
    assert [one["campaign"] for one in facts("Coupon Redeemed")] == ["welcome"]
    [cost] = costs.redeemed(campaign="welcome", customer_ids=[ann])
    assert (cost.amount, cost.to_subtract, cost.order_id, cost.customer_id) == (4_321, 4_321, "1", ann)
    assert costs.redeemed(campaign="other") == costs.redeemed(until=clock.now()) == []
    assert costs.total([cost]) == {"KRW": Decimal(4_321)}


def test_the_order_of_a_redeemed_code_is_the_same_redemption(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    code = coupon(clock, ann).code
    held = redeeming.hold(use(code, ann, "1"), clock.now())
    order(kit, "ann", "1", code, discount=999)
    held.refresh_from_db()
    assert (held.state, held.cost, held.source) == ("redeemed", 999, "site")
    assert redeeming.redeem(use(code, ann, "1"), clock.now()) == held


def test_what_the_shop_took_in_spite_of_the_terms_is_booked_and_named(kit: Kit, clock: SetClock) -> None:
    somebody(kit, "ann", "bob")
    offered(clock, tied=True, valid={"days": 1})
    code = coupon(clock, kit.customer("ann")).code
    order(kit, "bob", "1", code, discount=100)
    order(kit, "ann", "2", code, discount=200)
    order(kit, "ann", "3", code, discount=300)
    told = {row.order_id: (row.against, int(row.cost)) for row in Redemption.objects.all()}
    assert told == {"1": ("not_yours", 100), "2": ("", 200), "3": ("used", 300)}


@pytest.mark.parametrize(
    ("comes_back", "cancelled", "refunded"),
    [("never", "used", "used"), ("cancelled", "", "used"), ("refunded", "", "")],
)
def test_an_order_that_comes_to_nothing(
    kit: Kit, clock: SetClock, comes_back: str, cancelled: str, refunded: str
) -> None:
    somebody(kit, "ann", "bob")
    offered(clock, comes_back=comes_back)
    codes = {user: coupon(clock, kit.customer(user)).code for user in ("ann", "bob")}
    for user, code in codes.items():
        order(kit, user, f"{user} 1", code, discount=100)
    kit.track("bob", "Order Refunded", {"order_id": "bob 1", "total": 44_999})
    kit.run()
    assert len(costs.redeemed()) == 2, "in part is not wholly"
    kit.track("ann", "Order Cancelled", {"order_id": "ann 1"})
    kit.track("bob", "Order Refunded", {"order_id": "bob 1", "total": 1})
    kit.run()
    assert not costs.redeemed(), "nothing was given away"
    reasons = [redeeming.check(use(codes[user], kit.customer(user)), clock.now())[1] for user in ("ann", "bob")]
    assert reasons == [cancelled, refunded]
    assert len(facts("Coupon Freed")) == reasons.count("")


@pytest.mark.parametrize(
    ("told", "taken_off"),
    [
        ({"revenue": 25, "shipping": 3, "tax": 2, "discount": 2.5, "total": 27.5}, False),  # Segment's own example
        ({"revenue": 25, "shipping": 3, "tax": 2, "discount": 2.5, "total": 30}, True),
        ({"revenue": 90, "discount": 10, "products": [{"product_id": "A", "price": 50, "quantity": 2}]}, True),
        ({"revenue": 100, "discount": 10, "products": [{"product_id": "A", "price": 50, "quantity": 2}]}, False),
        ({"revenue": 100, "discount": 10}, False),
        ({"total": 100, "discount": 10}, True),
    ],
)
def test_whether_revenue_is_without_the_discount(told: dict[str, Any], taken_off: bool) -> None:
    assert terms.taken_off(told) is taken_off


def test_each_codes_own_discount_counts_and_free_shipping_was_never_in_the_revenue(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    offered(clock, "ship", {"shipping": True})
    ten, ship = coupon(clock, ann).code, coupon(clock, ann, offer="ship").code
    kit.track("ann", "Order Completed", {
        "order_id": "1", "revenue": 45_000, "total": 45_000, "discount": 8_000, "currency": "KRW",
        "coupon": f"{ten},{ship}", "coupons": [{"code": ten, "discount": 5_000}, {"code": ship, "discount": 3_000}],
    })  # fmt: skip
    kit.run()
    told = {one.offer: (int(one.amount), int(one.to_subtract)) for one in costs.redeemed()}
    assert told == {"ten": (5_000, 0), "ship": (3_000, 3_000)}


def test_imported_orders_are_booked_and_start_nothing(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    offered(clock)
    code = coupon(clock, ann).code
    told = {"order_id": "1", "revenue": 10_000, "coupon": code, "discount": 1_000, "currency": "KRW"}
    kit.track("ann", "Order Completed", told, imported=True)
    kit.run()
    assert Redemption.objects.get().cost == 1_000
    assert not facts("Coupon Redeemed")
