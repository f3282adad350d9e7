"""What cells mean, as tables of cases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dangol.collect.files import values


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", "12.50"), ("-3", "-3"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("12,5", "12.5"),
        ("12,500", "12500"), ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("₩12,000", "12000"),
        ("12,000원", "12000"), ("£ 9.99", "9.99"), ("(5.00)", "-5.00"), ("R$ 1.234,56", "1234.56"), ("1e3", "1e3"),
        (" 7 ", "7"), ("USD 4.20", "4.20"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, amount: str) -> None:
    assert values.amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1e99", "12 apples", "--3", "2026-01-01"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert values.amount(text) is None


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("17850.0", "17850"),
        (" A1 ", "A1"),
        ("00004", "00004"),
        ("1.50", "1.50"),
        ("7.00", "7"),
        ("'7009438564593", "7009438564593"),
    ],
)
def test_ids_lose_the_zero_a_float_column_hung_on_them(text: str, known: str) -> None:
    assert values.known_id(text) == known


SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2010-12-01 08:26:00", "2010-11-30T23:26:00"),
        ("2010-12-01T08:26:00Z", "2010-12-01T08:26:00"),
        ("2024-03-05 10:11:12 +0900", "2024-03-05T01:11:12"),
        ("2024-03-05 10:11:12 -0500", "2024-03-05T15:11:12"),
        ("19970101", "1996-12-31T15:00:00"),
        ("20240305101112", "2024-03-05T01:11:12"),
        ("2024/3/5 9:05", "2024-03-05T00:05:00"),
        ("2024.03.05", "2024-03-04T15:00:00"),
        ("2024년 3월 5일", "2024-03-04T15:00:00"),
        ("2024-03-05 오후 3:12:00", "2024-03-05T06:12:00"),
        ("2024-03-05 오전 12:00", "2024-03-04T15:00:00"),
        ("Mar 5, 2024", "2024-03-04T15:00:00"),
        ("5 March 2024 14:00", "2024-03-05T05:00:00"),
        ("45356.5", "2024-03-05T03:00:00"),
        ("1709640672", "2024-03-05T12:11:12"),
        ("3/4/2024 1:05 PM", "2024-03-04T04:05:00"),
    ],
)
def test_times_are_the_shops_where_they_name_no_offset(text: str, told: str) -> None:
    read = values.time_reader(SEOUL, day_first=False)
    assert read(text) == datetime.fromisoformat(told).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2024-13-01", "31/31/2024", "12", "2024-02-30"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert values.time_reader(SEOUL, day_first=True)(text) is None


@pytest.mark.parametrize(
    ("first", "second", "told"), [(31, 12, True), (12, 31, False), (12, 12, None), (0, 0, None), (20, 25, None)]
)
def test_a_column_tells_whether_the_day_stands_first(first: int, second: int, told: bool | None) -> None:
    assert values.day_first(first, second) is told


def test_yes_and_no_in_two_languages() -> None:
    assert [values.answer(text) for text in ("Yes", "T", "동의", "수신함", "SUBSCRIBED")] == [True] * 5
    assert [values.answer(text) for text in ("no", "F", "거부", "미수신", "NOT_SUBSCRIBED")] == [False] * 5
    assert values.answer("perhaps") is None
