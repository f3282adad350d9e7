"""No marketing leaves before the sender's DNS was asked, and none while it is unsound, unless somebody says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import steps, vetting
from dangol.deliver.models import Delivery, Vetting
from tests.deliver.post import Recorder, customer, send
from tests.deliver.test_domain import Zone

pytestmark = pytest.mark.django_db

# What Zone publishes is sound for this server; the shop does not sign itself.
GOOD = Zone(("mail.relay.example", "TXT", []))
UNSOUND = Zone(("shop.example", "TXT", []))
SILENT = Zone(*((name, kind, None) for name, kind in (
    ("shop.example", "TXT"), ("_dmarc.shop.example", "TXT"), ("shop.example", "MX"), ("mail.relay.example", "A"),
)))  # fmt: skip


@pytest.fixture
def posting(shop: Shop, settings: Any, wire: Recorder) -> Recorder:
    """A shop with a mail server of its own; its letters go to a recorder."""
    settings.DANGOL = replace(settings.DANGOL, smtp_url="smtp://mail.relay.example:587", warm_up=0)
    return wire


def plan(clock: SetClock) -> None:
    """An advertisement to the first customer, a receipt to the second."""
    customer(1, clock.now())
    customer(2, clock.now())
    steps.plan([send(1, clock.now()), send(2, clock.now(), message_class="transactional")], clock.now())
    steps.work(clock, 100)


def test_before_the_dns_was_asked_only_transactional_letters_leave(posting: Recorder, clock: SetClock) -> None:
    plan(clock)
    waiting, sent = Delivery.objects.order_by("customer_id")
    assert (waiting.state, sent.state) == ("planned", "accepted")
    assert waiting.decision[-1]["rules"] == ["domain_unasked"]
    vetting.ask(GOOD, clock.now())
    clock.set(waiting.due_at)
    steps.work(clock, 100)
    assert Delivery.objects.filter(state="accepted").count() == 2


def test_an_unsound_domain_holds_marketing_until_it_is_mended(posting: Recorder, clock: SetClock) -> None:
    kept = vetting.ask(UNSOUND, clock.now())
    assert [one.about for one in vetting.bad(kept)] == ["spf"]
    plan(clock)
    waiting = Delivery.objects.get(customer_id=1)
    assert waiting.decision[-1]["rules"] == ["domain_unsound"]
    assert not vetting.due(clock.now()), "it was asked just now"
    clock.set(clock.now() + vetting.SOON)
    assert vetting.due(clock.now()), "mending it is noticed soon"
    vetting.ask(GOOD, clock.now())
    steps.work(clock, 100)
    assert Delivery.objects.filter(state="accepted").count() == 2
    assert not vetting.due(clock.now() + timedelta(hours=23))


def test_somebody_may_say_that_it_leaves_all_the_same(posting: Recorder, clock: SetClock, settings: Any) -> None:
    vetting.ask(UNSOUND, clock.now())
    vetting.waive("owner@shop.example", clock.now())
    assert vetting.in_the_way() == ""
    vetting.ask(UNSOUND, clock.now() + vetting.SOON)
    assert vetting.in_the_way() == "", "what was said outlives the next look"
    settings.DANGOL = replace(settings.DANGOL, smtp_url="smtp://other.relay.example:587")
    assert vetting.in_the_way() == "domain_unasked", "another server is another matter"


def test_a_dns_that_does_not_answer_stops_nobody(posting: Recorder, clock: SetClock) -> None:
    kept = vetting.ask(SILENT, clock.now())
    assert {one.standing for one in vetting.findings(kept) if one.about in {"spf", "dmarc", "mx"}} == {"advice"}
    assert vetting.in_the_way() == ""


@pytest.mark.parametrize("given", [{"domain_check": False}, {"smtp_url": ""}, {"email_provider": "postmark"}])
def test_where_somebody_else_vouches_nothing_waits(
    posting: Recorder, clock: SetClock, settings: Any, given: dict[str, Any]
) -> None:
    settings.DANGOL = replace(settings.DANGOL, **given)
    assert vetting.in_the_way() == ""


def test_without_a_sender_letters_wait_for_that_alone(posting: Recorder, clock: SetClock, shop: Shop) -> None:
    Shop.objects.update(sender_email="")
    assert not vetting.due(clock.now())
    assert vetting.in_the_way() == ""


def test_the_watch_asks_only_when_it_is_time(posting: Recorder, clock: SetClock) -> None:
    vetting.look(GOOD, clock.now())
    assert Vetting.objects.get().sound
    vetting.look(UNSOUND, clock.now() + timedelta(hours=1))
    assert Vetting.objects.get().sound, "not asked again yet"
    vetting.look(UNSOUND, clock.now() + vetting.EVERY)
    assert not Vetting.objects.get().sound
