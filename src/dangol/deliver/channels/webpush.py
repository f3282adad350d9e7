"""Web push (RFC 8030): encrypted for one browser, handed to its push service."""

from __future__ import annotations

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec

from dangol.base.fetch import Answer
from dangol.base.settings import Settings
from dangol.deliver import outcomes, subscriptions, vapid
from dangol.deliver.channels.calls import Request, Requests, Single, fetcher, patience, post
from dangol.deliver.kinds.push import PushMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery, Subscription
from dangol.deliver.outcomes import Outcome


class WebPush(Single[Request]):
    """Hands over one notification a request."""

    def __init__(self, settings: Settings, requests: Requests) -> None:
        self._contact, self._requests = settings.webpush_contact, requests
        self._key = vapid.key(settings.folder)

    def _written(self, delivery: Delivery, message: Message) -> Request | Outcome:
        if not isinstance(message, PushMessage):
            raise TypeError(f"web push takes no {type(message).__name__}")
        subscription = Subscription.objects.filter(key=message.to, ended_at=None).first()
        if subscription is None:
            return outcomes.bounced("the subscription has ended", hard=False)
        body = encrypt(message.payload(), subscription.p256dh, subscription.auth)
        return Request(subscription.endpoint, self._headers(message, subscription), body)

    def _sent(self, delivery: Delivery, message: Message, made: Request) -> Outcome:
        answer = post(self._requests, made)
        if isinstance(answer, Answer) and answer.status in {404, 410}:
            subscriptions.end(message.to, message.at)
        return answer if isinstance(answer, Outcome) else _outcome(answer)

    def _headers(self, message: PushMessage, subscription: Subscription) -> dict[str, str]:
        told = {
            "authorization": vapid.authorization(self._key, subscription.endpoint, self._contact, message.at),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(message.ttl),
            "urgency": message.urgency,
        }
        return told | ({"topic": message.tag} if message.tag else {})

    def close(self) -> None:
        """Nothing stays open."""


def open_webpush(settings: Settings) -> WebPush:
    return WebPush(settings, fetcher(settings))


def encrypt(
    payload: bytes,
    p256dh: str,
    auth: str,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body for one browser (RFC 8291). Each message has a key and a salt of its own."""
    made: bytes = http_ece.encrypt(
        payload, salt=salt, private_key=sender or ec.generate_private_key(ec.SECP256R1()), dh=vapid.padded(p256dh),
        auth_secret=vapid.padded(auth), version="aes128gcm",
    )  # fmt: skip
    return made


def _outcome(answer: Answer) -> Outcome:
    """What a push service answers, by RFC 8030."""
    said = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".strip()
    if answer.status in {200, 201, 202}:
        return outcomes.accepted(said, reference=answer.headers.get("location", "")[-100:])
    if answer.status in {404, 410}:
        return outcomes.bounced(said, hard=True)
    if answer.status in {400, 401, 403, 429} or answer.status >= 500:  # our key is refused, or they are busy
        return outcomes.deferred(said, patience(answer))
    return outcomes.failed(said)
