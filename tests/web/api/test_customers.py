"""Customers as the API shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.value import steps as value
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db
AT = "2026-11-24T03:00:00Z"


def test_a_customer_is_found_by_any_identifier_and_shown_whole(program: Program, open_shop: Kit) -> None:
    (shown,) = program.get("/api/customers?identifier=userId:42").body["items"]
    assert shown == {
        "id": str(open_shop.customer("42")),
        "identifiers": ["userId:42", "email:minji@example.com"],
        "traits": {"email": "minji@example.com", "firstName": "Minji", "language": "ko"},
        "figures": {
            "orders": 1,
            "revenue": {"amount": "38000", "currency": "KRW"},
            "refunded": {"amount": "0", "currency": "KRW"},
            "first_order_at": AT,
            "last_order_at": AT,
            "average_gap_days": None,
            "margin": None,
            "foreign": [],
            "favourite_category": "",
            "last_viewed": {},
            "cart": [],
            "visits": 0,
            "channels": {"server": 1.0},
            "first_touch": {},
            "last_touch": {},
        },
        "segments": shown["segments"],
        "consents": [
            {"channel": "email", "purpose": "marketing", "state": "granted", "basis": "explicit", "at": AT,
             "source": "site"},
        ],
        "first_seen_at": AT,
        "last_seen_at": AT,
    }  # fmt: skip
    assert "new" in shown["segments"]
    same = program.get("/api/customers?identifier=email:MINJI@example.com").body["items"]
    assert same == [shown]
    assert program.get(f"/api/customers/{shown['id']}").body == shown


def test_nobody_under_an_identifier_is_an_empty_list(program: Program, open_shop: Kit) -> None:
    assert program.get("/api/customers?identifier=userId:nobody").body == {"items": [], "next": None}


@pytest.mark.parametrize("told", ["42", "userId:", ":42", ""])
def test_an_identifier_without_kind_or_value_is_refused_with_what_is_allowed(program: Program, told: str) -> None:
    answer = program.get(f"/api/customers?identifier={told}")
    assert (answer.status, answer.body["errors"][0]["path"]) == (422, "/query/identifier")
    assert "userId:42" in answer.body["errors"][0]["allowed"]


def test_revenue_is_net_of_refunds(program: Program, open_shop: Kit) -> None:
    open_shop.track("42", "Order Refunded", {"order_id": "1001", "revenue": "8000.50"})
    open_shop.run()
    figures = program.get("/api/customers?identifier=userId:42").body["items"][0]["figures"]
    assert figures["revenue"]["amount"] == "29999.5"
    assert figures["refunded"]["amount"] == "8000.5"


def test_an_id_from_before_a_merge_leads_to_the_customer_it_became(program: Program, open_shop: Kit) -> None:
    open_shop.send({"type": "page", "anonymousId": "a1", "name": "Home"})
    open_shop.run()
    before = program.get("/api/customers?identifier=anonymousId:a1").body["items"][0]["id"]
    open_shop.send({"type": "identify", "anonymousId": "a1", "userId": "42"})
    open_shop.run()
    shown = program.get(f"/api/customers/{before}").body
    assert shown["id"] == str(open_shop.customer("42")) != before
    assert "anonymousId:a1" in shown["identifiers"]


def test_the_timeline_comes_newest_first_in_pages_without_gap_or_repeat(
    program: Program, open_shop: Kit, clock: SetClock
) -> None:
    for number in range(7):  # several at one instant: the position decides
        clock.advance(timedelta(minutes=number % 2))
        open_shop.track("42", "Product Viewed", {"product_id": f"P{number}"})
    open_shop.run()
    base = f"/api/customers/{open_shop.customer('42')}/timeline"
    whole = program.get(f"{base}?limit=1000").body
    assert whole["next"] is None
    seen, cursor = [], ""
    while cursor is not None:
        part = program.get(f"{base}?limit=3{cursor and '&cursor=' + cursor}").body
        assert len(part["items"]) <= 3
        seen += part["items"]
        cursor = part["next"]
    assert seen == whole["items"]
    assert [item["timestamp"] for item in seen] == sorted((item["timestamp"] for item in seen), reverse=True)


def test_a_fact_is_shown_whole(program: Program, open_shop: Kit) -> None:
    items = program.get(f"/api/customers/{open_shop.customer('42')}/timeline").body["items"]
    order = next(item for item in items if item["name"] == "Order Completed")
    assert order == {
        "id": order["id"],
        "type": "track",
        "name": "Order Completed",
        "message_id": "m3",
        "timestamp": AT,
        "received_at": AT,
        "source": "site",
        "properties": {"order_id": "1001", "revenue": 38000, "products": []},
        "traits": {},
        "context": {},
    }
    identify = next(item for item in items if item["type"] == "identify")
    assert identify["traits"]["firstName"] == "Minji"
    assert identify["name"] == ""


def test_everybody_comes_in_pages_by_id(program: Program, open_shop: Kit) -> None:
    for number in range(6):
        open_shop.track(f"u{number}", "Seen")
    open_shop.run()
    seen, path = [], "/api/customers?limit=2"
    while path:
        part = program.get(path).body
        seen += [int(item["id"]) for item in part["items"]]
        path = f"/api/customers?limit=2&cursor={part['next']}" if part["next"] else ""
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 7


def test_search_pages_too(program: Program, open_shop: Kit, clock: SetClock) -> None:
    for number in range(5):
        clock.advance(timedelta(minutes=number % 2))
        open_shop.identify(f"k{number}", {"name": f"Kim {number}"})
    open_shop.run()
    seen, cursor = [], ""
    while cursor is not None:
        part = program.get(f"/api/customers?search=kim&limit=2{cursor and '&cursor=' + cursor}").body
        seen += [item["traits"]["name"] for item in part["items"]]
        cursor = part["next"]
    assert sorted(seen) == [f"Kim {number}" for number in range(5)]


def test_why_a_customer_is_in_a_segment(program: Program, open_shop: Kit) -> None:
    program.put("/api/segments/recent", {"name": "Recent", "where": {"event": "Order Completed", "within": "30d"}})
    told = program.get(f"/api/customers/{open_shop.customer('42')}/segments/recent").body
    assert (told["segment"], told["member"], told["certain"]) == ("recent", True, True)
    assert "2026-12-24T03:00:00." < told["changes_at"] <= "2026-12-24T03:00:00.001Z", "never early, never rounded"
    assert set(told["words"]) == {"en", "ko"}
    (leaf,) = told["leaves"]
    assert (leaf["holds"], leaf["value"], [fact["name"] for fact in leaf["facts"]]) == (True, 1, ["Order Completed"])


@pytest.mark.parametrize("path", ["999", "0", "-1", "abc", str(2**63), "1%00"])
@pytest.mark.parametrize("what", ["", "/timeline", "/segments/new"])
def test_nobody_under_an_id_is_404(program: Program, open_shop: Kit, path: str, what: str) -> None:
    answer = program.get(f"/api/customers/{path}{what}")
    assert (answer.status, answer.kind) == (404, "application/problem+json")


def test_what_a_customer_is_expected_to_do_is_told_with_ranges(program: Program, open_shop: Kit) -> None:
    now, customer = open_shop.clock.now(), open_shop.customer("42")
    for learn in (loop.foretell, value.fit, loop.foretell):
        learn(now)
    told = program.get(f"/api/customers/{customer}/value").body
    assert (told["customer"], told["made_at"]) == (str(customer), AT)
    year = told["horizons"][-1]
    assert (year["days"], year["value"]["mean"]["currency"]) == (365, "KRW")
    assert year["orders"]["low"] <= year["orders"]["mean"] <= year["orders"]["high"]
    assert told["alive"]["mean"] + told["churn"]["mean"] == pytest.approx(1)
    assert 0 < told["next_order"]["probability"] < 1
    assert set(told["sentence"]) == {"en", "ko"}


def test_nothing_is_expected_of_somebody_who_never_ordered(program: Program, open_shop: Kit) -> None:
    open_shop.identify("visitor", {})
    open_shop.run()
    told = program.get(f"/api/customers/{open_shop.customer('visitor')}/value").body
    assert (told["horizons"], told["alive"], told["next_order"], told["made_at"]) == ([], None, None, None)
