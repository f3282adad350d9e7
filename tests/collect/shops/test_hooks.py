"""Webhooks over the wire: whose they are, kept before they are answered, one fact each, the newest word stands."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.crypto import Vault
from dangol.base.errors import Conflict, Invalid
from dangol.collect.shops import connecting, steps
from dangol.collect.shops.models import ShopConnection, ShopDelivery
from dangol.identity import steps as identity
from dangol.privacy import steps as privacy
from dangol.profile import steps as profile
from dangol.profile.models import Consent, Order, Refund
from tests.collect.shops.conftest import SECRET, SHOPIFY, mark
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db(transaction=True)
Post = Callable[..., int]


def order(**changed: Any) -> dict[str, Any]:
    return {
        "id": 1001, "email": "ann@example.com", "created_at": "2026-11-23T10:00:00Z", "currency": "KRW",
        "updated_at": "2026-11-23T10:00:05Z", "financial_status": "paid", "subtotal_price": "38000",
        "total_price": "41000", "total_tax": "0", "customer": {"id": 7, "email": "ann@example.com",
        "first_name": "Ann", "updated_at": "2026-11-23T10:00:00Z"}, **changed,
    }  # fmt: skip


def names(kit: Kit, source: str = "shopify") -> list[str]:
    told = [json.loads(entry.body) for entry in kit.log.read(0, 1_000) if entry.source == source]
    return [event.get("event", event["type"]) for event in told]


def test_an_order_is_in_its_customers_file(kit: Kit, from_shopify: Post) -> None:
    assert from_shopify("orders/create", order()) == 200
    assert names(kit) == ["identify", "Order Completed"]
    kit.run()
    customer = identity.find("email", "ann@example.com")
    assert customer
    assert identity.find("shopify", f"{SHOPIFY}/7") == customer
    file = profile.get(customer)
    assert file
    assert (file.orders, file.revenue, file.name) == (1, Decimal(38000), "Ann")


def test_the_same_change_told_often_is_one_fact(kit: Kit, from_shopify: Post) -> None:
    for _ in range(3):
        assert from_shopify("orders/create", order(), X_Shopify_Webhook_Id="same") == 200
    assert from_shopify("orders/paid", order()) == 200
    assert from_shopify("orders/updated", order()) == 200
    assert names(kit) == ["identify", "Order Completed"]
    assert ShopDelivery.objects.count() == 3


VERSIONS = [
    order(),
    order(updated_at="2026-11-23T11:00:00Z", subtotal_price="30000"),
    order(
        updated_at="2026-11-23T12:00:00Z", subtotal_price="20000", financial_status="partially_refunded",
        refunds=[{"id": 5, "created_at": "2026-11-23T12:00:00Z",
                  "transactions": [{"kind": "refund", "status": "success", "amount": "5000", "currency": "KRW"}]}],
    ),
]  # fmt: skip


@pytest.mark.parametrize("way", list(itertools.permutations(range(3))))
def test_in_any_order_the_newest_word_stands(kit: Kit, from_shopify: Post, way: tuple[int, ...]) -> None:
    for index in way:
        from_shopify("orders/updated", VERSIONS[index])
        if index == way[0]:
            kit.run()
    kit.run()
    (placed,), (back,) = Order.objects.all(), Refund.objects.all()
    assert (placed.revenue, placed.at.isoformat()) == (Decimal(20000), "2026-11-23T10:00:00+00:00")
    assert back.amount == Decimal(5000)
    customer = identity.find("email", "ann@example.com")
    file = profile.get(customer or 0)
    assert file
    assert (file.revenue, file.refunded) == (Decimal(20000), Decimal(5000))


def test_a_refund_alone_finds_its_order(kit: Kit, from_shopify: Post) -> None:
    paid = {"kind": "refund", "status": "success", "amount": "1000", "currency": "KRW"}
    refund = {"id": 5, "order_id": 1001, "created_at": "2026-11-23T12:00:00Z", "transactions": [paid]}
    assert from_shopify("refunds/create", refund) == 200
    assert ShopDelivery.objects.get().reason.startswith("its order is not known yet")
    from_shopify("orders/create", order())
    from_shopify("refunds/create", refund)
    kit.run()
    assert [back.amount for back in Refund.objects.all()] == [Decimal(1000)]


def test_cancelled_and_unpaid(kit: Kit, from_shopify: Post) -> None:
    from_shopify("orders/create", order(id=1, financial_status="pending"))
    from_shopify("orders/create", order(id=2))
    from_shopify(
        "orders/cancelled", order(id=2, cancelled_at="2026-11-23T13:00:00Z", updated_at="2026-11-23T13:00:00Z")
    )
    from_shopify("orders/create", order(id=3, test=True))
    kit.run()
    assert [(one.order_id, one.cancelled) for one in Order.objects.all()] == [("2", True)]
    assert sorted(ShopDelivery.objects.exclude(reason="").values_list("reason", flat=True)) == [
        "a test order", "the order is not paid",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"X_Shopify_Hmac_SHA256": mark(b"another body")}, 401),
        ({"X_Shopify_Hmac_SHA256": ""}, 401),
        ({"X_Shopify_Hmac_SHA256": "not base64 ☃".encode().decode("latin-1")}, 401),
        ({"X_Shopify_Shop_Domain": "another.myshopify.com"}, 401),
    ],
)
def test_what_is_not_the_shops_is_refused_and_leaves_nothing(
    kit: Kit, from_shopify: Post, changed: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert from_shopify("orders/create", order(), **changed) == status
    assert not ShopDelivery.objects.exists()
    assert names(kit) == []
    assert "ann@example.com" not in caplog.text
    assert SECRET not in caplog.text


def test_nobody_is_at_an_unknown_key_and_get_is_no_webhook(from_shopify: Post) -> None:
    assert Client().post("/hooks/nobody", b"{}", "application/json").status_code == 404
    assert Client().get("/hooks/shopify").status_code == 405


def test_a_body_over_the_limit_is_not_read(from_shopify: Post) -> None:
    assert from_shopify("orders/create", b'"' + b"x" * (5 * 1024 * 1024) + b'"') == 413


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b"\xff\xfe", b'{"id": null}', b'{"id": 1}', b"[" * 10_000])
def test_a_signed_webhook_that_cannot_be_read_is_kept_and_answered(kit: Kit, from_shopify: Post, body: bytes) -> None:
    assert from_shopify("orders/create", body) == 200
    row = ShopDelivery.objects.get()
    assert (row.state, bool(row.reason)) == ("failed", True)
    assert names(kit) == []


def test_odd_text_travels_as_every_database_keeps_it(kit: Kit, from_shopify: Post) -> None:
    person = {"id": 7, "email": "ann@example.com", "first_name": "a\u0000b\ud800", "updated_at": "2026-11-23T10:00:00Z"}
    assert from_shopify("customers/update", json.dumps(person).encode()) == 200
    kit.run()
    file = profile.get(identity.find("email", "ann@example.com") or 0)
    assert file
    assert file.name == "a\ufffdb\ufffd"


def test_unknown_topics_are_kept_and_counted(from_shopify: Post) -> None:
    for topic in ("themes/publish", "carts/update", "products/delete", ""):
        assert from_shopify(topic, {"id": 1}) == 200
    assert set(ShopDelivery.objects.values_list("state", flat=True)) == {"ignored"}


def test_a_secret_that_was_changed_counts_for_an_hour_more(from_shopify: Post, set_clock: SetClock) -> None:
    connecting.change_secrets("shopify", {"webhook_secret": "shpss_new"}, set_clock.now())
    body = json.dumps(order()).encode()
    assert from_shopify("orders/create", order()) == 200
    assert from_shopify("orders/create", order(), X_Shopify_Hmac_SHA256=mark(body, "shpss_new")) == 200
    set_clock.advance(timedelta(hours=1, seconds=1))
    assert from_shopify("orders/create", order()) == 401
    assert from_shopify("orders/create", order(), X_Shopify_Hmac_SHA256=mark(body, "shpss_new")) == 200


def test_no_secret_lies_readable_in_the_database(from_shopify: Post, set_clock: SetClock) -> None:
    connecting.change_secrets("shopify", {"webhook_secret": "shpss_new", "access_token": "shpat_deep"}, set_clock.now())
    with database.cursor() as cursor:
        cursor.execute("SELECT sealed, previous FROM collect_shopconnection")
        told = str(cursor.fetchall())
    assert "shp" not in told.replace("shopify", "")
    row = ShopConnection.objects.get()
    assert steps.secret(row, "access_token") == "shpat_deep"
    assert row.polls


def test_a_gone_app_is_seen(from_shopify: Post) -> None:
    assert from_shopify("app/uninstalled", {"id": 1, "domain": SHOPIFY}) == 200
    assert ShopConnection.objects.get().state == "uninstalled"


def test_privacy_topics_wait_for_an_answer(from_shopify: Post) -> None:
    asked = {"shop_domain": SHOPIFY, "customer": {"id": 7, "email": "ann@example.com", "phone": "+82101"},
             "orders_to_redact": [1001]}  # fmt: skip
    assert from_shopify("customers/redact", asked) == 200
    assert from_shopify("shop/redact", {"shop_id": 1, "shop_domain": SHOPIFY}) == 200
    first, second = steps.pending_privacy_requests()
    assert (first.topic, first.orders) == ("customers/redact", ("1001",))
    assert first.identifiers == (("shopify", f"{SHOPIFY}/7"), ("email", "ann@example.com"), ("phone", "+82101"))
    steps.privacy_settled(first.id, "erased")
    assert steps.pending_privacy_requests() == [second]


def test_what_failed_is_read_again_after_a_fix(
    kit: Kit, from_shopify: Post, shopify: ShopConnection, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "_read", broken)
        assert from_shopify("orders/create", order()) == 200
    assert ShopDelivery.objects.get().state == "failed"
    assert steps.replay_failed(shopify, clock.now()) == 1
    assert ShopDelivery.objects.get().state == "mapped"
    assert names(kit) == ["identify", "Order Completed"]
    assert steps.replay([ShopDelivery.objects.get().pk], clock.now()) == 1
    assert names(kit) == ["identify", "Order Completed"], "reading it again adds nothing"


def test_paused_keeps_and_resumed_tells(kit: Kit, from_shopify: Post, clock: SetClock) -> None:
    connecting.pause("shopify")
    assert from_shopify("orders/create", order()) == 200
    assert names(kit) == []
    assert connecting.resume("shopify", clock.now()) == 1
    assert names(kit) == ["identify", "Order Completed"]


def test_history_starts_no_campaign(kit: Kit, from_shopify: Post) -> None:
    from_shopify("orders/updated", order(created_at="2024-01-01T00:00:00Z", customer={"id": 7}))
    from_shopify("orders/updated", order(id=2, customer={"id": 7}))
    told = {json.loads(entry.body)["properties"]["order_id"]: entry.imported for entry in kit.log.read(0, 10)}
    assert told == {"1001": True, "2": False}


def test_old_webhooks_go_and_requests_stay(from_shopify: Post, clock: SetClock) -> None:
    from_shopify("orders/create", order())
    from_shopify("customers/redact", {"customer": {"id": 7}})
    assert steps.sweep(clock.now() + timedelta(days=7)) == 0
    assert steps.sweep(clock.now() + timedelta(days=9)) == 1
    assert steps.sweep(clock.now() + timedelta(days=900)) == 0, "nobody has answered it"
    steps.privacy_settled(ShopDelivery.objects.get().pk, "in the register")
    assert steps.sweep(clock.now() + timedelta(days=32)) == 1


def test_an_erased_person_is_in_no_webhook_and_comes_back_by_none(
    kit: Kit, from_shopify: Post, clock: SetClock
) -> None:
    from_shopify("orders/create", order())
    kit.run()
    privacy.forget(identity.find("email", "ann@example.com") or 0, clock.now())
    assert "ann@example.com" not in str(list(ShopDelivery.objects.values()))
    from_shopify("orders/updated", order(updated_at="2026-11-23T15:00:00Z", subtotal_price="1"))
    kit.run()
    assert identity.find("email", "ann@example.com") is None
    assert identity.find("shopify", f"{SHOPIFY}/7") is None


def test_a_shop_that_changes_its_own_secret_keeps_its_connections(
    from_shopify: Post, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting.change_secrets("shopify", {"webhook_secret": "shpss_new"}, set_clock.now())
    before = settings.DANGOL.secret
    monkeypatch.setattr(steps, "_vault", lambda: Vault(b"n" * 32, [before]))
    assert steps.seal_anew() == 1
    assert steps.seal_anew() == 0
    monkeypatch.setattr(steps, "_vault", lambda: Vault(b"n" * 32))
    assert steps.hearing(ShopConnection.objects.get(), set_clock.now()) == ["shpss_new", SECRET]


def test_a_customers_word_reaches_the_file(kit: Kit, from_shopify: Post) -> None:
    said = {"state": "subscribed", "consent_updated_at": "2026-11-22T00:00:00Z", "opt_in_level": "single_opt_in"}
    person = {
        "id": 7,
        "email": "ann@example.com",
        "updated_at": "2026-11-23T10:00:00Z",
        "email_marketing_consent": said,
    }
    from_shopify("customers/update", person)
    from_shopify("customers/update", {**person, "updated_at": "2026-11-23T11:00:00Z"})
    kit.run()
    consent = Consent.objects.get()
    assert (consent.channel, consent.state, consent.source) == ("email", "granted", "shopify")
    assert consent.at == datetime.fromisoformat("2026-11-22T00:00:00+00:00")
    assert names(kit).count("Consent Changed") == 1


def test_woocommerce_asks_whether_anybody_is_there(
    kit: Kit, woo: ShopConnection, from_woo: Post, test_data: Path
) -> None:
    form = "application/x-www-form-urlencoded"
    assert Client().post("/hooks/woocommerce", b"webhook_id=7", form).status_code == 200
    assert Client().post("/hooks/woocommerce", b"webhook_id=7&x=1", form).status_code == 401
    assert not ShopDelivery.objects.exists()
    payload = json.loads((test_data / "payloads/woocommerce/orders_01.json").read_text())
    assert from_woo("order.created", payload) == 200
    assert from_woo("order.updated", payload) == 200
    assert names(kit, "woocommerce") == ["identify", "Order Completed"]
    assert from_woo("order.updated", payload, X_WC_Webhook_Source="https://another.example/") == 401
    assert from_woo("order.deleted", {"id": 727}) == 200
    assert from_woo("action.wc_add_to_cart", {"action": "x", "arg": 1}) == 200


def test_cafe24_knows_the_shop_by_its_key_and_is_only_a_hint(kit: Kit, cafe24: ShopConnection) -> None:
    body = {"event_no": 90023, "resource": {"mall_id": "dangol", "order_id": "20261123-0000001", "currency": "KRW"}}

    def post(key: str, payload: Any) -> int:
        return Client().post("/hooks/cafe24", payload, "application/json", headers={"X-API-Key": key}).status_code

    assert post("wrong", body) == 403
    assert post("", body) == 403
    assert post(SECRET, {**body, "resource": {"mall_id": "another"}}) == 403
    assert post(SECRET, body) == 200
    row = ShopDelivery.objects.get()
    assert (row.state, row.reason) == ("waiting", "order 20261123-0000001")
    assert names(kit, "cafe24") == []
    assert post(SECRET, {"event_no": 90077, "resource": {"mall_id": "dangol"}}) == 200
    assert ShopConnection.objects.get().state == "uninstalled"


@pytest.mark.parametrize(
    ("platform", "typed", "domain"),
    [
        ("shopify", "Apple", "apple.myshopify.com"),
        ("shopify", "https://apple.myshopify.com/admin", "apple.myshopify.com"),
        ("woocommerce", "https://Shop.Example/shop/", "shop.example"), ("cafe24", "dangol", "dangol.cafe24api.com"),
        ("cafe24", "dangol.cafe24.com", "dangol.cafe24api.com"),
    ],
)  # fmt: skip
def test_a_shops_name_is_taken_as_people_type_it(
    kit: Kit, clock: SetClock, platform: str, typed: str, domain: str
) -> None:
    secret = {"webhook_key" if platform == "cafe24" else "webhook_secret": SECRET}
    assert connecting.connect(platform, typed, "", secret, clock.now()).domain == domain
    with pytest.raises(Conflict):
        connecting.connect(platform, typed, "", secret, clock.now())


@pytest.mark.parametrize(
    ("platform", "domain", "given"),
    [
        ("magento", "shop.example", {"webhook_secret": "x"}), ("shopify", "evil.example", {"webhook_secret": "x"}),
        ("shopify", "a.myshopify.com@evil.example", {"webhook_secret": "x"}),
        ("woocommerce", "", {"webhook_secret": "x"}),
        ("woocommerce", "shop example", {"webhook_secret": "x"}), ("shopify", "apple", {}),
        ("shopify", "apple", {"webhook_secret": " "}), ("shopify", "apple", {"webhook_secret": "x", "password": "y"}),
        ("shopify", "apple", {"webhook_secret": "x" * 501}), ("shopify", "apple", {"webhook_secret": "a\nb"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_connection_is_said(
    kit: Kit, clock: SetClock, platform: str, domain: str, given: dict[str, str]
) -> None:
    with pytest.raises(Invalid):
        connecting.connect(platform, domain, "", given, clock.now())
    assert not ShopConnection.objects.exists()
