"""Connected shops over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db
SHOP = {"platform": "shopify", "domain": "apple", "name": "Apple", "secrets": {"webhook_secret": "shpss_deep"}}


def test_a_shop_is_connected_listed_and_given_new_secrets(program: Program) -> None:
    made = program.call("PUT", "/api/shops/apple", SHOP)
    assert (made.status, made.body["key"], made.body["domain"]) == (200, "apple", "apple.myshopify.com")
    assert (made.body["secrets"], made.body["can_be_asked"]) == (["webhook_secret"], False)
    assert made.body["webhook_address"].endswith("/hooks/apple")
    again = program.call("PUT", "/api/shops/apple", {**SHOP, "secrets": {"access_token": "shpat_deep"}})
    assert (again.body["secrets"], again.body["can_be_asked"]) == (["access_token", "webhook_secret"], True)
    for path in ("/api/shops", "/api/shops/apple", "/api/openapi.json"):
        assert "_deep" not in str(program.call("GET", path).body)
    assert [one["key"] for one in program.call("GET", "/api/shops").body["items"]] == ["apple"]


def test_it_is_paused_resumed_and_asked_for_history(program: Program) -> None:
    program.call("PUT", "/api/shops/apple", SHOP)
    assert program.call("POST", "/api/shops/apple/pause").body["state"] == "paused"
    assert program.call("POST", "/api/shops/apple/pause").status == 409
    assert program.call("POST", "/api/shops/apple/resume").body["state"] == "active"
    since = {"since": "2025-01-01T00:00:00+09:00"}
    assert program.call("POST", "/api/shops/apple/history", since).status == 409, "it cannot be asked"
    program.call("PUT", "/api/shops/apple", {**SHOP, "secrets": {"access_token": "t"}})
    assert program.call("POST", "/api/shops/apple/history", since).body["reading_history"] is True
    assert program.call("POST", "/api/shops/apple/history", {"since": "2999-01-01T00:00:00Z"}).status == 422


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"platform": "magento"}, 422), ({"domain": "evil.example"}, 422), ({"secrets": {}}, 422),
        ({"secrets": {"webhook_secret": "x", "password": "y"}}, 422), ({"more": 1}, 422), ({"domain": "\0"}, 422),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(program: Program, changed: dict[str, Any], status: int) -> None:
    assert program.call("PUT", "/api/shops/apple", {**SHOP, **changed}).status == status
    assert program.call("GET", "/api/shops").body["items"] == []


def test_one_key_is_one_shop(program: Program) -> None:
    program.call("PUT", "/api/shops/apple", SHOP)
    assert program.call("PUT", "/api/shops/apple", {**SHOP, "domain": "pear"}).status == 409
    assert program.call("PUT", "/api/shops/other", SHOP).status == 409
    assert program.call("PUT", "/api/shops/dangol", {**SHOP, "domain": "pear"}).status == 422
    assert program.call("GET", "/api/shops/nothing").status == 404
