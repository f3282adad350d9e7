"""What shop platforms ask on behalf of persons, and what they told about one who is erased."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dangol.collect.shops import steps as shops
from dangol.collect.shops.models import ShopConnection, ShopDelivery, ShopObject
from dangol.identity import steps as identity
from dangol.privacy import requests, steps
from dangol.privacy.models import Request
from tests.collect.shops.conftest import SHOPIFY, from_shopify, set_clock, shopify
from tests.privacy.conftest import holding
from tests.shopkit import Kit

__all__ = ["from_shopify", "set_clock", "shopify"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)
Post = Callable[..., int]
EMAIL = "ann.smith@mail.example"


def customer(**more: Any) -> dict[str, Any]:
    times = {"created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z"}
    return {"id": 7001, "email": EMAIL, "first_name": "Ann", "last_name": "Blossom", **times, **more}


def known(value: str) -> int:
    found = identity.find("shopify", value)
    assert found
    return found


def test_requests_of_a_platform_are_taken_in_once(kit: Kit, from_shopify: Post) -> None:
    assert from_shopify("customers/create", customer()) == 200
    kit.run()
    asked = {"shop_domain": SHOPIFY, "customer": {"id": 7001, "email": EMAIL}, "orders_to_redact": [1001]}
    assert from_shopify("customers/redact", asked) == 200
    assert from_shopify("customers/data_request", {**asked, "customer": {"id": 9, "email": "x@y.example"}}) == 200
    assert steps.take_in(kit.clock.now()) == 2
    assert steps.take_in(kit.clock.now()) == 0
    assert shops.pending_privacy_requests() == []
    erasure, access = Request.objects.order_by("pk")
    assert (erasure.kind, erasure.asked_for) == ("erasure", "customers/redact, orders 1001")
    assert erasure.customer_id is not None
    assert (access.kind, access.customer_id) == ("access", None)
    assert access.asked_for.endswith("nobody is known by it")
    assert len(requests.waiting()) == 2


def test_webhooks_that_name_an_erased_person_are_emptied(
    kit: Kit, from_shopify: Post, shopify: ShopConnection, folder: Path
) -> None:
    assert from_shopify("customers/create", customer()) == 200
    assert from_shopify("customers/create", customer(id=7002, email="other@mail.example", last_name="Other")) == 200
    kit.run()
    erasure = steps.forget(known(f"{SHOPIFY}/7001"), kit.clock.now())
    assert erasure.report["webhooks"] == 1
    assert [json.loads(row.body).get("id") for row in ShopDelivery.objects.order_by("pk")] == [None, 7002]
    assert not ShopObject.objects.filter(customer="7001").exists()
    assert ShopObject.objects.filter(customer="7002").exists()
    assert holding(folder, EMAIL, "Blossom") == []
    assert from_shopify("customers/update", customer(updated_at="2026-11-20T00:00:00Z")) == 200
    kit.run()
    assert identity.find("shopify", f"{SHOPIFY}/7001") is None, "the shop goes on telling of them"
    steps.tidy(kit.clock.now())
    assert holding(folder, EMAIL) == []
