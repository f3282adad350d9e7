"""What goes out instead of a message that did not arrive."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.campaign.models import Campaign, Run
from dangol.deliver import fallbacks, reports, steps
from dangol.deliver.models import Delivery
from dangol.identity.rules import Moves
from tests.deliver.contract.providers import DIALECTS, Fake
from tests.deliver.post import facts, run, send

pytestmark = pytest.mark.django_db
BRAND = {
    "templates": {"ko": {"text": "가을 새 옷"}}, "targeting": "I", "fallback": {"ko": {"text": "가을 새 옷"}},
    "priority": 40, "outranked": "drop", "variant": "short",
}  # fmt: skip


def tell(clock: SetClock, message: dict[str, Any], message_class: str = "marketing") -> None:
    steps.plan([send(1, clock.now(), channel="kakao", message=message, message_class=message_class)], clock.now())
    run(clock)


def test_a_text_goes_out_where_the_alimtalk_did_not_arrive(texting: Fake, clock: SetClock) -> None:
    message = {"alimtalk": "KA01", "variables": {}, "fallback": {"ko": {"text": "주문이 도착했어요"}}}
    tell(clock, message, "transactional")
    reporting = DIALECTS["solapi-alimtalk"].reports
    assert reporting
    for _ in range(2):
        reports.receive("solapi", *reporting("bounced", texting.calls[0][3]), clock.now())
    run(clock)
    assert [json.loads(content)["messages"][0]["type"] for *_, content in texting.calls] == ["ATA", "SMS"]
    assert dict(Delivery.objects.values_list("channel", "state")) == {"kakao": "bounced", "sms": "accepted"}


def test_what_was_refused_at_once_takes_no_room_from_what_goes_out_instead(texting: Fake, clock: SetClock) -> None:
    texting.answers = [DIALECTS["solapi-brand"].rejects, DIALECTS["solapi-brand"].accepts]
    tell(clock, BRAND)
    assert dict(Delivery.objects.values_list("channel", "state")) == {"kakao": "failed", "sms": "accepted"}


def test_what_goes_out_instead_has_the_rank_and_the_variant_of_the_first(texting: Fake, clock: SetClock) -> None:
    texting.answers = [DIALECTS["solapi-brand"].rejects, DIALECTS["solapi-brand"].accepts]
    tell(clock, BRAND)
    instead = Delivery.objects.get(instead=True)
    first = Delivery.objects.get(instead=False)
    assert (instead.trigger, instead.step, instead.home) == (first.trigger, first.step, first.home)
    assert instead.message == {
        "templates": BRAND["fallback"], "priority": 40, "outranked": "drop", "variant": "short"
    }  # fmt: skip
    assert [fact["properties"]["variant"] for fact in facts("Message Sent")] == ["short"]


@pytest.mark.parametrize("trigger", ["segment:1", "fact:" + "x" * 190])
def test_who_reached_the_goal_gets_nothing_instead(texting: Fake, clock: SetClock, trigger: str) -> None:
    now = clock.now()
    campaign = Campaign.objects.create(
        key="news", name="News", state="active", created_at=now,
        definition={
            "entry": {"segment": "x"}, "goal": {"fact": "Order Completed", "within": "7d"},
            "steps": [{"key": "mail", "send": {"channel": "kakao", "class": "marketing", "targeting": "I",
                                               "templates": {"ko": {"text": "x"}}}}],
        },
    )  # fmt: skip
    Run.objects.create(
        campaign=campaign, customer_id=1, home=1, trigger=trigger, arm="treated", entered_at=now, state="finished"
    )
    steps.plan([send(1, now, channel="kakao", message=BRAND, trigger=trigger)], now)
    run(clock)
    clock.advance(timedelta(minutes=1))
    Run.objects.update(reached_at=clock.now())
    reporting = DIALECTS["solapi-brand"].reports
    assert reporting
    reports.receive("solapi", *reporting("bounced", texting.calls[0][3]), clock.now())
    run(clock)
    assert len(texting.calls) == 1
    instead = Delivery.objects.get(instead=True)
    assert (instead.state, instead.decision[-1]["rules"]) == ("cancelled", ["goal_reached"])


def test_what_goes_out_instead_is_no_twin_of_the_first(texting: Fake, clock: SetClock) -> None:
    clock.advance(timedelta(hours=10))  # 22:00 in Seoul
    now = clock.now()
    tell(clock, BRAND)
    Delivery.objects.update(state="bounced")
    fallbacks.plan(list(Delivery.objects.all()), now)
    steps.rehome(Moves(homes=[(2, 2, 1)]))
    assert Delivery.objects.get(instead=True).state == "planned"
