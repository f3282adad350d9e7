"""Every payload at hand is read: it is mapped, or it is said to be of no interest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dangol.collect.shops import shopify, woocommerce
from dangol.collect.shops.told import Event, Shop, Told, body_of

APPLE = Shop("shopify", "apple.myshopify.com", "USD")
WOO = Shop("woocommerce", "shop.example", "USD")
BODY = b'{"id":1,"email":"a@b.c"}'
VECTOR = "/V+BfosAhBSvvIHXsLJUw3jyXcaeA5ZTNFhw7MAVVrc="

pytestmark = pytest.mark.data

# The envelope's word in a REST answer → the topic that a webhook about such a thing has.
TOPICS = {
    "order": "orders/updated", "orders": "orders/updated", "refund": "refunds/create", "customer": "customers/update",
    "customers": "customers/update", "product": "products/update", "products": "products/update",
    "checkouts": "checkouts/update", "carts": "carts/update",
}  # fmt: skip
WOO_TOPICS = {
    "orders": "order.updated", "customers": "customer.updated", "products": "product.updated",
    "product-reviews": "review.created", "coupons": "coupon.updated",
}  # fmt: skip


def shopify_payloads(folder: Path) -> Iterator[tuple[str, str, Any]]:
    """(file, topic, payload) of every file."""
    for path in sorted(folder.glob("*.json")):
        value = json.loads(path.read_text("utf-8"))
        word = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else path.stem
        inner = value.get(word) if isinstance(value, dict) and word in value else value
        for one in inner if isinstance(inner, list) else [inner]:
            calculated = path.stem == "refund_calculate"  # a proposal, no refund
            yield path.name, "calculations/create" if calculated else TOPICS.get(word, f"{word}/update"), one


def woo_payloads(folder: Path) -> Iterator[tuple[str, str, Any]]:
    for path in sorted(folder.glob("*.json")):
        value, name = json.loads(path.read_text("utf-8")), path.stem.rpartition("_")[0]
        if isinstance(value, dict) and set(value) & {"create", "update", "delete"}:
            value = [one for made in value.values() for one in made]
        for one in value if isinstance(value, list) else [value]:
            topic = WOO_TOPICS.get(name, f"{name}.updated")
            if path.name == "customers_06.json":  # downloads of a customer
                topic = "download.updated"
            if "deleted" in one:
                topic = f"{topic.partition('.')[0]}.deleted"
            yield path.name, topic, one


def events(told: Told) -> list[Event]:
    return [event for change in told.changes for event in (*change.first, *change.always)]


def test_every_shopify_payload_is_mapped_or_of_no_interest(test_data: Path) -> None:
    files, names = set(), Counter[str]()
    for name, topic, payload in shopify_payloads(test_data / "payloads" / "shopify"):
        told = shopify.read(APPLE, topic, payload, "207119551")
        assert told.changes or told.reason, name
        files.add(name)
        names.update(event.get("event", event["type"]) for event in events(told))
        assert all(body_of(event) for event in events(told))
    assert len(files) == len(list((test_data / "payloads" / "shopify").glob("*.json"))) == 100
    for expected in ("Order Completed", "Order Refunded", "Checkout Started", "Product Updated", "identify"):
        assert names[expected], expected


def test_every_woocommerce_payload_is_mapped_or_of_no_interest(test_data: Path) -> None:
    files, names = set(), Counter[str]()
    for name, topic, payload in woo_payloads(test_data / "payloads" / "woocommerce"):
        told = woocommerce.read(WOO, topic, payload)
        assert told.changes or told.reason, name
        files.add(name)
        names.update(event.get("event", event["type"]) for event in events(told))
    assert len(files) == len(list((test_data / "payloads" / "woocommerce").glob("*.json")))
    for expected in ("Order Completed", "Order Refunded", "Product Updated", "Product Reviewed", "identify"):
        assert names[expected], expected


def load(test_data: Path, name: str) -> Any:
    return json.loads((test_data / "payloads" / name).read_text("utf-8"))


def test_a_shopify_order_in_the_words_of_the_specification(test_data: Path) -> None:
    payload = load(test_data, "shopify/order.json")["order"]
    told = shopify.read(APPLE, "orders/create", payload)
    (completed,) = [event for event in events(told) if event.get("event") == "Order Completed"]
    properties = completed["properties"]
    assert (properties["order_id"], properties["revenue"], properties["total"], properties["tax"]) == (
        "450789469", 398, 409.94, 11.94,
    )  # fmt: skip
    assert (properties["currency"], properties["coupon"], properties["shipping"]) == ("USD", "TENOFF", 0)
    assert [one["code"] for one in properties["coupons"]] == ["TENOFF"]
    assert [one["sku"] for one in properties["products"]] == ["IPOD2008GREEN", "IPOD2008RED", "IPOD2008BLACK"]
    assert completed["timestamp"] == "2008-01-10T16:00:00Z"
    assert completed["context"]["externalIds"] == [{"type": "shopify", "id": "apple.myshopify.com/207119551"}]
    assert completed["context"]["traits"] == {"email": "bob.norman@hostmail.com", "phone": "+15556251199"}


def test_a_woocommerce_order_its_refunds_and_its_guest(test_data: Path) -> None:
    guest, regular = load(test_data, "woocommerce/orders_02.json")
    told = events(woocommerce.read(WOO, "order.created", guest))
    assert [event.get("event", event["type"]) for event in told] == ["identify", "Order Completed"]
    properties = told[1]["properties"]
    assert (properties["revenue"], properties["total"], properties["tax"], properties["shipping"]) == (
        18,
        29.35,
        1.35,
        10,
    )
    assert properties["products"][1]["name"] == "Ship Your Idea – Color: Black, Size: M Test"
    told = events(woocommerce.read(WOO, "order.updated", regular))
    assert [event.get("event") for event in told] == ["Order Completed", "Order Refunded", "Order Refunded"]
    assert [event["properties"]["total"] for event in told[1:]] == [10, 9]
    assert [event["properties"]["revenue"] for event in told[1:]] == [7.44, 6.69]  # 29 of the 39 were goods
    pending, paid = load(test_data, "woocommerce/orders_05.json")["create"]
    assert woocommerce.read(WOO, "order.created", pending).reason == "the order is not paid"
    assert woocommerce.read(WOO, "order.created", paid).changes


def test_a_refund_is_the_money_that_came_back(test_data: Path) -> None:
    payload = load(test_data, "shopify/refund.json")["refund"]
    (event,) = events(shopify.read(APPLE, "refunds/create", payload, "207119551"))
    assert (event["properties"]["total"], event["properties"]["revenue"]) == (209, 209)
    assert [one["quantity"] for one in event["properties"]["products"]] == [1, 1]
    payload["refund_line_items"][0]["total_tax"] = 3.98
    payload["order_adjustments"] = [{"kind": "shipping_refund", "amount": "-5.00", "tax_amount": "-0.50"}]
    (event,) = events(shopify.read(APPLE, "refunds/create", payload, "207119551"))
    assert event["properties"]["revenue"] == float(Decimal("209") - Decimal("3.98") - Decimal("5.50"))
    payload["transactions"] = []
    assert shopify.read(APPLE, "refunds/create", payload, "207119551").reason == "no money was given back"
    assert "not known yet" in shopify.read(APPLE, "refunds/create", payload).reason


def test_the_vector_of_both_platforms() -> None:
    assert shopify.signed(BODY, VECTOR, ["secret"])
    assert shopify.signed(BODY, VECTOR, ["newer", "secret"])
    for given, secrets in (
        (VECTOR, ["Secret"]),
        (VECTOR[:-1], ["secret"]),
        ("", ["secret"]),
        (VECTOR, []),
        (VECTOR, [""]),
    ):
        assert not shopify.signed(BODY, given, secrets), given
    assert not shopify.signed(BODY + b" ", VECTOR, ["secret"])
    assert not shopify.signed(b"", base64.b64encode(hmac.new(b"", b"", hashlib.sha256).digest()).decode(), [""])


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-01-02T00:00:00Z"}},
         [("email", "granted", "2026-01-02T00:00:00Z")]),
        ({"email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": "2026-01-03T00:00:00Z"},
          "sms_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-01-04T00:00:00Z"}},
         [("email", "withdrawn", "2026-01-03T00:00:00Z"), ("sms", "granted", "2026-01-04T00:00:00Z")]),
        ({"email_marketing_consent": {"state": "not_subscribed"}}, []),
        ({"email_marketing_consent": {"state": "pending"}}, []),
        ({"email_marketing_consent": None, "accepts_marketing": True}, []),
        ({"accepts_marketing": False}, []),
        ({"accepts_marketing": True}, [("email", "granted", "2026-05-01T00:00:00Z")]),
        ({"accepts_marketing": False, "accepts_marketing_updated_at": "2026-04-01T00:00:00Z"},
         [("email", "withdrawn", "2026-04-01T00:00:00Z")]),
    ],
)  # fmt: skip
def test_a_consent_has_its_own_time_and_silence_is_none(
    payload: dict[str, Any], said: list[tuple[str, str, str]]
) -> None:
    person = {"id": 7, "email": "ann@example.com", "updated_at": "2026-05-01T00:00:00Z", **payload}
    told = [e for e in events(shopify.read(APPLE, "customers/update", person)) if e.get("event") == "Consent Changed"]
    assert [(e["properties"]["channel"], e["properties"]["state"], e["timestamp"]) for e in told] == said
    assert all(e["properties"]["collected_by"] == "shopify apple.myshopify.com" for e in told)
