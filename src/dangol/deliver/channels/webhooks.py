"""Webhooks to other systems of the shop, signed as Standard Webhooks are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from dangol.base.clock import to_us
from dangol.base.fetch import Answer
from dangol.base.settings import Settings
from dangol.collect.steps import emit
from dangol.deliver import outcomes
from dangol.deliver.channels.calls import Request, Requests, Single, fetcher, post, refused
from dangol.deliver.kinds.callout import WebhookMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

GONE = 410
READ = 64 * 1024  # bytes of an answer that are read
LONGEST_ANSWER = 20_000  # bytes of an answer that are kept


class Webhooks(Single[Request]):
    """Hands over one call a request. The receiver knows it by its id, so one whose answer was lost is made again."""

    def __init__(self, settings: Settings, requests: Requests) -> None:
        self._secret, self._requests = settings.secret, requests

    def _written(self, delivery: Delivery, message: Message) -> Request:
        if not isinstance(message, WebhookMessage):
            raise TypeError(f"a webhook takes no {type(message).__name__}")
        seconds = to_us(message.at) // 1_000_000
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(secret_of(self._secret, message.to), message.id, seconds, message.body),
        }
        return Request(message.to, headers, message.body)

    def _sent(self, delivery: Delivery, message: Message, made: Request) -> Outcome:
        answer = post(self._requests, made, again=True)
        if isinstance(answer, Outcome):
            return answer
        if 200 <= answer.status < 300:
            _tell(delivery, answer, message.at)
            return outcomes.accepted(str(answer.status), delivered=True)
        if answer.status == GONE:  # it wants no more, ever
            return outcomes.bounced(str(answer.status), hard=True)
        waits = answer.status < 300 or answer.status >= 400
        told = refused(answer, "", again=True)
        return outcomes.deferred(told.answer, told.after) if waits else outcomes.failed(told.answer)

    def close(self) -> None:
        """Nothing stays open."""


def _tell(delivery: Delivery, answer: Answer, at: datetime) -> None:
    """What came back is a fact: the journey that asked goes on with it."""
    told = {
        "campaign": delivery.campaign, "step": delivery.step, "trigger": delivery.trigger, "delivery": delivery.pk,
        "status": answer.status, "answer": _said(answer.body),
    }  # fmt: skip
    emit("Webhook Answered", delivery.customer_id, told, message_id=f"answered:{delivery.pk}", at=at)


def _said(body: bytes) -> Any:
    """The JSON of an answer; a text where it is none, nothing where it is too long to be kept."""
    if len(body) > LONGEST_ANSWER:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:2_000]


def open_webhooks(settings: Settings) -> Webhooks:
    return Webhooks(settings, fetcher(settings, reads=READ))


def secret_of(shop_secret: bytes, url: str) -> str:
    """The secret that signs what goes to one address: made from the shop's own, so that nothing has to be kept."""
    made = hmac.new(shop_secret, b"webhook:" + url.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(made).decode()


def signature(secret: str, message_id: str, seconds: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
