"""How values are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dangol.base.models import Shop
from dangol.web import amounts

SEOUL = Shop(name="x", timezone="Asia/Seoul", currency="KRW")
AT = datetime(2026, 11, 24, 15, 30, 5, tzinfo=UTC)  # 00:30:05 on the 25th in Seoul


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        (Decimal("38000"), "KRW", "ko", "₩38,000"),
        (Decimal("38000.4"), "KRW", "en", "₩38,000"),
        (Decimal("12.5"), "USD", "en", "$12.50"),
        (Decimal("12"), "USD", "en", "$12"),
        (Decimal("-1234.5"), "EUR", "en", "−€1,234.50"),
        (Decimal("0"), "GBP", "en", "£0"),
        (None, "USD", "en", "–"),
    ],
)
def test_money(amount: Decimal | None, currency: str, language: str, shown: str) -> None:
    assert amounts.money(amount, currency, language) == shown


@pytest.mark.parametrize(
    ("amount", "shown"), [(9298.22, "₩9,300"), (-10642591.3, "−₩11,000,000"), (0.0, "₩0"), (None, "–")]
)
def test_estimates_show_no_more_digits_than_they_deserve(amount: float | None, shown: str) -> None:
    assert amounts.about_money(amount, "KRW", "en") == shown


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(1234567, 0, "1,234,567"), (6.84, 1, "6.8"), (7.0, 1, "7"), (-3, 0, "−3"), (None, 0, "–")],
)
def test_numbers(value: float | None, digits: int, shown: str) -> None:
    assert amounts.number(value, "en", digits) == shown


def test_instants_are_told_in_the_shops_zone() -> None:
    assert amounts.moment(AT, SEOUL, "en") == "Nov 25, 2026 00:30"
    assert amounts.moment(AT, SEOUL, "ko") == "2026. 11. 25. 00:30"
    assert amounts.day(AT, SEOUL, "ko") == "2026. 11. 25."
    assert amounts.clock(AT, SEOUL, AT, "en") == "00:30:05"
    assert amounts.clock(AT, SEOUL, AT + timedelta(days=1), "ko") == "11월 25일"
    assert amounts.moment(None, SEOUL, "ko") == "–"


def test_times_past_are_told_in_words() -> None:
    assert amounts.ago(AT, AT + timedelta(days=3), "en") == "3 days ago"
    assert amounts.ago(AT, AT + timedelta(hours=2), "ko") == "2시간 전"
    assert amounts.ago(AT + timedelta(days=2), AT, "en") == "in 2 days"
    assert amounts.ago(AT, AT, "en") == "just now"
    assert amounts.ago(AT, AT + timedelta(seconds=0.9), "ko") == "방금"
    assert amounts.span(timedelta(days=14), "ko") == "2주"


def test_differences_of_shares() -> None:
    assert amounts.points(-66.13, "en") == "−66.1 pp"
    assert amounts.points(3.5, "ko") == "3.5%p"
