"""Cards on the site: shown as often as they say, told once, found by the visitor's own id only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.collect import sources
from dangol.deliver import cards, steps
from dangol.deliver.models import Card, Delivery, Subscription
from dangol.profile import topics as words
from dangol.segment import topics
from dangol.web import guard
from tests.deliver.contract.providers import AUTH, P256DH
from tests.deliver.post import facts, run, send
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MESSAGE = {
    "form": "banner",
    "times": 2,
    "rest": "1h",
    "templates": {"en": {"text": "Hello", "button": "Go", "url": "/cart"}},
}


@pytest.fixture
def visitor(kit: Kit, shop: Shop, clock: SetClock) -> str:
    """A customer for whom a card waits, by the id in their browser."""
    kit.send({"type": "page", "anonymousId": "browser-1", "userId": "ann"})
    kit.run()
    who, now = kit.customer("ann"), clock.now()
    steps.plan([send(who, now, channel="onsite", message=MESSAGE)], now)
    run(clock)
    assert Delivery.objects.get().state == "accepted", "no consent is asked, and no night"
    return "browser-1"


def mark(visitor: str, clock: SetClock) -> str:
    return str(cards.waiting(visitor, 1, clock.now())["cards"][0]["token"])


def test_a_card_is_shown_as_often_as_it_says(visitor: str, clock: SetClock) -> None:
    token = mark(visitor, clock)
    assert cards.heard(token, "seen", clock.now(), "Firefox")
    assert not cards.waiting(visitor, 1, clock.now()), "it rests for an hour"
    clock.advance(HOUR)
    cards.heard(mark(visitor, clock), "seen", clock.now(), "Firefox")
    clock.advance(HOUR)
    assert not cards.waiting(visitor, 1, clock.now())
    assert (len(facts("Message Opened")), len(facts("Message Delivered"))) == (2, 1)


def test_a_card_goes_with_its_readers_interest_in_its_topic(
    kit: Kit, shop: Shop, clock: SetClock, visitor: str
) -> None:
    topics.save("news", {"name": {"en": "News"}, "kind": "opt_out"}, clock.now())
    who = kit.customer("ann")
    steps.plan(
        [send(who, clock.now(), channel="onsite", trigger="t2", message={**MESSAGE, "topic": "news"})], clock.now()
    )
    run(clock)
    assert len(cards.waiting(visitor, 1, clock.now())["cards"]) == 2
    words.say(who, {"news": False}, {}, clock.now())
    assert len(cards.waiting(visitor, 1, clock.now())["cards"]) == 1, "at once, though the card waits"


@pytest.mark.parametrize(("what", "fact"), [("closed", "Message Dismissed"), ("clicked", "Message Link Clicked")])
def test_what_was_closed_or_followed_is_not_shown_again(visitor: str, clock: SetClock, what: str, fact: str) -> None:
    token = mark(visitor, clock)
    for _ in range(2):
        cards.heard(token, what, clock.now(), "Firefox")
    clock.advance(2 * HOUR)
    assert not cards.waiting(visitor, 1, clock.now())
    assert len(facts(fact)) == 1


def test_strangers_see_and_say_nothing(visitor: str, clock: SetClock) -> None:
    assert not cards.waiting("browser-2", 5, clock.now())
    assert not cards.heard("AAAA", "seen", clock.now(), "")
    assert not cards.heard(mark(visitor, clock), "stolen", clock.now(), "")
    clock.advance(timedelta(days=8))
    assert not cards.waiting(visitor, 1, clock.now()), "its time is over"


def test_the_route_answers_the_pages_of_any_site(
    visitor: str, client: Client, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "CLOCK", kit.clock)
    kept = client.get("/m", {"k": "wrong", "a": visitor})
    assert (kept.status_code, kept["Access-Control-Allow-Origin"]) == (204, "*")
    key = sources.add("shop-site", "Site", kit.clock.now()).live_keys()[0].key
    found = client.get("/m", {"k": key, "a": visitor, "n": "1"})
    (card,) = found.json()["cards"]
    assert (card["text"], card["form"], found["Access-Control-Allow-Origin"]) == ("Hello", "banner", "*")
    assert client.post(f"/m/{card['token']}/seen").status_code == 204
    assert Card.objects.get().shown == 1


def test_a_browser_subscribes_from_the_second_page_on_and_gets_what_is_pushed(
    visitor: str, kit: Kit, clock: SetClock, settings: Any, tmp_path: Any
) -> None:
    settings.DANGOL = replace(settings.DANGOL, webpush_contact="hi@shop.example", data=str(tmp_path))
    assert "push" not in cards.waiting(visitor, 1, clock.now())
    assert cards.waiting(visitor, 2, clock.now())["push"]
    told = {"endpoint": "https://fcm.googleapis.com/fcm/send/1", "p256dh": P256DH, "auth": AUTH}
    kit.track("ann", "Push Subscribed", told)
    kit.track("ann", "Push Subscribed", told | {"endpoint": "https://evil.example/"})
    kit.run()
    assert Subscription.objects.get().customer_id == kit.customer("ann")
    assert "push" not in cards.waiting(visitor, 2, clock.now())
    kit.track("ann", "Push Unsubscribed", told)
    kit.run()
    assert Subscription.objects.get().ended_at is not None
