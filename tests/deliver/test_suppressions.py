"""Suppressed addresses: one form of each, so that it stays suppressed however it is written."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import outcomes, steps, suppressions
from dangol.deliver.models import Delivery, Suppression
from dangol.profile.models import Profile
from tests.deliver.post import Recorder, customer, run, send

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LETTERS, ASCII = "kim@도메인.한국", "kim@xn--hq1bm8jm9l.xn--3e0b707e"


@pytest.fixture(autouse=True)
def _shop(shop: Shop) -> None:
    """Every test has a shop in Seoul; the clock stands at noon."""


def told(campaign: str) -> list[str]:
    return list(Delivery.objects.get(campaign=campaign).decision[-1]["rules"])


@pytest.mark.parametrize("kept", [LETTERS, ASCII, f" {LETTERS.upper()} "])
@pytest.mark.parametrize("written", [LETTERS, ASCII, LETTERS.upper()])
def test_a_domain_in_its_own_letters_or_in_ascii_is_one_address(kept: str, written: str, clock: SetClock) -> None:
    customer(1, clock.now(), email=written)
    steps.suppress("email", kept, "*", "manual", clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    assert told("news") == ["suppressed_manual"]


def test_who_unsubscribes_from_a_domain_in_its_own_letters_stays_unsubscribed(clock: SetClock, wire: Recorder) -> None:
    """The letter went to the domain in ASCII; the customer's file has it in its own letters."""
    customer(1, clock.now(), email=LETTERS)
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert [to for _, to, _, _ in wire.arrived] == [ASCII]
    steps.unsubscribe(Delivery.objects.get().pk, clock.now())
    steps.plan([send(1, clock.now(), campaign="b")], clock.now())
    assert told("b") == ["suppressed_unsubscribe"]


@pytest.mark.parametrize("written", [LETTERS, ASCII])
def test_what_was_suppressed_before_there_was_one_form_stays_so(written: str, clock: SetClock, settings: Any) -> None:
    raw = hmac.digest(settings.DANGOL.secret, f"suppression:email:{LETTERS}".encode(), "sha256").hex()
    Suppression.objects.create(channel="email", address_hash=raw, reason="hard_bounce", created_at=clock.now())
    customer(1, clock.now(), email=written)
    steps.plan([send(1, clock.now())], clock.now())
    assert told("news") == ["suppressed_hard_bounce"]


def test_two_customers_who_write_one_address_in_two_ways_are_both_spared(clock: SetClock) -> None:
    """They are asked about together: what is found must be told of both."""
    customer(1, clock.now(), email="Family@Example.com")
    customer(2, clock.now(), email="family@example.com")
    steps.suppress("email", "family@example.com", "*", "complaint", clock.now())
    steps.plan([send(1, clock.now()), send(2, clock.now())], clock.now())
    assert {row.decision[-1]["rules"][0] for row in Delivery.objects.all()} == {"suppressed_complaint"}


def test_what_is_no_address_has_a_hash_all_the_same() -> None:
    assert suppressions.address_hash("email", " Nobody ") == suppressions.address_hash("email", "nobody")
    assert suppressions.of([("email", ""), ("email", "a@b.example")]) == {}
    assert len(suppressions.hashes("email", "kim@xn--\u20ac.example")) == 1


def test_an_address_that_is_gone_is_gone_though_it_was_at_rest(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    Suppression.objects.create(
        channel="email", address_hash=suppressions.address_hash("email", Profile.objects.get().email),
        reason="soft_bounce", created_at=clock.now() - 14 * DAY, expires_at=clock.now(),
    )  # fmt: skip
    wire.answer = lambda delivery, letter: outcomes.bounced("550 5.1.1", hard=True)
    steps.plan([send(1, clock.now(), message_class="transactional")], clock.now())
    run(clock)
    steps.plan([send(1, clock.now(), campaign="b", message_class="transactional")], clock.now())
    assert told("b") == ["suppressed_hard_bounce"]
