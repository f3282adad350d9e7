"""What a play did comes back to the plan through the log: what it added, and who left for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.autopilot import planning, scoring
from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.deliver import contact
from dangol.strategy import scores
from dangol.strategy import steps as strategy
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_shop_without_a_campaign_has_nothing_to_score(kit: Kit, clock: SetClock) -> None:
    strategy.ensure_ready(clock.now())
    assert not scoring.due(clock.now())
    assert scoring.score(clock.now()) == 0


def test_the_circle_closes_in_the_log(kit: Kit, clock: SetClock) -> None:
    strategy.ensure_ready(clock.now())
    campaign.activate_play("welcome", clock.now())
    for n in range(60):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.consent(f"u{n}")
    kit.run()
    kit.pass_time(timedelta(hours=1))
    arms = dict(Run.objects.values_list("customer_id", "arm"))
    treated = [n for n in range(60) if arms[kit.customer(f"u{n}")] == "treated"]
    for n in treated[:20]:
        kit.order(f"u{n}", f"o{n}", 100)
    for n in treated[20:29]:
        kit.track(f"u{n}", "Unsubscribed", {"campaign": "welcome"})
    kit.track(f"u{treated[0]}", "Survey Answered", {"survey": "csat", "score": 1})
    kit.run()
    kit.pass_time(15 * DAY)
    assert scoring.due(clock.now())
    assert scoring.score(clock.now()) == 1
    scoring.score(clock.now())  # twice on a day is once
    kit.run()
    told = scores.told()["welcome"]
    assert (told["treated"], told["held_out"]) == (len(treated), 60 - len(treated))
    assert (told["annoyed"], told["annoyed_held_out"]) == (10, 0)
    assert told["lift"] == pytest.approx(20 / len(treated))
    assert not scoring.due(clock.now() + timedelta(hours=19))
    row = next(one for one in planning.plan(clock.now()).rows if one.play.key == "welcome")
    assert row.seen is not None
    assert row.seen.customers == 60
    assert row.annoyed is not None
    assert f"10 of {len(treated)}" in row.annoyed["en"]


def test_a_play_that_asks_is_not_blamed_for_the_answers(kit: Kit, clock: SetClock) -> None:
    strategy.ensure_ready(clock.now())
    campaign.activate_play("thanks", clock.now())
    for n in range(20):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.order(f"u{n}", f"o{n}", 100)
    kit.run()
    kit.pass_time(2 * DAY, DAY)
    for n in range(20):
        kit.track(f"u{n}", "Survey Answered", {"survey": "csat", "score": 1})
    kit.run()
    scoring.score(clock.now())
    kit.run()
    assert scores.told()["thanks"]["annoyed"] == 0


def test_the_plan_keeps_to_the_tightest_limit_on_messages(kit: Kit, clock: SetClock) -> None:
    from dangol.autopilot import steps as autopilot

    assert planning.circumstances().contacts == 30, "one a day unless somebody says otherwise"
    contact.put({"caps": [{"most": 1, "per": "week", "channel": "*"}, {"most": 9, "per": "day"}]}, clock.now())
    assert planning.circumstances().contacts == pytest.approx(30 / 7)
    autopilot.set_limits({"contacts": 3, "budget": "50000", "staff_hours": 2.5}, clock.now())
    told = planning.circumstances()
    assert (told.contacts, told.budget, told.minutes) == (3, 50_000, 150)
