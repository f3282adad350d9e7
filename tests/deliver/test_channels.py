"""Kinds of messages and providers in particular: vectors, lengths, what stands in a request, fall-backs, refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid, Misconfigured
from dangol.base.models import Shop
from dangol.deliver import channels, lengths, prices, reports, steps, subscriptions, vapid
from dangol.deliver.channels import solapi, webhooks, webpush
from dangol.deliver.hearing import esps, twilio
from dangol.deliver.models import Delivery, OutboxMessage
from tests.deliver.contract.providers import AUTH, DIALECTS, P256DH, SETTINGS, Fake
from tests.deliver.post import customer, run, send

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)

# --- vectors --------------------------------------------------------------------------------------------------------


def test_solapi_signs_as_its_vector() -> None:
    made = solapi.signature("SECRET", "2026-01-01T00:00:00+09:00", "0123456789abcdef")
    assert made == "6bdf58e17c014d2ee1191b4c7cb0fa9ae422b284e85ae56622a1fce745b7ac4f"


def test_twilio_signs_as_its_vector() -> None:
    form = [("From", "+1"), ("Body", "STOP"), ("To", "+2")]
    assert twilio.signature("12345", "https://ex.com/sms?x=1", form) == "SFm1ARk8aksznlv3iInFyXAwfyY="


def test_webhooks_are_signed_as_the_standard_says() -> None:
    made = webhooks.signature(
        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "msg_1", 1767225600, b'{"id":1,"email":"a@b.c"}'
    )
    assert made == "v1,t5Jb3a/1m5OkDuF/1D7nFMHAqcBl616A49/T5Y6heI4="


def test_a_notification_is_encrypted_as_in_rfc_8291() -> None:
    sender = ec.derive_private_key(
        int.from_bytes(vapid.padded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    receiver = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    body = webpush.encrypt(
        b"When I grow up, I want to be a watermelon", receiver, "BTBZMqHH6r4Tts7J_aSIgg", sender=sender,
        salt=vapid.padded("DGv6ra1nlYgDCS1FRnbzlw"),
    )  # fmt: skip
    assert vapid.unpadded(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_longest_notification_still_fits_a_push_service() -> None:
    assert len(webpush.encrypt(b"x" * 3_993, P256DH, AUTH)) == 4_096


def test_a_browser_reads_what_was_encrypted_for_it() -> None:
    browser = ec.generate_private_key(ec.SECP256R1())
    body = webpush.encrypt("안녕".encode(), vapid.public(browser), AUTH)
    read = http_ece.decrypt(body, private_key=browser, auth_secret=vapid.padded(AUTH), version="aes128gcm")
    assert read.decode() == "안녕"


# --- lengths and prices ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "subject", "form"),
    [
        ("가" * 45, "", "sms"),
        ("가" * 45 + "a", "", "lms"),
        ("a" * 90, "", "sms"),
        ("a" * 91, "", "lms"),
        ("짧다", "제목", "lms"),
        ("가" * 1_000, "", "lms"),
    ],
)
def test_what_carries_a_text(text: str, subject: str, form: str) -> None:
    assert lengths.form(text, subject) == form


@pytest.mark.parametrize(
    ("text", "subject", "at"), [("가" * 1_001, "", "/text"), ("a", "가" * 21, "/subject"), ("가🙂", "", "/text")]
)
def test_what_no_text_message_carries(text: str, subject: str, at: str) -> None:
    with pytest.raises(Invalid) as caught:
        lengths.form(text, subject)
    assert caught.value.faults[0].path == at


def test_control_characters_never_leave() -> None:
    assert lengths.plain("a\x00b\x1b[31m\r\nc\u00a0d\u200b\t") == "ab[31m\nc d"


def test_prices() -> None:
    assert prices.price("sms=20 KRW, email=0.10 KRW", "email").as_json() == {"amount": "0.1", "currency": "KRW"}  # type: ignore[union-attr]
    assert prices.price("sms=20 KRW", "lms") is None
    with pytest.raises(Misconfigured):
        prices.price("pigeon=1 KRW", "sms")


# --- on the ledger --------------------------------------------------------------------------------------------------


def _plan(clock: SetClock, channel: str, message: dict[str, Any], message_class: str = "marketing") -> None:
    steps.plan([send(1, clock.now(), channel=channel, message=message, message_class=message_class)], clock.now())
    run(clock)


def _sent(fake: Fake) -> list[dict[str, Any]]:
    return [json.loads(content)["messages"][0] for _, _, _, content in fake.calls]


def test_a_number_that_nobody_has_fails_alone(texting: Fake, clock: SetClock) -> None:
    now = clock.now()
    for number, phone in ((2, "+99912345678"), (3, "+821099998888")):
        customer(number, now, phone=phone)
    message = {"templates": {"ko": {"text": "x"}}}
    asked = {"channel": "sms", "message": message, "message_class": "transactional"}
    steps.plan([send(number, now, **asked) for number in (2, 1, 3)], now)
    run(clock)
    states = dict(Delivery.objects.values_list("customer_id", "state"))
    assert states == {1: "accepted", 2: "failed", 3: "accepted"}
    assert len(texting.calls) == 2


def test_advertising_says_so_who_sends_it_and_how_to_refuse(texting: Fake, clock: SetClock) -> None:
    _plan(clock, "sms", {"templates": {"ko": {"text": "새 옷이 왔어요"}}})
    (sent,) = _sent(texting)
    shop = Shop.objects.get()
    assert sent["text"] == f"(광고)[{shop.sender_name}] {shop.phone}\n새 옷이 왔어요\n무료수신거부 080-123-4567"
    assert (sent["to"], sent["from"], sent["type"]) == ("01012345678", "0212345678", "SMS")


def test_an_alimtalk_fills_the_blanks_of_its_template(texting: Fake, clock: SetClock) -> None:
    _plan(clock, "kakao", {"alimtalk": "KA01", "variables": {"#{이름}": "{{ customer.name }}"}}, "transactional")
    (sent,) = _sent(texting)
    assert sent["type"] == "ATA"
    assert sent["kakaoOptions"] == {
        "pfId": "PF1", "disableSms": True, "templateId": "KA01", "variables": {"#{이름}": "Minji"},
    }  # fmt: skip


def test_a_blank_that_stays_empty_is_refused_before_it_leaves(texting: Fake, clock: SetClock) -> None:
    _plan(clock, "kakao", {"alimtalk": "KA01", "variables": {"#{x}": "{{ order.none }}"}}, "transactional")
    assert (Delivery.objects.get().state, texting.calls) == ("failed", [])


@pytest.mark.parametrize("provider", sorted(reports.HEARD))
def test_a_provider_without_a_secret_is_not_believed(provider: str, shop: Shop, clock: SetClock, db: None) -> None:
    assert (
        reports.receive(
            provider, {"x-solapi-secret": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}, b"[]", "/", clock.now()
        ).status
        == 401
    )


def test_the_outbox_shows_every_kind(shop: Shop, clock: SetClock, db: None) -> None:
    customer(1, clock.now(), phone="+821012345678", name="Minji")
    for name in ("solapi-sms", "solapi-alimtalk", "webhook"):
        dialect = DIALECTS[name]
        asked = {"channel": dialect.channel, "message": dialect.message, "message_class": "transactional"}
        steps.plan([send(1, clock.now(), step=name, **asked)], clock.now())
    run(clock)
    kept = {row.channel: row.text for row in OutboxMessage.objects.all()}
    assert kept["sms"] == "Your basket waits, Minji"
    assert kept["kakao"] == "#{name} = Minji"
    assert json.loads(kept["webhook"])["data"]["customer"]["name"] == "Minji"


# --- browsers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://fcm.googleapis.com/x"},
        {"endpoint": "https://fcm.googleapis.com.evil.example/x"},
        {"endpoint": "https://evil.example/x"},
        {"endpoint": "https://a@fcm.googleapis.com/x"},
        {"endpoint": "https://fcm.googleapis.com:8443/x"},
        {"endpoint": None},
        {"p256dh": "BBBB"},
        {"p256dh": "B" + "A" * 86},
        {"auth": "AAAA"},
        {"auth": "ÄÄ"},
    ],
)
def test_what_is_no_subscription(change: dict[str, Any]) -> None:
    good = {"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/x", "p256dh": P256DH, "auth": AUTH}
    assert subscriptions.readable(good) == good
    assert subscriptions.readable(good | change) is None


def test_the_shops_key_is_made_once(tmp_path: Any) -> None:
    assert vapid.public(vapid.key(tmp_path)) == vapid.public(vapid.key(tmp_path))
    assert (tmp_path / vapid.FILE).stat().st_mode & 0o777 == 0o600


# --- e-mail providers -----------------------------------------------------------------------------------------------


def _event(**told: Any) -> SimpleNamespace:
    given = {"event_type": "bounced", "mta_response": "", "description": "", "reject_reason": "bounced"}
    return SimpleNamespace(**({"esp_event": {}} | given | told))


@pytest.mark.parametrize(
    ("event", "hard", "reason"),
    [
        (_event(mta_response="550 5.1.1 no such user"), True, "address"),
        (_event(mta_response="550 5.7.1 blocked by policy"), False, "policy"),
        (_event(mta_response="452 4.2.2 mailbox full"), False, "address"),
        (_event(esp_event={"Type": "HardBounce"}), True, "address"),
        (_event(esp_event={"Type": "HardBounce"}, reject_reason="blocked"), False, "policy"),
        (_event(esp_event={"Type": "SoftBounce"}), False, "address"),
        (_event(reject_reason="invalid"), True, "address"),
        (_event(event_type="rejected", reject_reason="invalid"), False, "address"),
        (_event(description="somebody said 500 things"), False, "address"),
    ],
)
def test_an_address_is_silenced_only_where_it_is_plainly_gone(event: Any, hard: bool, reason: str) -> None:
    report = esps._bounce(event)
    assert (report.hard, report.reason) == (hard, reason)


def test_a_provider_gets_the_letter_with_its_headers(
    shop: Shop, clock: SetClock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DANGOL = replace(settings.DANGOL, **SETTINGS)
    dialect = DIALECTS["postmark"]
    fake = Fake([dialect.accepts])
    monkeypatch.setitem(channels.CHANNELS, "email", lambda config: dialect.opens(config, fake))
    customer(1, clock.now())
    _plan(clock, "email", dialect.message)
    sent = json.loads(fake.calls[0][3])
    headers = {one["Name"]: one["Value"] for one in sent["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<https://crm.shop.example/u/")
    assert headers["Message-ID"].startswith(f"<{Delivery.objects.get().pk}.")
    assert (sent["TrackOpens"], sent["TrackLinks"]) == (False, "None")
    assert "Hello" in sent["TextBody"] and "<p>Hello</p>" in sent["HtmlBody"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"sms_provider": "pigeon"}, "sms_provider"),
        ({"sms_provider": "solapi"}, "solapi_key"),
        ({"sms_provider": "twilio"}, "twilio_account"),
        ({**SETTINGS, "kakao_provider": "solapi", "kakao_channel": ""}, "kakao_channel"),
        ({"email_provider": "pigeon"}, "email_provider"),
        ({"email_provider": "brevo"}, "email_api_key"),
        ({"message_prices": "sms=dear"}, "message_prices"),
    ],
)
def test_a_wrong_setting_is_refused_at_the_start(given: dict[str, Any], named: str, settings: Any) -> None:
    channels.check(settings.DANGOL)
    with pytest.raises(Misconfigured, match=named):
        channels.check(replace(settings.DANGOL, **given))
