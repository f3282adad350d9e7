"""The console in a test's hands: a signed-in owner, and a shop in which something has happened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.collect import sources
from dangol.deliver.models import Delivery
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from dangol.web import guard
from dangol.web.api.keys import make_api_key
from tests.shopkit import Kit

OWNER, PASSWORD = "owner@shop.example", "correct-horse-9"


@pytest.fixture
def opened(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """A new shop without a fact, its clock the console's too."""
    monkeypatch.setattr(guard, "CLOCK", clock)
    cache.clear()
    sources.add("site", "Web site", clock.now())
    strategy.ensure_ready(clock.now())
    survey.ensure_ready(clock.now())
    return kit


@pytest.fixture
def happened(opened: Kit, clock: SetClock) -> Kit:
    """A shop with customers, orders, letters, answers and a task."""
    for play in ("welcome", "thanks"):
        campaign.activate_play(play, clock.now())
    for n in range(12):
        opened.identify(f"u{n}", {"email": f"u{n}@example.com", "name": "김민지", "language": "en" if n % 2 else "ko"})
        opened.consent(f"u{n}")
        if n % 3:  # the others get the welcome: an order would have made it needless
            opened.order(f"u{n}", f"o{n}", 38_000)
    opened.run()
    opened.pass_time(timedelta(days=3), timedelta(hours=6))
    asked = Delivery.objects.filter(campaign="thanks", state="accepted").order_by("pk")
    for delivery, score in zip(asked, (1, 5), strict=False):
        survey.answer(survey.link(delivery.pk, score), score, "컵에 금이 가 있었어요", clock.now())
    opened.run()
    make_api_key("ERP", ["read"], clock.now())
    return opened


@pytest.fixture
def owner(shop: Shop) -> object:
    return get_user_model().objects.create_user(username=OWNER, email=OWNER, password=PASSWORD, is_staff=True)


@pytest.fixture
def console(owner: object) -> Client:
    """The owner's browser."""
    client = Client()
    client.force_login(owner)  # type: ignore[arg-type]
    return client


@pytest.fixture
def letter(happened: Kit) -> Delivery:
    """An advertisement that went out."""
    return Delivery.objects.filter(campaign="welcome", state="accepted", language="ko").order_by("pk")[0]


@pytest.fixture
def question(happened: Kit) -> Delivery:
    """A letter with a question that nobody has answered yet."""
    asked = Delivery.objects.filter(campaign="thanks", state="accepted", language="ko").order_by("-pk")
    return asked[0]
