"""The platforms we know: what their webhooks look like, what we need to hear them and to ask them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dangol.collect.shops import cafe24, shopify, woocommerce
from dangol.collect.shops.told import Shop, Told, mapping, text

Headers = Mapping[str, str]  # names in lower case


class Read(Protocol):
    def __call__(self, shop: Shop, topic: str, payload: Any, owner: str = "") -> Told: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around a webhook's payload; believed once the webhook is known to be the shop's."""

    id: str
    topic: str
    domain: str  # empty where the platform does not say


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform."""

    key: str
    name: str
    hears: str  # the secret that its webhooks are known by
    asks: tuple[str, ...]  # the secrets that its API wants
    genuine: Callable[[Headers, bytes, Sequence[str]], bool]
    envelope: Callable[[Headers, bytes, Any], Envelope]
    read: Read
    refuses_with: int  # the status of a webhook that is not genuine
    host: re.Pattern[str]  # what a shop's domain looks like there

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.hears, *(name for name in self.asks if name != self.hears)


def _digest(topic: str, body: bytes) -> str:
    return "sha256:" + hashlib.sha256(topic.encode() + b"\n" + body).hexdigest()


def _shopify(headers: Headers, body: bytes, _payload: Any) -> Envelope:
    topic = headers.get("x-shopify-topic", "")
    event = headers.get("x-shopify-event-id", "")
    told = headers.get("x-shopify-webhook-id") or (f"{topic}:{event}" if event else _digest(topic, body))
    return Envelope(told, topic, headers.get("x-shopify-shop-domain", "").lower())


def _woocommerce(headers: Headers, body: bytes, _payload: Any) -> Envelope:
    topic = headers.get("x-wc-webhook-topic", "")
    source = headers.get("x-wc-webhook-source", "").partition("://")[2].strip("/").lower()
    return Envelope(headers.get("x-wc-webhook-delivery-id") or _digest(topic, body), topic, source.partition("/")[0])


def _cafe24(headers: Headers, body: bytes, payload: Any) -> Envelope:
    """The mall stands in the body: nothing else says which one it is."""
    payload = mapping(payload)
    topic, mall = text(payload.get("event_no")), text(mapping(payload.get("resource")).get("mall_id"))
    trace = headers.get("x-trace-id", "")
    return Envelope(
        f"{topic}:{trace}" if trace else _digest(topic, body), topic, f"{mall}.cafe24api.com" if mall else ""
    )


def _signed(name: str) -> Callable[[Headers, bytes, Sequence[str]], bool]:
    return lambda headers, body, secrets: shopify.signed(body, headers.get(name, ""), secrets)


def _has_key(headers: Headers, _body: bytes, secrets: Sequence[str]) -> bool:
    fits = False
    for secret in filter(None, secrets):
        fits |= hmac.compare_digest(secret.encode(), headers.get("x-api-key", "").encode("latin-1", "replace"))
    return fits


DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"

PLATFORMS = {
    one.key: one
    for one in (
        Platform(
            "shopify", "Shopify", "webhook_secret", ("access_token",), _signed("x-shopify-hmac-sha256"), _shopify,
            shopify.read, 401, re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com"),
        ),
        Platform(
            "woocommerce", "WooCommerce", "webhook_secret", ("consumer_key", "consumer_secret"),
            _signed("x-wc-webhook-signature"), _woocommerce, woocommerce.read, 401,
            re.compile(rf"(?:{DOMAIN}|localhost|127\.0\.0\.1)(?::\d{{1,5}})?"),
        ),
        Platform(
            "cafe24", "Cafe24", "webhook_key", ("client_id", "client_secret", "refresh_token"), _has_key, _cafe24,
            cafe24.read, 403, re.compile(r"[a-z0-9][a-z0-9-]*\.cafe24api\.com"),
        ),
    )
}  # fmt: skip
