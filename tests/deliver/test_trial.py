"""What other caps would have meant for the messages of the last weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import trial
from dangol.deliver.caps import DAY, WEEK, Cap
from dangol.deliver.models import Delivery
from tests.deliver.post import customer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)  # a Tuesday, noon in Seoul


def left(who: int, at: datetime, channel: str = "email", **changes: str) -> None:
    number = Delivery.objects.count()
    given = {"campaign": "news", "step": f"s{number}", "message_class": "marketing", "state": "accepted"}
    Delivery.objects.create(
        **(given | changes), customer_id=who, home=who, trigger="t", channel=channel, planned_at=at, due_at=at,
        attempted_at=at,
    )  # fmt: skip


def of_day(day: int, hour: int = 12) -> datetime:
    """An hour in Seoul so many days ago."""
    return NOW - timedelta(days=day) + timedelta(hours=hour - 12)


def test_each_message_beyond_a_cap_would_have_waited(shop: Shop, clock: SetClock) -> None:
    customer(1, NOW)
    customer(2, NOW)
    for hour in (9, 10, 11):
        left(1, of_day(3, hour))
    left(1, of_day(2))
    left(2, of_day(3))
    found = trial.tried([Cap(2, DAY), Cap(3, WEEK)], NOW)
    assert (found.messages, found.customers) == (5, 2)
    assert (found.held, found.held_customers, found.by_cap) == (1, 1, [1, 0])


def test_what_would_have_waited_takes_no_room(shop: Shop) -> None:
    customer(1, NOW)
    for hour in (9, 10):
        left(1, of_day(3, hour), "sms")
    left(1, of_day(3, 11))
    found = trial.tried([Cap(1, DAY, "sms"), Cap(2, DAY)], NOW)
    assert (found.held, found.by_cap) == (1, [1, 0]), "the second text waits, so the letter has room"


def test_only_marketing_that_left_within_four_weeks_counts_but_the_week_before_takes_room(shop: Shop) -> None:
    customer(1, NOW)
    left(1, of_day(29, 12))  # a Monday
    left(1, of_day(27, 12))  # the Wednesday of that week
    left(1, of_day(20))
    left(1, of_day(19), message_class="transactional")
    left(1, of_day(18), state="cancelled")
    left(1, of_day(17), channel="onsite")
    found = trial.tried([Cap(1, WEEK)], NOW)
    assert (found.messages, found.held) == (2, 1)


def test_days_are_the_customers_own(shop: Shop) -> None:
    customer(1, NOW, traits={"timezone": "America/New_York"})
    left(1, of_day(3, 12))  # 22:00 of the day before in New York
    left(1, of_day(3, 20))  # 06:00
    assert trial.tried([Cap(1, DAY)], NOW).held == 0
    assert trial.tried([], NOW).held == 0
    assert trial.tried([Cap(0, DAY)], NOW).held == 2


def test_many_customers_are_gone_through_in_parts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "TOGETHER", 2)
    for who in range(1, 6):
        customer(who, NOW)
        left(who, of_day(1, 9))
        left(who, of_day(1, 10))
    found = trial.tried([Cap(1)], NOW)
    assert (found.messages, found.customers, found.held, found.held_customers) == (10, 5, 5, 5)
