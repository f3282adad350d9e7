"""Why a message may leave, waits or may not: what is told is what the gate decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.deliver import contact, steps, whys
from dangol.deliver.models import Delivery
from dangol.deliver.rules import Allow, Deny, HoldUntil, may_send
from tests.deliver.post import customer, run, send
from tests.deliver.test_rules import ROWS, local, question
from tests.privacy.test_notices import ADVERT
from tests.shopkit import Kit

db = pytest.mark.django_db


@pytest.mark.parametrize("row", ROWS)
def test_the_answers_together_are_the_gates_decision(row: dict[str, Any]) -> None:
    now = local(row, row["at"])
    assert now is not None
    asked = question(row)
    decision, answers = may_send(asked, now), whys.answers(asked, now)
    forbidden = [rule for one in answers if one.says == whys.FORBIDS for rule in one.rules]
    waits = [rule for one in answers if one.says == whys.WAITS for rule in one.rules]
    untils = [one.until for one in answers if one.until]
    if isinstance(decision, Allow):
        assert (forbidden, waits) == ([], [])
    elif isinstance(decision, HoldUntil):
        assert (forbidden, waits) == ([], list(decision.rules))
        assert max(one for one in untils) == decision.at
    else:
        assert list(decision.rules) in (forbidden, [*waits, "expired"])


def named(found: whys.Why, about: str) -> whys.Answer:
    return next(one for one in found.answers if one.about == about)


@db
def test_caps_name_the_messages_that_counted(shop: Shop, clock: SetClock) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    clock.advance(timedelta(hours=1))
    steps.plan([send(1, clock.now(), step="second")], clock.now())
    first, second = Delivery.objects.order_by("pk")
    told = named(whys.of_delivery(second, clock.now()), "caps")
    assert (told.says, told.rules) == (whys.WAITS, ("daily_cap",))
    assert told.looked["caps"] == [{"most": 1, "per": "day", "channel": "*", "used": 1, "deliveries": [first.pk]}]
    contact.put({"caps": [{"most": 2, "per": "day", "channel": "*"}]}, clock.now())
    assert named(whys.of_delivery(second, clock.now()), "caps").says == whys.PASSES


@db
def test_the_night_says_when_it_ends(shop: Shop, clock: SetClock) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), due_at=clock.now() + timedelta(days=1))], clock.now())
    clock.advance(timedelta(hours=10))  # 22:00 in Seoul
    told = named(whys.of_delivery(Delivery.objects.get(), clock.now()), "quiet")
    assert (told.says, told.until) == (whys.WAITS, clock.now() + timedelta(hours=10))


@db
def test_of_a_message_that_left_its_own_room_and_time_count_no_more(shop: Shop, clock: SetClock) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    clock.advance(timedelta(days=30))
    kept = Delivery.objects.get()
    told = whys.of_delivery(kept, clock.now())
    assert isinstance(told.decision, Allow)
    assert kept.expires_at is not None, "the row itself stays as it is"
    assert Delivery.objects.get().expires_at == kept.expires_at


@db
def test_a_campaign_and_a_customer_who_never_came_in(kit: Kit, clock: SetClock) -> None:
    found = campaign.put("advert", {"name": "Advert", "definition": {**ADVERT, "holdout_percent": 0}}, clock.now())
    kit.identify("c", {"email": "c@mail.example"})
    kit.run()
    told = whys.of_pair(found, kit.customer("c"), clock.now())
    assert (told.runs, told.kept, told.held_out) == ([], [], False)
    (only,) = told.steps
    assert isinstance(only.decision, Deny)
    assert named(only, "consent").rules == ("consent_missing",)
    assert not Delivery.objects.exists(), "nothing was planned by asking"


@db
def test_whom_the_draw_leaves_alone(kit: Kit, clock: SetClock) -> None:
    held = {**ADVERT, "holdout_percent": 50}
    found = campaign.put("advert", {"name": "Advert", "definition": held}, clock.now())
    campaign.activate("advert", clock.now())
    for n in range(12):
        kit.identify(f"c{n}", {"email": f"c{n}@mail.example"})
        kit.consent(f"c{n}")
    kit.run()
    found.refresh_from_db()
    before = {n: whys.of_pair(found, kit.customer(f"c{n}"), clock.now()).held_out for n in range(12)}
    for n in range(12):
        kit.order(f"c{n}", f"o{n}", 10)
    kit.run()
    after = {n: whys.of_pair(found, kit.customer(f"c{n}"), clock.now()) for n in range(12)}
    assert {n: one.held_out for n, one in after.items()} == before
    assert {n: one.runs[0].arm == "holdout" for n, one in after.items()} == before
    assert {n: not one.kept for n, one in after.items()} == before


def test_what_a_receipt_is_not_asked_is_not_told() -> None:
    row = ROWS[0].values[0]
    assert isinstance(row, dict)
    now = local(row, row["at"])
    assert now is not None
    told = {one.about for one in whys.answers(replace(question(row), message_class="transactional"), now)}
    assert "address" in told
    assert not {"consent", "quiet", "night", "caps"} & told
