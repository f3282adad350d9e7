"""More customers take no more queries: what a turn asks the state does not grow with who is in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dangol import loop
from dangol.base.clock import SetClock
from dangol.segment import lists, topics
from tests.campaign.ways import begin, say
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

FEW, MANY = 1, 50


def variants() -> dict[str, Any]:
    two = [{"key": key, "templates": {"en": {"subject": key, "html": "<p>Hi</p>"}}} for key in ("a", "b")]
    return {
        "key": "v",
        "send": {"channel": "email", "class": "transactional", "variants": two, "allocation": "learning"},
    }


SHARES = {"shares": [{"key": "a", "share": 50, "steps": [say("a")]}, {"key": "b", "share": 50, "steps": [say("b")]}]}
GOLD = [{"key": "gold", "rule": {"trait": "plan", "is": "gold"}, "steps": [say("gold")]}]
WAYS: dict[str, list[dict[str, Any]]] = {
    "send": [say("hi")],
    "zone": [say("hi", wait={"hour": "09:00"})],
    "best": [say("hi", wait={"best_hour": True})],
    "birthday": [say("hi", wait={"date": "birthday", "yearly": True})],
    "emit": [{"key": "t", "emit": {"fact": "Told", "properties": {"n": "{{ customer.plan }}"}}}],
    "traits": [{"key": "t", "change": {"traits": {"stage": "{{ customer.plan }}"}}}],
    "list": [{"key": "t", "change": {"list": "vip"}}],
    "topic": [{"key": "t", "change": {"topic": "offers", "subscribed": False}}],
    "consent": [{"key": "t", "change": {"consent": {"channel": "email", "state": "withdrawn"}}}],
    "go_to": [{"key": "t", "go_to": "other"}],
    "task": [{"key": "t", "task": {"kind": "call", "title": {"en": "Call"}}}],
    "webhook": [{"key": "t", "webhook": {"url": "https://erp.example/p"}}],
    "variants": [variants()],
    "shares": [{"key": "s", "split": SHARES}],
    "split": [{"key": "s", "split": {"branches": GOLD}}],
    "wait_for": [{"key": "w", "wait_for": {"within": "1h", "fact": "Paid"}}, say("hi")],
}


def counted(kit: Kit, clock: SetClock, users: range, prefix: str) -> int:
    """Queries of a turn in which these customers come in and go as far as they can."""
    for n in users:
        kit.identify(f"{prefix}{n}", {"email": f"{prefix}{n}@example.com", "birthday": "1990-05-05"})
    kit.run()
    for n in users:
        kit.track(f"{prefix}{n}", "Seen")
    with CaptureQueriesContext(connection) as seen:
        loop.turn_once(kit.log, clock)
    return len(seen)


@pytest.mark.parametrize("what", list(WAYS))
def test_a_turn_asks_as_much_for_fifty_as_for_one(kit: Kit, clock: SetClock, what: str) -> None:
    lists.save("vip", "VIP", clock.now())
    topics.save("offers", {"name": {"en": "Offers"}}, clock.now())
    begin(clock, {"api": True}, say("x", wait="1d"), key="other")
    begin(clock, {"fact": "Seen"}, *WAYS[what])
    counted(kit, clock, range(FEW), "warm")
    few = counted(kit, clock, range(FEW), "a")
    many = counted(kit, clock, range(MANY), "b")
    assert many <= few + 2


def test_the_shops_usual_hours_are_not_counted_for_each_customer(kit: Kit, clock: SetClock) -> None:
    begin(clock, {"fact": "Seen"}, say("hi", wait={"best_hour": True}))
    for n in range(1000):
        kit.track(f"b{n % 10}", "Looked")
    kit.run()
    with CaptureQueriesContext(connection) as seen:
        for n in range(3):
            kit.track(f"c{n}", "Seen")
            kit.run()
    counting = [one for one in seen if "profile_fact" in one["sql"] and 'position" >' in one["sql"]]
    assert len(counting) == 1
