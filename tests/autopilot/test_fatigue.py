"""How much is too much: a cap is proposed where people leave, and never from a handful of messages."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from dangol.autopilot import fatigue
from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.collect import steps as collect
from dangol.deliver import contact
from dangol.deliver.models import Delivery
from dangol.strategy import steps as strategy
from tests.shopkit import Kit


def test_where_leaving_trebles_from_the_third_message_on_two_are_proposed() -> None:
    found = fatigue.judge([(20_000, 600, 40), (8_000, 200, 18), (4_000, 90, 32), (2_000, 40, 20)])
    assert found.cap == 2
    assert found.cautious is not None
    assert found.cautious <= found.cap
    assert found.bold == 2


def test_where_nobody_leaves_more_nothing_is_proposed() -> None:
    found = fatigue.judge([(20_000, 600, 40), (8_000, 240, 16), (4_000, 120, 8)])
    assert (found.cap, found.bold) == (None, None)


@pytest.mark.parametrize("counts", [[], [(0, 0, 0)] * 3, [(10, 1, 0), (5, 0, 5)], [(0, 0, 0), (900, 9, 90)]])
def test_from_little_nothing_follows(counts: list[tuple[int, int, int]]) -> None:
    assert fatigue.judge(counts).cap is None


def test_without_any_fatigue_a_cap_is_clearly_claimed_in_few_of_many_shops() -> None:
    rng = np.random.default_rng(5)
    sizes = (3_000, 1_000, 400, 150)
    claimed = [
        fatigue.judge([(n, int(rng.binomial(n, 0.03)), int(rng.binomial(n, 0.003))) for n in sizes]).bold is not None
        for _ in range(300)
    ]
    assert np.mean(claimed) < 0.02


@pytest.mark.django_db
def test_messages_are_counted_by_what_came_in_the_week_before(kit: Kit, clock: SetClock) -> None:
    strategy.ensure_ready(clock.now())
    contact.put({"caps": []}, clock.now())
    for key in ("one", "two"):
        send = {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}
        step = {"key": "say", "wait": "1h" if key == "one" else "26h", "send": send}
        campaign.put(key, {"name": key, "definition": {"entry": {"fact": "Seen"}, "steps": [step]}}, clock.now())
        campaign.activate(key, clock.now())
    kit.identify("u1", {"email": "u1@example.com"})
    kit.consent("u1")
    kit.track("u1", "Seen")
    kit.run()
    kit.pass_time(timedelta(days=3), timedelta(hours=3))
    second = Delivery.objects.get(campaign="two")
    told = {"delivery": second.pk, "campaign": "two"}
    collect.emit("Unsubscribed", kit.customer("u1"), told, message_id="un", at=clock.now())
    kit.run()
    heard = fatigue.measure(clock.now()).heard
    assert [(one.before, one.messages) for one in heard] == [(0, 1), (1, 1)]
    assert heard[1].left > heard[0].left
