"""Shops that are connected, and webhooks as their platforms sign them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.collect.shops import connecting
from dangol.collect.shops.models import ShopConnection
from dangol.web import guard
from tests.shopkit import Kit

SECRET = "shpss_0123456789"
SHOPIFY = "apple.myshopify.com"
WOO = "shop.example"


def mark(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch, clock: SetClock) -> SetClock:
    monkeypatch.setattr(guard, "CLOCK", clock)
    return clock


@pytest.fixture
def shopify(kit: Kit, set_clock: SetClock) -> ShopConnection:
    return connecting.connect("shopify", SHOPIFY, "Apple", {"webhook_secret": SECRET}, set_clock.now())


@pytest.fixture
def woo(kit: Kit, set_clock: SetClock) -> ShopConnection:
    return connecting.connect("woocommerce", WOO, "Woo", {"webhook_secret": SECRET}, set_clock.now())


@pytest.fixture
def cafe24(kit: Kit, set_clock: SetClock) -> ShopConnection:
    return connecting.connect("cafe24", "dangol", "Mall", {"webhook_key": SECRET}, set_clock.now())


@pytest.fixture
def from_shopify(shopify: ShopConnection) -> Callable[..., int]:
    """Post a webhook as Shopify does; the status it was answered with."""
    sent = iter(range(1_000_000))

    def post(topic: str, payload: Any, **changed: str) -> int:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {
            "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": SHOPIFY, "X-Shopify-Webhook-Id": f"w{next(sent)}",
            "X-Shopify-Hmac-SHA256": mark(body), **{name.replace("_", "-"): value for name, value in changed.items()},
        }  # fmt: skip
        return Client().post("/hooks/shopify", body, "application/json", headers=headers).status_code

    return post


@pytest.fixture
def from_woo(woo: ShopConnection) -> Callable[..., int]:
    sent = iter(range(1_000_000))

    def post(topic: str, payload: Any, **changed: str) -> int:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {
            "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Source": f"https://{WOO}/",
            "X-WC-Webhook-Delivery-ID": f"d{next(sent)}", "X-WC-Webhook-Signature": mark(body),
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }  # fmt: skip
        return Client().post("/hooks/woocommerce", body, "application/json", headers=headers).status_code

    return post
