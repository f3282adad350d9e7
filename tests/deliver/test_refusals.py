"""Refusals by STOP, the 080 number or a provider: all that reaches a telephone, and again after a new yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.errors import Unavailable
from dangol.base.instants import iso
from dangol.deliver import blocklist, channels, marks, refusals, reports, returns, steps
from dangol.deliver.channels.twilio import STOPPED, Twilio
from dangol.deliver.hearing import twilio
from dangol.deliver.models import Delivery, Suppression
from dangol.deliver.returned import Report
from dangol.profile.models import Consent, Profile
from tests.deliver.contract.providers import BASIC, DIALECTS, Fake, answer
from tests.deliver.post import Recorder, customer, facts, run, send

pytestmark = pytest.mark.django_db
NUMBER, OTHER = "+821012345678", "+821099998888"
TEXT = {"templates": {"ko": {"text": "새 옷이 왔어요"}}}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Refuse = Callable[[datetime], None]


def plan(clock: SetClock, campaign: str, channel: str = "sms", **more: Any) -> Delivery:
    message = DIALECTS["solapi-brand"].message if channel == "kakao" else TEXT
    given = {"channel": channel, "message": message} | more
    steps.plan([send(1, clock.now(), campaign=campaign, **given)], clock.now())
    return Delivery.objects.get(campaign=campaign)


def agree(clock: SetClock) -> None:
    Consent.objects.filter(customer_id=1).update(state="granted", at=clock.now())


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("campaign", "state"))


def withdrawn() -> list[str]:
    return sorted(fact["properties"]["channel"] for fact in facts("Consent Changed"))


def stop(now: datetime, number: str = NUMBER) -> None:
    form = [("From", number), ("Body", "Stop"), ("To", "+8221234567")]
    proof = twilio.signature("12345", "https://crm.shop.example/hooks/twilio", form)
    called = reports.receive("twilio", {"x-twilio-signature": proof}, urlencode(form).encode(), "/hooks/twilio", now)
    assert called.status == 200


def call_080(now: datetime) -> None:
    entry = {"recipientNumber": "01012345678", "dateCreated": "2025-01-01T00:00:00.000Z", "dateUpdated": iso(now)}
    blocklist.take_in(_config(), Fake([answer(200, {"blackList": [entry], "nextKey": None})]), SetClock(now))


def _config() -> Any:
    from django.conf import settings

    return settings.DANGOL


# --- what a refusal does ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refuse", [stop, call_080])
def test_a_refusal_withdraws_texts_and_kakao_and_stops_what_waits(
    texting: Fake, clock: SetClock, refuse: Refuse
) -> None:
    later = clock.now() + HOUR
    plan(clock, "text", due_at=later)
    plan(clock, "chat", "kakao", due_at=later)
    plan(clock, "order", message_class="transactional", due_at=later)
    refuse(clock.now())
    refuse(clock.now())
    assert states() == {"text": "cancelled", "chat": "cancelled", "order": "planned"}
    assert withdrawn() == ["kakao", "sms"], "doing it twice is doing it once"
    assert set(Suppression.objects.values_list("channel", flat=True)) == {"sms", "kakao"}


@pytest.mark.parametrize("refuse", [stop, call_080])
def test_a_second_refusal_after_a_new_yes_counts(texting: Fake, clock: SetClock, refuse: Refuse) -> None:
    refuse(clock.now())
    clock.advance(HOUR)
    agree(clock)
    run(clock)
    plan(clock, "a")
    run(clock)
    clock.advance(HOUR)
    refuse(clock.now())
    plan(clock, "b")
    plan(clock, "c", "kakao")
    assert states() == {"a": "accepted", "b": "cancelled", "c": "cancelled"}
    assert withdrawn() == ["kakao", "kakao", "sms", "sms"]


def test_a_yes_that_is_not_read_yet_does_not_outlive_a_later_refusal(texting: Fake, clock: SetClock) -> None:
    """The customer agrees and refuses again before the loop has read the first of it."""
    stop(clock.now())
    clock.advance(HOUR)
    agreed = clock.now()
    clock.advance(HOUR)
    stop(clock.now())
    Consent.objects.filter(customer_id=1).update(state="granted", at=agreed)
    assert plan(clock, "a").state == "cancelled"


def test_a_number_that_nobody_has_is_refused_for_whoever_has_it_later(texting: Fake, clock: SetClock) -> None:
    stop(clock.now(), OTHER)
    Profile.objects.update(phone=OTHER)
    assert plan(clock, "a").decision[-1]["rules"] == ["suppressed_unsubscribe"]
    assert not refusals.refuse("no number", "sms", clock.now())


def test_whoever_has_the_number_has_refused(texting: Fake, clock: SetClock) -> None:
    customer(2, clock.now(), phone=NUMBER)
    stop(clock.now())
    told = {(fact["customerId"], fact["properties"]["channel"]) for fact in facts("Consent Changed")}
    assert told == {(1, "sms"), (1, "kakao"), (2, "sms"), (2, "kakao")}


# --- Twilio's 21610 ---------------------------------------------------------------------------------------------------


def test_a_number_that_twilio_knows_to_have_stopped_has_refused_everything(
    texting: Fake, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = answer(400, {"code": STOPPED, "message": "Attempt to send to unsubscribed recipient"})
    monkeypatch.setitem(channels.CHANNELS, "sms", lambda config: Twilio(config, Fake([refused])))
    plan(clock, "chat", "kakao", due_at=clock.now() + HOUR)
    plan(clock, "text")
    run(clock)
    assert states() == {"chat": "cancelled", "text": "bounced"}
    assert withdrawn() == ["kakao", "sms"]
    clock.advance(HOUR)
    agree(clock)
    clock.advance(DAY)
    plan(clock, "again")
    run(clock)
    assert states()["again"] == "bounced"
    assert withdrawn() == ["kakao", "kakao", "sms", "sms"], "Twilio still has the refusal"
    assert plan(clock, "c", "kakao").state == "cancelled"


def test_a_report_of_21610_refuses_for_the_customer_whose_number_it_was(texting: Fake, clock: SetClock) -> None:
    row = plan(clock, "text")
    run(clock)
    Profile.objects.update(phone=OTHER)
    mark = urlencode({"d": marks.mark(_config().secret, row.pk)})
    form = [("MessageStatus", "failed"), ("ErrorCode", str(STOPPED)), ("To", NUMBER)]
    proof = twilio.signature("12345", f"https://crm.shop.example/hooks/twilio?{mark}", form)
    called = reports.receive(
        "twilio", {"x-twilio-signature": proof}, urlencode(form).encode(), f"/hooks/twilio?{mark}", clock.now()
    )
    assert (called.status, withdrawn()) == (200, ["kakao", "sms"])
    assert plan(clock, "new-number").state == "cancelled", "they refused, whatever their number is now"


# --- Solapi's list ----------------------------------------------------------------------------------------------------


def page(*numbers: str, following: str | None = None, **more: str) -> Any:
    return answer(200, {"blackList": [{"recipientNumber": one, **more} for one in numbers], "nextKey": following})


def test_the_080_list_is_taken_in_to_its_end_and_a_later_yes_stands(texting: Fake, clock: SetClock) -> None:
    pages = [page("01012345678", following="K2"), page("01099998888", "")]
    fake = Fake(list(pages))
    assert blocklist.take_in(_config(), fake, clock) == 2
    assert "startKey=K2" in fake.calls[1][1]
    assert Suppression.objects.filter(channel="sms").count() == 2
    clock.advance(DAY)
    agree(clock)
    assert blocklist.take_in(_config(), Fake(list(pages)), clock) == 0
    plan(clock, "a")
    run(clock)
    assert states() == {"a": "accepted"}


def test_an_old_entry_does_not_take_back_a_yes_that_came_after_it(texting: Fake, clock: SetClock) -> None:
    """The customer called, agreed anew at the counter, and the list is read for the first time since."""
    listed = page("01012345678", dateCreated=iso(clock.now()))
    clock.advance(HOUR)
    agree(clock)
    clock.advance(HOUR)
    plan(clock, "a", due_at=clock.now() + HOUR)
    assert blocklist.take_in(_config(), Fake([listed]), clock) == 1
    clock.advance(HOUR)
    run(clock)
    assert (states(), withdrawn()) == ({"a": "accepted"}, [])


def test_a_list_by_keys_is_read_too(texting: Fake, clock: SetClock) -> None:
    listed = answer(200, {"blackList": {"HK1": {"recipientNumber": "01012345678"}}, "nextKey": None})
    assert blocklist.take_in(_config(), Fake([listed]), clock) == 1


def test_a_list_that_is_not_read_to_its_end_says_so(
    texting: Fake, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocklist, "MOST_PAGES", 2)
    pages = [page("01012345678", following="K2"), page("01099998888", following="K3"), page("01055556666")]
    with pytest.raises(Unavailable, match="more than 2 pages"):
        blocklist.take_in(_config(), Fake(pages), clock)
    assert Suppression.objects.filter(channel="sms").count() == 2, "what was read are refusals all the same"
    with pytest.raises(Unavailable, match="does not end"):
        blocklist.take_in(_config(), Fake([page(following="K2")]), clock)
    with pytest.raises(Unavailable, match="401"):
        blocklist.take_in(_config(), Fake([answer(401, {"errorCode": "Unauthorized"})]), clock)


# --- letters ----------------------------------------------------------------------------------------------------------


def test_who_unsubscribes_by_an_old_letter_gets_nothing_at_the_new_address_either(
    texting: Fake, wire: Recorder, clock: SetClock
) -> None:
    """Until the loop has read the withdrawn consent, too."""
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    Profile.objects.update(email="new@example.com")
    steps.unsubscribe(Delivery.objects.get().pk, clock.now())
    steps.plan([send(1, clock.now(), campaign="b")], clock.now())
    assert Delivery.objects.get(campaign="b").decision[-1]["rules"] == ["suppressed_unsubscribe"]


def test_a_complaint_stops_what_waits(texting: Fake, wire: Recorder, clock: SetClock) -> None:
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    steps.plan([send(1, clock.now(), campaign="b")], clock.now())
    returns.book(Delivery.objects.get(campaign="news").pk, [Report("complained")], clock.now())
    assert states() == {"news": "accepted", "b": "cancelled"}
    assert Suppression.objects.get().reason == "complaint"


# --- e-mail providers -------------------------------------------------------------------------------------------------


@pytest.fixture
def sendgrid(texting: Fake, settings: Any, wire: Recorder) -> None:
    settings.DANGOL = replace(settings.DANGOL, email_provider="sendgrid")


def tell(client: Client, delivery: int, **event: Any) -> int:
    told = {"event": "unsubscribe", "email": "c1@example.com", "timestamp": 1_795_500_000, "sg_event_id": "E1"}
    told["dangol"] = marks.mark(_config().secret, delivery)
    called = client.post(
        "/hooks/sendgrid",
        data=[told | event],
        content_type="application/json",
        headers={"authorization": BASIC["authorization"]},
    )
    return called.status_code


def test_an_unsubscription_by_a_letter_counts_with_its_campaign(
    sendgrid: None, client: Client, clock: SetClock
) -> None:
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert [tell(client, Delivery.objects.get().pk) for _ in range(2)] == [200, 200]
    assert [fact["properties"]["campaign"] for fact in facts("Unsubscribed")] == ["news"]


def test_an_unsubscription_by_a_letter_there_is_no_more_counts_by_its_address(
    sendgrid: None, client: Client, clock: SetClock
) -> None:
    """After a restored backup, say: the provider has done its part and would repeat an error for days."""
    assert tell(client, 4711) == 200
    assert withdrawn() == ["email"]
    steps.plan([send(1, clock.now())], clock.now())
    assert Delivery.objects.get().decision[-1]["rules"] == ["suppressed_unsubscribe"]


@pytest.mark.parametrize("event", ["open", "click", "bounce", "delivered", "spamreport"])
def test_what_is_told_of_a_letter_there_is_no_more_is_taken_and_dropped(
    sendgrid: None, client: Client, event: str
) -> None:
    assert tell(client, 4711, event=event) == 200
    assert not facts() and not Suppression.objects.exists()


@pytest.mark.parametrize("odd", [{"url": 7}, {"useragent": ["x"]}, {"event": None}, {"timestamp": "soon"}])
def test_an_event_that_is_none_is_answered_and_not_stumbled_over(
    sendgrid: None, client: Client, clock: SetClock, odd: dict[str, Any]
) -> None:
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert tell(client, Delivery.objects.get().pk, **({"event": "click"} | odd)) in {200, 400}
