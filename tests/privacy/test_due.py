"""Until when the law wants an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dangol.privacy import due

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")


def local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("country", "source", "law"),
    [("KR", "staff", "KR"), ("DE", "api", "EU"), ("US", "staff", "other"), ("", "api", "other"),
     ("US", "shopify", "platform"), ("KR", "shopify", "KR"), ("FR", "shopify", "EU")],
)  # fmt: skip
def test_the_law_of_a_request(country: str, source: str, law: str) -> None:
    assert due.law_of(country, source) == law


@pytest.mark.parametrize(
    ("law", "received", "zone", "answer"),
    [
        ("KR", "2026-11-24T12:00", SEOUL, "2026-12-04T12:00"),
        ("platform", "2026-01-31T00:00", SEOUL, "2026-03-02T00:00"),
        ("EU", "2026-01-31T10:00", BERLIN, "2026-02-28T10:00"),
        ("EU", "2028-01-31T10:00", BERLIN, "2028-02-29T10:00"),
        ("EU", "2026-12-15T10:00", BERLIN, "2027-01-15T10:00"),
        ("EU", "2026-03-15T10:00", BERLIN, "2026-04-15T10:00"),
        ("other", "2026-05-31T10:00", SEOUL, "2026-06-30T10:00"),
    ],
)
def test_when_an_answer_is_due(law: str, received: str, zone: ZoneInfo, answer: str) -> None:
    assert due.due(law, local(received, zone), zone) == local(answer, zone)


def test_two_further_months() -> None:
    assert due.extended(local("2026-11-30T10:00", BERLIN), BERLIN) == local("2027-02-28T10:00", BERLIN)


@pytest.mark.parametrize(
    ("agreed", "times", "before"),
    [
        ("2024-02-29T15:00", 1, "2026-02-28T00:00"),
        ("2024-02-29T15:00", 2, "2028-02-29T00:00"),
        ("2024-03-01T00:00", 1, "2026-03-01T00:00"),
        ("2023-11-24T23:59", 1, "2025-11-24T00:00"),
        ("2024-12-31T09:00", 2, "2028-12-31T00:00"),
    ],
)
def test_a_consent_is_confirmed_by_the_calendar_and_not_by_730_days(agreed: str, times: int, before: str) -> None:
    assert due.reconfirmation(local(agreed, SEOUL), times, SEOUL, 2) == local(before, SEOUL)


@pytest.mark.parametrize(
    ("now", "missed"),
    [
        ("2026-02-27T23:59", None),
        ("2026-02-28T00:00", "2026-02-28T00:00"),
        ("2028-02-28T23:59", "2026-02-28T00:00"),
        ("2028-02-29T00:00", "2028-02-29T00:00"),
    ],
)
def test_the_newest_reconfirmation_that_was_due(now: str, missed: str | None) -> None:
    wanted = local(missed, SEOUL) if missed else None
    assert due.missed(local("2024-02-29T15:00", SEOUL), local(now, SEOUL), SEOUL, 2) == wanted
