"""A message that belongs to a topic goes to who is subscribed at the moment it would leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.campaign import messages
from dangol.campaign import steps as campaign
from dangol.campaign.shape import Reader
from dangol.deliver import steps as deliver
from dangol.deliver.models import Delivery
from dangol.identity import steps as identity
from dangol.profile import topics as words
from dangol.segment import topics
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
LETTER = {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}


def begin(now: Any, message: dict[str, Any]) -> None:
    step = {"key": "hello", "wait": "1h", "send": message}
    campaign.put("hello", {"definition": {"entry": {"fact": "Seen"}, "holdout_percent": 0, "steps": [step]}}, now)
    campaign.activate("hello", now)


def arrive(kit: Kit, *users: str) -> None:
    for user in users:
        kit.identify(user, {"email": f"{user}@example.com"})
        kit.consent(user)
        kit.track(user, "Seen")
    kit.run()


def ends(kit: Kit) -> dict[str, tuple[str, list[str]]]:
    """By user how the letter ended, and the rules that the gate named last."""
    users = {identity.find("userId", user): user for user in ("yes", "no", "silent")}
    return {users[row.customer_id]: (row.state, row.decision[-1]["rules"]) for row in Delivery.objects.all()}


@pytest.mark.parametrize(("kind", "silent"), [("opt_in", "cancelled"), ("opt_out", "accepted")])
def test_the_gate_asks_who_is_subscribed(kit: Kit, clock: SetClock, kind: str, silent: str) -> None:
    topics.save("news", {"name": {"en": "News"}, "kind": kind}, clock.now())
    begin(clock.now(), {**LETTER, "topic": "news"})
    arrive(kit, "yes", "no", "silent")
    kit.track("yes", "Topic Changed", {"topic": "news", "subscribed": True})
    kit.track("no", "Topic Changed", {"topic": "news", "subscribed": False})
    kit.pass_time(timedelta(hours=2))
    assert ends(kit) == {
        "yes": ("accepted", ["consent_granted"]),
        "no": ("cancelled", ["topic_refused"]),
        "silent": (silent, ["consent_granted" if silent == "accepted" else "topic_refused"]),
    }


def test_a_no_counts_before_its_fact_has_come_round(kit: Kit, clock: SetClock) -> None:
    """The loop stands still between the customer's word and the hand-over."""
    topics.save("news", {"name": {"en": "News"}, "kind": "opt_out"}, clock.now())
    begin(clock.now(), {**LETTER, "topic": "news"})
    arrive(kit, "no", "yes")
    clock.advance(timedelta(hours=2))
    loop.settle(kit.log, clock)
    assert Delivery.objects.filter(state="planned").count() == 2
    words.say(kit.customer("no"), {"news": False}, {"form": "preferences"}, clock.now())
    while deliver.work(clock, 100):
        pass
    assert ends(kit) == {"yes": ("accepted", ["consent_granted"]), "no": ("cancelled", ["topic_refused"])}


def test_messages_of_no_topic_and_of_others_are_not_asked(kit: Kit, clock: SetClock) -> None:
    topics.save("news", {"name": {"en": "News"}}, clock.now())
    begin(clock.now(), {**LETTER, "class": "transactional"})
    arrive(kit, "silent")
    kit.pass_time(timedelta(hours=2))
    assert ends(kit)["silent"] == ("accepted", ["transactional"])


def test_a_topic_is_for_marketing_alone() -> None:
    read = Reader()
    found = messages.message(read, {**LETTER, "topic": "news"}, "")
    assert (read.faults, found.messages["email"]["topic"]) == ([], "news")
    variants = [{"key": one, "templates": LETTER["templates"]} for one in ("a", "b")]
    found = messages.message(Reader(), {"channel": "email", "class": "marketing", "topic": "news",
                                        "variants": variants}, "")  # fmt: skip
    assert [one.message["topic"] for one in found.variants] == ["news", "news"]
    for wrong in ({**LETTER, "class": "transactional", "topic": "news"}, {**LETTER, "topic": "No key"}):
        read = Reader()
        messages.message(read, wrong, "")
        assert [fault.path for fault in read.faults] == ["/topic"]
