"""Times as people and programs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.base.clock import from_us, to_us
from dangol.base.instants import iso, parse_instant


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-11-24T12:00:00+09:00", "2026-11-24T03:00:00Z"),
        ("2026-11-24T03:00:00Z", "2026-11-24T03:00:00Z"),
        ("2026-11-24 03:00", "2026-11-24T03:00:00Z"),
        ("2026-11-24", "2026-11-24T00:00:00Z"),
        ("2026-11-24T03:00:00.123456789Z", "2026-11-24T03:00:00.123456Z"),
        ("2026-11-24T03:00:00,5-0330", "2026-11-24T06:30:00.500000Z"),
        (1_764_000_000, "2025-11-24T16:00:00Z"),
        (1_764_000_000_123, "2025-11-24T16:00:00.123000Z"),
        ("2026-02-30", None),
        ("24.11.2026", None),
        ("", None),
        (True, None),
        (float("nan"), None),
        (1e300, None),
        (None, None),
    ],
)
def test_instants(told: Any, expected: str | None) -> None:
    found = parse_instant(told)
    assert (iso(found) if found else None) == expected


def test_a_time_without_offset_is_in_the_zone_it_was_told_in() -> None:
    assert parse_instant("2026-11-24 12:00", ZoneInfo("Asia/Seoul")) == datetime(2026, 11, 24, 3, tzinfo=UTC)


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))
def test_an_instant_survives_text_and_microseconds(at: datetime) -> None:
    assert parse_instant(iso(at)) == at == from_us(to_us(at))
