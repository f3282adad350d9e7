"""The screen of connected shops: a secret goes in and never comes out, and what is wrong is said."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.collect.shops import steps
from dangol.collect.shops.models import ShopConnection, ShopDelivery
from dangol.web import guard
from tests.collect.shops.conftest import SECRET, mark
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = "shpat_deep_0123"


@pytest.fixture
def connected(opened: Kit, console: Client, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> ShopConnection:
    monkeypatch.setattr(guard, "CLOCK", clock)
    entered = {
        "platform": "shopify",
        "domain": "apple",
        "name": "Apple",
        "webhook_secret": SECRET,
        "access_token": DEEP,
    }
    assert console.post("/shops/connect", entered).headers["Location"] == "/shops/of/shopify"
    return ShopConnection.objects.select_related("source").get()


def hook(topic: str, payload: object) -> int:
    body = json.dumps(payload).encode()
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": "apple.myshopify.com",
        "X-Shopify-Hmac-SHA256": mark(body),
    }
    return Client().post("/hooks/shopify", body, "application/json", headers=headers).status_code


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_page_shows_a_secret_or_what_it_was_sealed_to(
    connected: ShopConnection, console: Client, language: str
) -> None:
    console.cookies["language"] = language
    for path in ("/shops", "/shops/of/shopify", "/shops/of/shopify/health", "/connect"):
        answer = console.get(path)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert SECRET not in page
        assert DEEP not in page
        assert not any(sealed in page for sealed in connected.sealed.values())
    assert "/hooks/shopify" in console.get("/shops/of/shopify").content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"domain": "evil.example"}, "a host such as"), ({"webhook_secret": ""}, "webhooks are known by"),
     ({"access_token": "a\tb"}, "plain ASCII"), ({"platform": "magento"}, "")],
)  # fmt: skip
def test_what_was_entered_wrong_is_said_and_nothing_is_kept(
    opened: Kit, console: Client, changed: dict[str, str], said: str
) -> None:
    entered = {"platform": "shopify", "domain": "apple", "name": "", "webhook_secret": SECRET, "access_token": "x"}
    answer = console.post("/shops/connect", {**entered, **changed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert SECRET not in answer.content.decode()
    assert not ShopConnection.objects.exists()


def test_a_shop_is_connected_once(connected: ShopConnection, console: Client) -> None:
    answer = console.post("/shops/connect", {"platform": "shopify", "domain": "APPLE", "webhook_secret": "x"})
    assert answer.status_code == 422
    assert "is connected already" in answer.content.decode()


def test_secrets_that_are_left_empty_stay(connected: ShopConnection, console: Client) -> None:
    assert console.post("/shops/of/shopify/secrets", {"webhook_secret": "", "access_token": "new"}).status_code == 303
    row = ShopConnection.objects.get()
    assert (steps.secret(row, "webhook_secret"), steps.secret(row, "access_token")) == (SECRET, "new")


def test_its_health_is_seen(connected: ShopConnection, console: Client, clock: SetClock) -> None:
    assert "No webhook" not in console.get("/shops/of/shopify/health").content.decode()
    clock.advance(timedelta(hours=25))
    assert "No webhook has come yet" in console.get("/shops/of/shopify/health").content.decode()
    assert hook("orders/create", {"id": None}) == 200
    assert hook("customers/redact", {"customer": {"id": 7}}) == 200
    ShopConnection.objects.update(error="the shop answers with status 500")
    page = console.get("/shops/of/shopify").content.decode()
    for text in ("1 could not be read", "1 privacy request waits", "status 500", "orders/create", "/id: found None"):
        assert text in page, text
    assert "look at it" in console.get("/shops").content.decode()


def test_it_is_paused_and_goes_on(connected: ShopConnection, console: Client, clock: SetClock) -> None:
    console.post("/shops/of/shopify/pause")
    assert ShopConnection.objects.get().state == "paused"
    assert console.post("/shops/of/shopify/pause").status_code == 409
    console.post("/shops/of/shopify/resume")
    row = ShopConnection.objects.get()
    assert (row.state, row.next_poll_at) == ("active", clock.now())


def test_history_and_a_look_are_asked_for(connected: ShopConnection, console: Client, clock: SetClock) -> None:
    clock.advance(timedelta(hours=1))
    console.post("/shops/of/shopify/ask")
    assert ShopConnection.objects.get().next_poll_at == clock.now()
    console.post("/shops/of/shopify/history", {"since": "2024-01-01"})
    assert ShopConnection.objects.get().backfill == {"*": "2023-12-31T15:00:00Z"}, "the day begins in the shop's zone"
    for wrong in ("", "yesterday", "2030-01-01", "1969-01-01"):
        assert console.post("/shops/of/shopify/history", {"since": wrong}).status_code == 422, wrong


def test_what_failed_is_read_again(connected: ShopConnection, console: Client) -> None:
    hook("orders/create", {"id": None})
    ShopDelivery.objects.update(
        body=json.dumps({"id": 5, "created_at": "2026-11-24T00:00:00Z", "email": "a@b.example"})
    )
    console.post("/shops/of/shopify/replay")
    assert ShopDelivery.objects.get().state == "mapped"
