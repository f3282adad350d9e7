"""Values that messages print and that were not there: counted when a message leaves, told of the newest state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign.templates import stored
from dangol.deliver import gaps, outcomes, steps
from dangol.deliver.gaps import Gaps
from tests.deliver.post import Recorder, customer, run, send

pytestmark = pytest.mark.django_db
LETTER = {
    "subject": "{{ customer.first_name }}",
    "html": "<p>{{ customer.tier }}{{ customer.city | default: 'you' }}</p>",
}


@pytest.fixture(autouse=True)
def _shop(shop: Shop) -> None:
    """Every test has a shop."""


def say(clock: SetClock, who: int, message: Mapping[str, Any], **changes: Any) -> None:
    changes = {"trigger": f"t{who}", **changes}
    steps.plan([send(who, clock.now(), message=message, message_class="transactional", **changes)], clock.now())
    run(clock)


def test_what_was_empty_is_counted_once_for_each_message(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now(), name="Minji", traits={"tier": "gold"})
    customer(2, clock.now(), traits={"tier": ""})
    customer(3, clock.now(), name="Ann")
    for who in (1, 2, 3):
        say(clock, who, {"templates": {"en": LETTER}})
    names = (("customer.tier", 2), ("customer.first_name", 1))
    assert gaps.of_campaign("news") == [Gaps("mail", "email", "", "", 0, 3, names)]


def test_a_second_attempt_is_the_same_message(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    wire.answer = lambda delivery, letter: outcomes.deferred("451 later")
    say(clock, 1, {"templates": {"en": LETTER}})
    wire.answer = lambda delivery, letter: outcomes.accepted("250 ok")
    clock.advance(timedelta(hours=1))
    run(clock)
    assert len(wire.arrived) == 1
    assert gaps.of_campaign("news")[0].messages == 1


def test_a_gap_that_was_closed_is_gone_with_the_next_message(clock: SetClock, wire: Recorder) -> None:
    for who in (1, 2):
        customer(who, clock.now())
    say(clock, 1, {"templates": {"en": LETTER}})
    assert gaps.of_campaign("news")
    clock.advance(timedelta(minutes=1))
    say(clock, 2, {"templates": {"en": {"subject": "Hi", "html": "<p>{{ customer.tier | default: '' }}</p>"}}})
    assert gaps.of_campaign("news") == []


def test_variants_and_channels_are_told_apart(clock: SetClock, wire: Recorder) -> None:
    for who in (1, 2, 3):
        customer(who, clock.now(), phone="+821012345678", traits={"tier": "gold"} if who == 2 else {})
    say(clock, 1, {"templates": {"en": LETTER}, "variant": "a"})
    say(clock, 2, {"templates": {"en": LETTER}, "variant": "b"})
    say(clock, 3, {"templates": {"en": {"text": "{{ customer.tier }}!"}}}, channel="sms")
    found = {(one.channel, one.variant): dict(one.names) for one in gaps.of_campaign("news")}
    both = {"customer.tier": 1, "customer.first_name": 1}
    assert found == {
        ("email", "a"): both,
        ("email", "b"): {"customer.first_name": 1},
        ("sms", ""): {"customer.tier": 1},
    }


def test_a_template_is_told_by_its_newest_version_that_was_sent(clock: SetClock, wire: Recorder) -> None:
    stored.put("hello", {"templates": {"en": LETTER}}, clock.now())
    stored.put("hello", {"templates": {"en": {**LETTER, "subject": "Hi"}}}, clock.now())
    stored.put("hello", {"templates": {"en": {**LETTER, "subject": "Ho"}}}, clock.now())
    for who, version, campaign in ((1, 1, "news"), (2, 2, "news"), (3, 2, "other")):
        customer(who, clock.now())
        say(clock, who, {"template": "hello", "version": version}, campaign=campaign)
    told = gaps.of_template("hello")
    assert told is not None
    assert (told.version, told.messages, told.names) == (2, 2, (("customer.tier", 2),))
    assert gaps.of_template("none") is None
