"""What a message carries on each channel is what the packs of the customer's and the shop's country say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as config

from dangol.base import links
from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import kinds, law
from dangol.deliver.drafts import draft_of
from dangol.deliver.kinds.push import PushMessage
from dangol.deliver.law import pack
from dangol.deliver.messages import Shown
from dangol.deliver.models import Delivery
from tests.deliver.post import customer

pytestmark = pytest.mark.django_db
MESSAGES: dict[str, dict[str, str]] = {
    "email": {"subject": "Back", "html": "<p>Hello</p>"},
    "sms": {"text": "Hello"},
    "kakao": {"text": "Hello"},
    "webpush": {"title": "Back", "body": "Hello", "url": "https://shop.example/"},
    "onsite": {"title": "Back", "text": "Hello"},
}
CALLED = {"name": "단골 가게", "email": "hello@shop.example", "phone": "02-000-0000", "address": "서울시 종로구 1"}


@pytest.fixture(autouse=True)
def _base(settings: Any, shop: Shop) -> None:
    settings.DANGOL = replace(settings.DANGOL, base_url="https://crm.example", sms_refusal_number="")


def finished(clock: SetClock, channel: str, message_class: str = "marketing") -> Any:
    delivery = Delivery(
        pk=7, campaign="news", step="a", customer_id=1, home=1, trigger="t", channel=channel,
        message_class=message_class, context={}, planned_at=clock.now(), due_at=clock.now(),
    )  # fmt: skip
    message = {"templates": {"en": MESSAGES[channel]}, "tracking": False}
    return kinds.finish(delivery, draft_of(delivery, message, clock.now()), clock.now()).message


def said(clock: SetClock, channel: str, message_class: str = "marketing") -> Shown:
    shown: Shown = finished(clock, channel, message_class).shown()
    return shown


def link() -> str:
    return f"https://crm.example/u/{links.sign(config.DANGOL.secret, 'u', 7)}"


@pytest.mark.parametrize("channel", ["email", "sms", "kakao", "webpush"])
@pytest.mark.parametrize(("shops", "theirs"), [("KR", "KR"), ("DE", "KR"), ("KR", "DE"), ("KR", "")])
def test_advertising_that_touches_korea_is_labelled_on_every_channel(
    clock: SetClock, channel: str, shops: str, theirs: str
) -> None:
    Shop.objects.update(country=shops)
    customer(1, clock.now(), traits={"country": theirs})
    shown = said(clock, channel)
    first = shown.text if channel in {"sms", "kakao"} else shown.subject
    assert first.startswith("(광고)")
    assert "수신거부" in shown.text
    assert CALLED["name"] in shown.subject + shown.text


@pytest.mark.parametrize("country", ["KR", "DE", "GB", "US", "CA", "JP"])
@pytest.mark.parametrize("channel", ["email", "sms", "kakao", "webpush"])
def test_every_channel_says_what_the_pack_wants(clock: SetClock, channel: str, country: str) -> None:
    Shop.objects.update(country=country)
    customer(1, clock.now(), traits={"country": country})
    shown = said(clock, channel)
    told = shown.subject + "\n" + shown.text
    (found,) = law.in_force([country], clock.now().date())
    for what in found.shows.get(channel, ()):
        if what in CALLED:
            assert CALLED[what] in told, what
        elif what == "contact":
            assert CALLED["email"] in told or CALLED["phone"] in told
        else:
            assert link() in told, what


def test_what_a_pack_newly_asks_for_is_said(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packs are the one source: a law that is made up reaches every kind of message, cards too."""
    asked = ("email", "sms", "kakao", "webpush", "onsite")
    made_up = pack.Pack(
        key="xx-2026-01-01", since=clock.now().date(), law={"en": "x", "ko": "x"}, countries=frozenset({"XX"}),
        label=dict.fromkeys(asked, "<AD>"), shows=dict.fromkeys(asked, ("name", "address", "refusal")),
    )  # fmt: skip
    monkeypatch.setattr(law, "PACKS", (*law.PACKS, made_up))
    Shop.objects.update(country="XX")
    customer(1, clock.now())
    for channel in asked:
        shown = said(clock, channel)
        told = shown.subject + "\n" + shown.text
        assert told.startswith("<AD>"), channel
        assert CALLED["address"] in told, channel
        assert link() in told, channel


def test_a_text_message_in_korea(clock: SetClock, settings: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, sms_refusal_number="080-123-4567")
    customer(1, clock.now(), phone="+821012345678")
    assert said(clock, "sms").text == "(광고)[단골 가게] 02-000-0000\nHello\n무료수신거부 080-123-4567"


def test_a_text_message_in_the_united_states(clock: SetClock) -> None:
    Shop.objects.update(country="US")
    customer(1, clock.now(), phone="+12125550123")
    assert said(clock, "sms").text == f"[단골 가게]\nHello\nTo unsubscribe: {link()}"


def test_a_notification_in_korea_has_a_button_to_refuse(clock: SetClock) -> None:
    customer(1, clock.now())
    message = finished(clock, "webpush")
    assert isinstance(message, PushMessage)
    assert message.title == "(광고)[단골 가게] Back"
    assert message.body == f"Hello\n무료수신거부 {link()}"
    told = json.loads(message.payload())
    assert (told["refusal"], told["refuse"]) == (link(), "수신거부")


@pytest.mark.parametrize("channel", sorted(MESSAGES))
def test_the_customers_own_business_carries_no_label_and_no_refusal(clock: SetClock, channel: str) -> None:
    customer(1, clock.now(), phone="+821012345678")
    shown = said(clock, channel, "transactional")
    assert "(광고)" not in shown.subject + shown.text
    assert link() not in shown.text
    assert ("서울시 종로구 1" in shown.text) == (channel == "email")


def test_a_card_on_the_shops_own_site_is_no_message_that_arrives(clock: SetClock) -> None:
    customer(1, clock.now(), phone="+821012345678")
    assert said(clock, "onsite") == replace(said(clock, "onsite"), subject="Back", text="Hello")


def test_the_law_of_the_day_on_which_it_leaves_counts(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    amended = replace(law.korea.KR_2026, key="kr-2026-11-24", since=clock.now().date(), label={"sms": "(새 광고)"})
    monkeypatch.setattr(law, "PACKS", (*law.PACKS, amended))
    customer(1, clock.now(), phone="+821012345678")
    assert said(clock, "sms").text.startswith("(새 광고)[")
    assert said(clock, "email").subject == "Back"
