"""Providers that are only pretended: each in its own dialect, all doing as they are told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter

from dangol.base.fetch import Answer, Unreachable, Unreached
from dangol.base.settings import Settings
from dangol.deliver.channels import Channel
from dangol.deliver.channels.esp import Provider
from dangol.deliver.channels.solapi import Solapi
from dangol.deliver.channels.twilio import Twilio
from dangol.deliver.channels.webhooks import Webhooks
from dangol.deliver.channels.webpush import WebPush
from dangol.deliver.hearing.twilio import signature

P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SETTINGS = {
    "sms_sender": "02-1234-5678", "sms_refusal_number": "080-123-4567",
    "solapi_key": "K", "solapi_secret": "SECRET", "kakao_channel": "PF1",
    "solapi_webhook_secret": "secret", "twilio_account": "AC1", "twilio_token": "12345",
    "base_url": "https://crm.shop.example", "webpush_contact": "hello@shop.example", "webhooks": True,
    "email_api_key": "K", "email_webhook_secret": "shop:pass",
    "message_prices": "email=0.1 KRW, sms=20 KRW, lms=50 KRW, alimtalk=8 KRW, brand=15 KRW, webpush=0.5 KRW,"
    "webhook=1 KRW",
}  # fmt: skip


LISTS = ("/messages/v4/list?", "/Messages.json?")  # of the messages that Solapi and Twilio hold


NOTHING = Answer(200, {}, b'{"messages": [], "messageList": {}}')


@dataclass
class Fake:
    """The other side of the network: answers in turn as programmed, then with the last answer for ever.

    Whoever asks what it holds is told `held`, and counted apart.
    """

    answers: list[Answer | Exception] = field(default_factory=list)
    calls: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)
    held: Answer | Exception = NOTHING
    asked: list[str] = field(default_factory=list)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"",
        seconds: float = 20.0,
    ) -> Answer:  # fmt: skip
        if method == "GET" and any(place in url for place in LISTS):
            self.asked.append(url)
            answer = self.held
        else:
            self.calls.append((method, url, headers or {}, content))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(frozen=True)
class Dialect:
    """What is particular to one provider."""

    channel: str
    message: dict[str, Any]
    opens: Callable[[Settings, Fake], Channel]
    accepts: Answer
    rejects: Answer
    rejected: str  # the state a refused message ends in
    cost: str
    message_class: str = "marketing"
    again: bool = False  # it knows a message by our id: a lost answer is asked for again
    # The call that reports: kind and what was sent → headers, body, path. None: it never reports.
    reports: Callable[[str, bytes], tuple[dict[str, str], bytes, str]] | None = None
    provider: str = ""


class Adapter(BaseAdapter):
    """The same other side, for what makes its calls by `requests`."""

    def __init__(self, fake: Fake) -> None:
        super().__init__()
        self._fake = fake

    def send(self, request: Any, **_: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        try:
            told = self._fake.request(request.method, request.url, headers=request.headers, content=body)
        except Unreached as error:
            raise requests.ConnectTimeout(str(error)) from error
        except Unreachable as error:
            raise requests.ReadTimeout(str(error)) from error
        response = requests.Response()
        response.status_code, response._content, response.request = told.status, told.body, request
        response.headers.update(told.headers)
        response.url, response.reason = request.url, ""
        return response

    def close(self) -> None:
        """Nothing is open."""


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps(body).encode() if body is not None else b"")


LOST, NOBODY = Unreachable("timed out"), Unreached("refused")
BUSY = answer(429, {"errorCode": "TooManyRequests", "message": "slow down"}, **{"retry-after": "3600"})

SOLAPI_YES = answer(
    200,
    {
        "groupInfo": {"count": {"total": 1}}, "failedMessageList": [],
        "messageList": [{"messageId": "M1", "statusCode": "2000", "statusMessage": "정상 접수"}],
    },
)  # fmt: skip
SOLAPI_NO = answer(
    200,
    {
        "groupInfo": {},
        "failedMessageList": [{"statusCode": "1062", "statusMessage": "발신번호 미등록"}],
        "messageList": [],
    },
)


def solapi_reports(kind: str, sent: bytes) -> tuple[dict[str, str], bytes, str]:
    mark = json.loads(sent)["messages"][0]["customFields"]
    code = {"delivered": "4000", "bounced": "3104"}[kind]
    event = {
        "eventDataId": "E1",
        "retryCount": 0,
        "data": {"messageId": "M1", "statusCode": code, "customFields": mark},
    }
    headers = {"x-solapi-secret": hashlib.sha1(b"secret").hexdigest(), "x-solapi-event-name": "SINGLE-REPORT"}
    return headers, json.dumps([event]).encode(), "/hooks/solapi"


def twilio_reports(kind: str, sent: bytes) -> tuple[dict[str, str], bytes, str]:
    url = dict(parse_qsl(sent.decode()))["StatusCallback"]
    status = {"delivered": "delivered", "bounced": "undelivered"}[kind]
    form = [("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", "30003" if kind == "bounced" else "")]
    headers = {"x-twilio-signature": signature("12345", url, form)}
    parts = urlsplit(url)
    return headers, urlencode(form).encode(), f"{parts.path}?{parts.query}"


TEXT = {"templates": {"en": {"text": "Your basket waits, {{ customer.first_name | default: 'friend' }}"}}}

LETTER = {"templates": {"en": {"subject": "News", "html": "<p>Hello</p>"}}}
BASIC = {"authorization": "Basic " + base64.b64encode(b"shop:pass").decode(), "content-type": "application/json"}
AT = 1_795_500_000


def esp(name: str) -> Callable[[Settings, Fake], Channel]:
    return lambda settings, fake: Provider(replace(settings, email_domain="shop.example"), name, Adapter(fake))


def sendgrid_reports(kind: str, sent: bytes) -> tuple[dict[str, str], bytes, str]:
    told = json.loads(sent)
    mark = (told["custom_args"] | told["personalizations"][0].get("custom_args", {}))["dangol"]
    event = {"event": {"delivered": "delivered", "bounced": "bounce"}[kind], "email": "c1@example.com", "timestamp": AT}
    event |= {"sg_event_id": "E1", "dangol": mark, "type": "bounce", "reason": "550 5.1.1 no such user"}
    return BASIC, json.dumps([event]).encode(), "/hooks/sendgrid"


def postmark_reports(kind: str, sent: bytes) -> tuple[dict[str, str], bytes, str]:
    mark = json.loads(sent)["Metadata"]
    event = {"RecordType": "Delivery", "Recipient": "c1@example.com", "DeliveredAt": "2026-11-24T03:00:00Z"}
    if kind == "bounced":
        event = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Email": "c1@example.com",
                 "BouncedAt": "2026-11-24T03:00:00Z", "ID": 7}  # fmt: skip
    return BASIC, json.dumps(event | {"MessageID": "M1", "Metadata": mark}).encode(), "/hooks/postmark"


def brevo_reports(kind: str, sent: bytes) -> tuple[dict[str, str], bytes, str]:
    mark = json.loads(sent)["headers"]["X-Mailin-custom"]
    event = {"event": {"delivered": "delivered", "bounced": "hard_bounce"}[kind], "email": "c1@example.com"}
    event |= {"message-id": "<M1>", "X-Mailin-custom": mark, "ts_event": AT, "reason": "550 5.1.1 no such user"}
    return BASIC, json.dumps(event).encode(), "/hooks/brevo"


def mailgun_reports(kind: str, sent: bytes) -> tuple[dict[str, str], bytes, str]:
    mark = re.findall(rb'(?:name="v:dangol"\r\n\r\n|v%3Adangol=)([\w.-]+)', sent)[0].decode()
    proof = hmac.new(b"K", f"{AT}token".encode(), hashlib.sha256).hexdigest()
    event = {"event": {"delivered": "delivered", "bounced": "failed"}[kind], "severity": "permanent", "id": "E1",
             "timestamp": AT, "recipient": "c1@example.com", "user-variables": {"dangol": mark}, "reason": "bounce",
             "delivery-status": {"code": 550, "message": "550 5.1.1 no such user"},
             "message": {"headers": {"message-id": "M1"}}}  # fmt: skip
    body = {"signature": {"timestamp": str(AT), "token": "token", "signature": proof}, "event-data": event}
    return BASIC, json.dumps(body).encode(), "/hooks/mailgun"


DIALECTS = {
    "sendgrid": Dialect(
        "email", LETTER, esp("sendgrid"), answer(202, None, **{"x-message-id": "M1"}), answer(400, {"errors": []}),
        "failed", "0.1", reports=sendgrid_reports, provider="sendgrid",
    ),
    "postmark": Dialect(
        "email", LETTER, esp("postmark"),
        answer(200, {"ErrorCode": 0, "Message": "OK", "MessageID": "M1", "To": "c1@example.com"}),
        answer(422, {"ErrorCode": 400, "Message": "sender signature not found"}), "failed", "0.1",
        reports=postmark_reports, provider="postmark",
    ),
    "brevo": Dialect(
        "email", LETTER, esp("brevo"), answer(201, {"messageId": "<M1>"}), answer(400, {"code": "invalid_parameter"}),
        "failed", "0.1", reports=brevo_reports, provider="brevo",
    ),
    "mailgun": Dialect(
        "email", LETTER, esp("mailgun"), answer(200, {"id": "<M1>", "message": "Queued. Thank you."}),
        answer(400, {"message": "from parameter is not a valid address"}), "failed", "0.1", reports=mailgun_reports,
        provider="mailgun",
    ),
    "solapi-sms": Dialect(
        "sms", TEXT, lambda settings, fake: Solapi(settings, fake, lambda: "0123456789abcdef"), SOLAPI_YES, SOLAPI_NO,
        "failed", "20", reports=solapi_reports, provider="solapi",
    ),
    "twilio-sms": Dialect(
        "sms", TEXT, Twilio, answer(201, {"sid": "SM1", "status": "queued"}),
        answer(400, {"code": 21211, "message": "invalid"}), "bounced", "20", reports=twilio_reports, provider="twilio",
    ),
    "solapi-alimtalk": Dialect(
        "kakao", {"alimtalk": "KA01", "variables": {"#{name}": "{{ customer.name }}"}}, Solapi, SOLAPI_YES, SOLAPI_NO,
        "failed", "8", message_class="transactional", reports=solapi_reports, provider="solapi",
    ),
    "solapi-brand": Dialect(
        "kakao", {"templates": {"en": {"text": "News", "button": "Look", "url": "https://shop.example/"}}}, Solapi,
        SOLAPI_YES, SOLAPI_NO, "failed", "15", reports=solapi_reports, provider="solapi",
    ),
    "webpush": Dialect(
        "webpush", {"templates": {"en": {"title": "Back in stock", "url": "https://shop.example/"}}}, WebPush,
        answer(201), answer(413), "failed", "0.5",
    ),
    "webhook": Dialect(
        "webhook", {"url": "https://erp.shop.example/hook", "type": "cart.reminder", "data": {}}, Webhooks, answer(200),
        answer(410), "bounced", "1", again=True,
    ),
}  # fmt: skip
