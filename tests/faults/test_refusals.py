"""Refusals that come while messages leave: fault 29 for what is under way in a window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.collect import steps as collect
from dangol.collect.log import open_log
from dangol.deliver import channels, forgetting, outcomes, refusals, returns, steps
from dangol.deliver.channels.calls import Laned
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome
from dangol.deliver.returned import Report
from dangol.profile import restrictions
from dangol.profile.models import Consent
from tests.deliver.conftest import wire
from tests.deliver.post import customer, run, send

__all__ = ["wire"]  # the fixture

MINUTE = timedelta(minutes=1)


class Slow(Laned[Message]):
    """A provider that lets the first message wait for its answer until it is told to go on."""

    lanes = 1

    def __init__(self) -> None:
        self.waits, self.go_on = threading.Event(), threading.Event()
        self.got: list[int] = []

    def _written(self, delivery: Delivery, message: Message) -> Message:
        return message

    def _sent(self, delivery: Delivery, message: Message, made: Message) -> Outcome:
        self.got.append(delivery.customer_id)
        self.waits.set()
        assert self.go_on.wait(60)
        return outcomes.accepted("ok")

    def close(self) -> None:
        """Nothing stays open."""


@pytest.fixture
def now(tmp_path: Path) -> Iterator[datetime]:
    """A Tuesday noon in Seoul; facts of its own go to a log of its own."""
    at = datetime(2026, 11, 24, 3, tzinfo=UTC)
    Shop.objects.create(
        name="Shop", timezone="Asia/Seoul", country="KR", sender_name="Shop", sender_email="hello@shop.example",
        postal_address="서울시 종로구 1", phone="02-000-0000", url="https://shop.example",
    )  # fmt: skip
    with open_log(tmp_path) as log:
        collect.use_log(log)
        yield at
        collect.use_log(None)


def earlier(number: int, at: datetime) -> int:
    """A message that this customer got before, by which they refuse now."""
    row = Delivery.objects.create(
        campaign="old", step="mail", customer_id=number, home=number, trigger="t", channel="email",
        message_class="transactional", state="accepted", address=f"c{number}@example.com", planned_at=at, due_at=at,
        attempted_at=at, finished_at=at,
    )  # fmt: skip
    return row.pk


def refuse_in_every_way(now: datetime) -> None:
    """Customer 1, whose message is under way, and 2 to 7, each by another way."""
    steps.unsubscribe(Delivery.objects.get(campaign="news", customer_id=1).pk, now)
    steps.unsubscribe(earlier(2, now), now)
    returns.book(earlier(3, now), [Report("complained")], now)
    with transaction.atomic():
        forgetting.forget([4], now)
    restrictions.restrict(5, now)
    Consent.objects.filter(customer_id=6).update(state="withdrawn", at=now)
    refusals.refuse(" C7@Example.com", "email", now)


@pytest.mark.django_db(transaction=True)
def test_29_a_refusal_while_a_window_is_under_way_is_seen_by_all_that_is_not_marked(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, clock = Slow(), SetClock(now)
    monkeypatch.setitem(channels.CHANNELS, "email", lambda settings: slow)
    for number in range(1, 10):
        customer(number, now)
    steps.plan([send(number, now) for number in range(1, 10)], now)
    worker = threading.Thread(target=lambda: (run(clock), connection.close()))
    worker.start()
    try:
        assert slow.waits.wait(60)
        assert Delivery.objects.filter(state="leased").count() == 8, "all are taken, one has left"
        refuse_in_every_way(now)
    finally:
        slow.go_on.set()
        worker.join()
    assert slow.got == [1, 8, 9], "what was marked before is on its way, nothing else of theirs leaves"
    assert set(Delivery.objects.filter(campaign="news", customer_id__in=range(2, 8)).values_list("state")) == {
        ("cancelled",)
    }
