"""Points and tiers: what is earned, spent, expired and taken back; a ledger that never goes below nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.identity.models import Merge
from dangol.offer import belonging, loyalty, points
from dangol.offer.models import Coupon, PointEntry
from dangol.offer.points import Move
from dangol.offer.redeeming import Refused
from dangol.profile.models import Profile
from dangol.segment import asking
from dangol.segment import steps as segments
from tests.offer.giving import facts, offered, somebody
from tests.offer.test_race import at_once
from tests.shopkit import Kit

DAY = timedelta(days=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULES = {
    "earn": {"points": 1, "each": 100}, "facts": {"Survey Answered": 50, "Signed Up": {"points": 100, "once": True}},
    "expires_days": 90, "spend": {"thousand": 500}, "tiers": {"silver": 1000, "gold": 5000},
}  # fmt: skip


def begin(clock: SetClock, **more: Any) -> None:
    offered(clock, "thousand", {"amount": 1000}, limits={"per_customer": 0})
    loyalty.put({**RULES, **more}, clock.now())


# --- pure -----------------------------------------------------------------------------------------------------------


class Lots:
    """The same ledger kept the long way: every lot by itself, the oldest spent first."""

    def __init__(self) -> None:
        self.lots: list[list[Any]] = []

    def earn(self, count: int, ends: datetime) -> None:
        self.lots.append([ends, count])

    def take(self, count: int) -> None:
        for lot in self.lots:
            taken = min(lot[1], count)
            lot[1] -= taken
            count -= taken

    def expire(self, now: datetime) -> int:
        over = sum(left for ends, left in self.lots if ends <= now)
        self.lots = [lot for lot in self.lots if lot[0] > now]
        return over

    def balance(self) -> int:
        return sum(left for _, left in self.lots)


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(1, 1000)), max_size=30))
def test_expiry_is_as_if_every_lot_were_kept_by_itself(doings: list[tuple[int, bool, int]]) -> None:
    now, moves, lots = NOON, list[Move](), Lots()
    for days, earns, count in doings:
        now += timedelta(days=days)
        over = points.expiring(moves, now)
        assert over == lots.expire(now)
        if over:
            moves.append(Move(now, -over))
        if earns:
            moves.append(Move(now, count, now + 90 * DAY, earned=True))
            lots.earn(count, now + 90 * DAY)
        elif count <= points.balance(moves):
            moves.append(Move(now, -count))
            lots.take(count)
        assert points.balance(moves) == lots.balance() >= 0


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 1000), st.integers(1, 10**6))
def test_what_an_order_earns_is_never_less_than_nothing_nor_more_than_its_share(
    revenue: int, refunded: int, count: int, each: int
) -> None:
    rules = points.Rules(points=count, each=Decimal(each))
    found = points.earns(rules, Decimal(revenue), Decimal(refunded), cancelled=False)
    exact = Decimal(max(revenue - refunded, 0)) * count / each
    assert 0 <= found <= exact
    assert exact - found < 1


def test_what_a_form_says_is_what_is_read() -> None:
    assert points.from_typed(points.as_typed(RULES)) == {**RULES, "tiers_by": "points"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rules", "places"),
    [
        ({"earn": {"points": 1}}, ["/rules/earn/each"]),
        ({"facts": {"Order Completed": 5}}, ["/rules/facts/Order Completed"]),
        ({"facts": {"X": "many"}, "tiers": {"Gold!": 1}}, ["/rules/facts/X/points", "/rules/tiers/Gold!"]),
        ({"spend": {"nothing": 5}}, ["/rules/spend/nothing"]),
        ({"tiers_by": "luck"}, ["/rules/tiers_by"]),
    ],
)
def test_faults_have_their_place(kit: Kit, clock: SetClock, rules: Any, places: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        loyalty.put(rules, clock.now())
    assert [fault.path for fault in caught.value.faults] == places


# --- the ledger -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_orders_and_facts_earn_and_what_is_earned_is_a_trait(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    kit.order("ann", "before", 99_999)
    kit.run()
    clock.advance(DAY)
    begin(clock)
    kit.order("ann", "1", 99_950)
    kit.order("ann", "1", 99_950)
    kit.track("ann", "Survey Answered", {"survey": "nps", "score": 9})
    kit.track("ann", "Signed Up")
    kit.track("ann", "Signed Up")
    kit.track("ann", "Order Completed", {"order_id": "old", "revenue": 5_000}, imported=True)
    kit.run()
    assert loyalty.balance(ann) == 999 + 50 + 100
    assert {name: Profile.objects.get(pk=ann).traits[name] for name in ("points", "tier")} == {
        "points": 1149,
        "tier": "silver",
    }
    assert facts("Tier Changed") == [{"tier": "silver", "before": "", "up": True}]
    segments.save("rich", {"where": {"trait": "points", "at_least": 1000}}, clock.now())
    assert asking.keys_of([ann])[ann] == ["rich"]


@pytest.mark.django_db
def test_refunds_take_back_their_share_and_never_what_was_spent(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    begin(clock)
    kit.order("ann", "1", 100_000)
    kit.run()
    kit.track("ann", "Order Refunded", {"order_id": "1", "total": 25_000})
    kit.run()
    assert loyalty.balance(ann) == 750
    entry = loyalty.spend(ann, "thousand", "a", clock.now())
    assert entry.coupon is not None
    kit.track("ann", "Order Cancelled", {"order_id": "1"})
    kit.run()
    assert loyalty.balance(ann) == 0
    kinds = list(PointEntry.objects.order_by("pk").values_list("kind", "points"))
    assert kinds == [("earned", 1000), ("taken_back", -250), ("spent", -500), ("taken_back", -250)]


@pytest.mark.django_db
def test_points_expire_to_the_instant_and_the_tier_falls_after_a_year(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    begin(clock)
    kit.order("ann", "1", 120_000)
    kit.run()
    loyalty.spend(ann, "thousand", "a", clock.now())
    kit.run()
    kit.pass_time(90 * DAY - timedelta(seconds=1), 45 * DAY)
    assert loyalty.balance(ann) == 700
    kit.pass_time(timedelta(seconds=1))
    assert loyalty.balance(ann) == 0
    assert loyalty.totals() == {"earned": 1200, "spent": -500, "expired": -700}
    kit.pass_time(276 * DAY, 92 * DAY)
    assert [(one.get("tier", ""), one["up"]) for one in facts("Tier Changed")] == [("silver", True), ("", False)]
    assert "tier" not in Profile.objects.get(pk=ann).traits or Profile.objects.get(pk=ann).traits["tier"] is None


@pytest.mark.django_db
def test_tiers_by_money_spent(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    begin(clock, tiers_by="spend", tiers={"silver": 100_000})
    kit.order("ann", "1", 60_000)
    kit.run()
    assert loyalty.standing(ann).tier == ""  # type: ignore[union-attr]
    kit.order("ann", "2", 40_000)
    kit.run()
    assert loyalty.standing(ann).tier == "silver"  # type: ignore[union-attr]
    kit.track("ann", "Order Refunded", {"order_id": "2", "total": 1})
    kit.run()
    assert loyalty.standing(ann).tier == ""  # type: ignore[union-attr]


@pytest.mark.django_db
def test_staff_adjust_with_a_reason_and_never_below_nothing(kit: Kit, clock: SetClock) -> None:
    [ann] = somebody(kit, "ann")
    begin(clock)
    for _ in range(2):
        loyalty.adjust(ann, 300, "a late parcel", "case 7", clock.now(), by="me")
    assert loyalty.balance(ann) == 300
    with pytest.raises(Refused, match="points"):
        loyalty.adjust(ann, -301, "a mistake", "case 8", clock.now())
    with pytest.raises(Refused, match="points"):
        loyalty.spend(ann, "thousand", "x", clock.now())
    with pytest.raises(Invalid):
        loyalty.adjust(ann, 5, " ", "case 9", clock.now())
    assert loyalty.balance(ann) == 300


@pytest.mark.django_db
def test_merged_and_parted_again(kit: Kit, clock: SetClock) -> None:
    [ann, bob] = somebody(kit, "ann", "bob")
    begin(clock)
    kit.order("ann", "1", 60_000)
    kit.order("bob", "2", 30_000)
    kit.run()
    loop.join(ann, bob, clock.now())
    whole = kit.customer("ann")
    assert loyalty.balance(whole) == 900
    loyalty.spend(whole, "thousand", "a", clock.now())
    kit.run()
    loop.part(Merge.objects.get().pk, clock.now())
    kit.run()
    left = [loyalty.balance(kit.customer(user)) for user in ("ann", "bob")]
    assert min(left) >= 0
    assert sum(left) == 400
    belonging.forget([kit.customer("ann")])
    assert loyalty.balance(kit.customer("ann")) == 0


@pytest.mark.django_db(transaction=True)
def test_points_are_spent_once_however_many_ask(kit: Kit, clock: SetClock) -> None:
    begin(clock)
    loyalty.adjust(1, 1_200, "a gift", "x", clock.now())
    answers = at_once(*(lambda n=n: loyalty.spend(1, "thousand", f"cause {n}", clock.now()) for n in range(6)))
    assert sum(isinstance(one, PointEntry) for one in answers) == 2
    assert sum(isinstance(one, Refused) for one in answers) == 4
    assert PointEntry.objects.filter(customer_id=1).aggregate(sum=Sum("points"))["sum"] == 200
    assert Coupon.objects.count() == 2
    same = at_once(*[lambda: loyalty.adjust(1, -200, "all", "once", clock.now())] * 4)
    assert len({one.pk for one in same}) == 1
    assert loyalty.balance(1) == 0
