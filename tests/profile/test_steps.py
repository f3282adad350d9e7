"""The customer file on the real tables: order of arrival does not matter, merges keep everything."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import connection

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.collect.facts import Fact
from dangol.identity.rules import Moves
from dangol.profile import consents, rules, steps
from dangol.profile.models import Consent, Order, Profile

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Book:
    """Facts at days before now, each with the next position."""

    def __init__(self, now: datetime) -> None:
        self.now, self.position = now, 0

    def fact(self, name: str = "", ago: int = 0, customer: int = 1, **fields: Any) -> tuple[Fact, int]:
        self.position += 1
        kind = "track" if name else "identify"
        at = self.now - ago * DAY
        ids = {"user_id": "u", "message_id": f"m{self.position}", "source": "site"}
        return Fact(self.position, type=kind, name=name, at=at, received_at=self.now, **ids, **fields), customer

    def order(
        self, order_id: str, revenue: Any, ago: int = 0, name: str = "Order Completed", **more: Any
    ) -> tuple[Fact, int]:
        return self.fact(name, ago, properties={"order_id": order_id, "revenue": revenue}, **more)


def record(*facts: tuple[Fact, int]) -> None:
    steps.record(
        [fact for fact, _ in facts], [customer for _, customer in facts], [100 + customer for _, customer in facts]
    )


def profile(customer: int = 1) -> Profile:
    found = steps.get(customer)
    assert found
    return found


@pytest.fixture
def book(shop: Shop, clock: SetClock) -> Book:
    return Book(clock.now())


def test_figures_are_net_of_refunds_and_count_an_order_once(book: Book) -> None:
    record(
        book.order("A", "100.50", ago=30),
        book.order("A", "100.50", ago=30),
        book.order("B", 50, ago=10),
        book.order("B", 20, ago=5, name="Order Refunded"),
    )
    told = profile()
    assert (told.orders, told.revenue, told.refunded) == (2, Decimal("150.5"), Decimal(20))
    assert rules.average_gap_days(told.orders, told.first_order_at, told.last_order_at) == 20


def test_a_refund_without_amount_gives_the_whole_order_back(book: Book) -> None:
    record(book.order("A", 80), book.fact("Order Refunded", properties={"order_id": "A"}))
    assert (profile().revenue, profile().refunded) == (80, 80)


def test_refunds_never_make_a_customer_worth_less_than_nothing(book: Book) -> None:
    record(book.order("A", 10), book.order("old", 500, name="Order Refunded"))
    assert profile().revenue - profile().refunded == 0


def test_a_cancelled_order_brought_nothing(book: Book) -> None:
    record(book.order("A", 10), book.order("B", 20), book.order("B", 20, name="Order Cancelled"))
    assert (profile().orders, profile().revenue) == (1, 10)


@pytest.mark.parametrize(
    ("properties", "amount"),
    [
        ({"revenue": 10, "total": 12}, 10),
        ({"total": "12.50"}, Decimal("12.5")),
        ({"revenue": -1, "products": [{"price": 2, "quantity": 3}, {"price": "1"}]}, 7),
        ({"revenue": "x"}, None),
        ({"products": "none"}, None),
        ({"revenue": True}, None),
    ],
)
def test_what_an_order_brings(properties: dict[str, Any], amount: Any) -> None:
    assert rules.amount_of(properties) == amount


def test_the_newest_trait_wins_in_any_order_of_arrival(book: Book, clock: SetClock) -> None:
    told = [
        book.fact(ago=3, traits={"city": "Busan", "plan": "free"}),
        book.fact(ago=2, traits={"city": "Seoul", "vip": True}),
        book.fact(ago=1, traits={"vip": None}),
    ]
    for order in permutations(told):
        Profile.objects.all().delete()
        steps.Row.objects.all().delete()
        record(*order)
        assert profile().traits == {"city": "Seoul", "plan": "free"}


def test_consents_take_the_newest_state_and_keep_what_was_shown(book: Book) -> None:
    yes = {"channel": "email", "state": "granted", "wording": "Yes, write to me"}
    record(
        book.fact("Consent Changed", ago=1, properties={**yes, "state": "withdrawn"}),
        book.fact("Consent Changed", ago=5, properties=yes),
        book.fact("Consent Changed", ago=0, properties={"channel": "pigeon", "state": "granted"}),
    )
    assert consents.states([1], "email", "marketing") == {1: "withdrawn"}
    assert Consent.objects.get().evidence == {"wording": "Yes, write to me"}


@pytest.mark.parametrize("refusal", ["withdrawn", "denied"])
def test_an_imported_yes_does_not_take_back_a_refusal(book: Book, refusal: str) -> None:
    told = {"channel": "email", "state": refusal}
    record(book.fact("Consent Changed", ago=5, properties=told))
    record(book.fact("Consent Changed", properties={**told, "state": "granted"}, imported=True))
    assert consents.states([1], "email", "marketing") == {1: refusal}
    record(book.fact("Consent Changed", properties={**told, "state": "granted"}))
    assert consents.states([1], "email", "marketing") == {1: "granted"}, "the customer's own yes does"


def test_a_merge_keeps_facts_orders_traits_and_the_strictest_consent(book: Book) -> None:
    record(
        book.fact(ago=9, customer=1, traits={"city": "Busan", "age": 30}),
        book.order("A", 10, ago=8, customer=1),
        book.fact("Consent Changed", ago=7, customer=1, properties={"channel": "email", "state": "withdrawn"}),
        book.fact(ago=5, customer=2, traits={"city": "Seoul", "email": "a@b.kr"}),
        book.order("B", 20, ago=2, customer=2),
        book.fact("Consent Changed", ago=1, customer=2, properties={"channel": "email", "state": "granted"}),
    )
    steps.rehome(Moves(identifiers=[(102, 2, 1)], homes=[(2, 2, 1)]))
    told = profile(1)
    assert steps.get(2) is None
    assert told.traits == {"city": "Seoul", "age": 30, "email": "a@b.kr"}
    assert (told.orders, told.revenue, told.email) == (2, 30, "a@b.kr")
    assert consents.states([1], "email", "marketing") == {1: "withdrawn"}
    assert len(steps.timeline(1)) == 6
    assert set(Order.objects.values_list("customer_id", flat=True)) == {1}


def test_histories_are_read_by_customer_name_and_kind(book: Book) -> None:
    page = Fact(90, "site", "p", "page", "Home", book.now, book.now, user_id="u")
    record(book.fact("Seen", customer=2), book.fact("Bought"), book.fact(traits={"a": 1}), (page, 1))
    assert [row[0] for row in steps.histories(None)] == [1, 1, 1, 2]
    assert [row[4] for row in steps.histories([1, 2], ["Bought", "Seen"])] == ["Bought", "Seen"]
    assert [(row[3], row[7]) for row in steps.histories([1], ["identify"])] == [("identify", '{"a":1}')]
    assert [row[4] for row in steps.histories(None, ["Page Viewed"])] == ["Home"]
    assert list(steps.histories([1], [])) == []


def test_the_timeline_pages_without_gaps(book: Book) -> None:
    record(*[book.fact("Seen", ago=n // 2) for n in range(10)])
    seen, before = [], None
    while page := steps.timeline(1, before=before, limit=3):
        seen += [row.position for row in page]
        before = (page[-1].at, page[-1].position)
    assert sorted(seen) == list(range(1, 11))
    assert seen == [row.position for row in steps.timeline(1)]


def test_everybodys_histories_stay_on_the_server_until_they_are_read(book: Book) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads row by row anyhow")
    record(book.fact("Seen"), book.fact("Seen", customer=2))
    reading = steps.histories(None)
    assert next(reading)[0] == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE statement LIKE '%profile_fact%'")
        assert cursor.fetchone() == (1,)
    assert [row[0] for row in reading] == [2]
