"""Money is exact, in Python and in both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from dangol.base.clock import SetClock
from dangol.base.money import Money, parse_amount
from dangol.profile.models import Order


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        (12, "12"),
        (0.1, "0.1"),
        ("12.50", "12.50"),
        (" 3 ", "3"),
        ("1e3", "1000"),
        ("12,50", None),
        (float("nan"), None),
        ("Infinity", None),
        (True, None),
        (None, None),
        ([], None),
        ("9" * 40, None),
    ],
)
def test_amounts(told: Any, amount: str | None) -> None:
    assert parse_amount(told) == (Decimal(amount) if amount else None)


def test_money_in_json_is_text() -> None:
    assert Money(Decimal("12.5"), "USD").as_json() == {"amount": "12.50", "currency": "USD"}
    assert Money(Decimal("1E+3"), "KRW").as_json()["amount"] == "1000"
    assert Money(Decimal("38000.0"), "KRW").as_json()["amount"] == "38000"
    assert Money(Decimal("0.0010"), "GBP").as_json()["amount"] == "0.001"
    assert Money(Decimal(0), "EUR").as_json()["amount"] == "0.00"


@pytest.mark.django_db
def test_sums_in_the_database_are_exact(clock: SetClock) -> None:
    Order.objects.bulk_create(
        Order(source="s", order_id=str(n), customer_id=1, at=clock.now(), revenue="0.001", currency="GBP", position=n)
        for n in range(1000)
    )
    assert Order.objects.aggregate(total=Sum("revenue"))["total"] == Decimal(1)
    assert Order.objects.filter(at=clock.now()).count() == 1000
