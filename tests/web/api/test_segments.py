"""Segments over the API, as docs/segments.md promises them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.instants import iso
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db

BUYERS = {"name": "Buyers", "where": {"event": "Order Completed"}}


def evaluate(program: Program, where: Any, **more: Any) -> Any:
    return program.post("/api/segments/evaluate", {"where": where, **more})


def test_a_saved_segment_holds_for_the_history_there_is(program: Program, open_shop: Kit) -> None:
    saved = program.put("/api/segments/buyers", BUYERS)
    assert saved.status == 200
    assert saved.body == program.get("/api/segments/buyers").body
    assert (saved.body["key"], saved.body["name"], saved.body["version"]) == ("buyers", "Buyers", 1)
    assert saved.body["where"] == BUYERS["where"]
    assert program.get("/api/segments/buyers/members").body == {
        "items": [{"id": str(open_shop.customer("42")), "userId": "42"}],
        "next": None,
    }


def test_the_key_may_stand_in_the_body_but_not_another_one(program: Program, open_shop: Kit) -> None:
    assert program.put("/api/segments/buyers", {"key": "buyers", **BUYERS}).status == 200
    refused = program.put("/api/segments/buyers", {"key": "others", **BUYERS})
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "/key")


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ({"name": "x", "where": {"all": [{"event": "A"}, {"event": "B", "within": "0d"}]}}, "/where/all/1/within"),
        ({"name": "x"}, "/where"),
        ({"name": "x", "where": "everyone", "colour": "red"}, "/colour"),
        ({"name": "x", "where": {"segment": "no-such"}}, "/where/segment"),
        ([], ""),
        ("text", ""),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place_and_changes_nothing(
    program: Program, open_shop: Kit, shape: Any, path: str
) -> None:
    before = program.get("/api/segments").body
    refused = program.put("/api/segments/wrong", shape)
    assert (refused.status, refused.kind) == (422, "application/problem+json")
    fault = refused.body["errors"][0]
    assert fault["path"] == path
    assert fault["allowed"]
    assert program.get("/api/segments").body == before


def test_every_active_segment_is_listed_by_key_in_pages(program: Program, open_shop: Kit) -> None:
    program.put("/api/segments/buyers", BUYERS)
    keys = [item["key"] for item in program.get("/api/segments").body["items"]]
    assert keys == sorted(keys)
    assert {"buyers", "dissatisfied", "new"} <= set(keys)
    seen, path = [], "/api/segments?limit=3"
    while path:
        part = program.get(path).body
        seen += [item["key"] for item in part["items"]]
        path = f"/api/segments?limit=3&cursor={part['next']}" if part["next"] else ""
    assert seen == keys


def test_an_archived_segment_is_gone(program: Program, open_shop: Kit) -> None:
    program.put("/api/segments/buyers", BUYERS)
    assert program.delete("/api/segments/buyers").status == 204
    for path in ("/api/segments/buyers", "/api/segments/buyers/members"):
        assert program.get(path).status == 404
    assert program.delete("/api/segments/buyers").status == 404


def test_a_segment_that_another_refers_to_stays(program: Program, open_shop: Kit) -> None:
    program.put("/api/segments/buyers", BUYERS)
    program.put("/api/segments/others", {"name": "Others", "where": {"none": [{"segment": "buyers"}]}})
    refused = program.delete("/api/segments/buyers")
    assert refused.status in {409, 422}
    assert "others" in refused.body["detail"]
    assert program.get("/api/segments/buyers/members").body["items"]


def test_evaluate_gives_customer_ids_or_user_ids(program: Program, open_shop: Kit) -> None:
    open_shop.send({"type": "track", "anonymousId": "a1", "event": "Order Completed", "properties": {"revenue": 1}})
    open_shop.run()
    stranger = program.get("/api/customers?identifier=anonymousId:a1").body["items"][0]["id"]
    told = evaluate(program, BUYERS["where"]).body
    assert sorted(told["members"]) == sorted([stranger, str(open_shop.customer("42"))])
    assert told["count"] == 2
    assert sorted(evaluate(program, BUYERS["where"], ids=True).body["members"]) == sorted([stranger, "42"])


def test_evaluate_at_an_instant_sees_only_what_had_happened(program: Program, open_shop: Kit, clock: SetClock) -> None:
    now = clock.now()
    where = {"event": "Order Completed", "within": "7d"}
    counts = [
        evaluate(program, where, at=iso(at)).body["count"]
        for at in (now - timedelta(seconds=1), now, now + timedelta(days=7), now + timedelta(days=7, milliseconds=1))
    ]
    assert counts == [0, 1, 1, 0]


def test_an_instant_without_offset_is_in_the_shops_zone(program: Program, open_shop: Kit) -> None:
    assert evaluate(program, BUYERS["where"], at="2026-11-24T12:00:00").body["count"] == 1, "noon in Seoul"
    assert evaluate(program, BUYERS["where"], at="2026-11-24T11:59:59").body["count"] == 0


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"where": {"event": "A", "within": "soon"}}, "/where/within"),
        ({"where": "everyone", "at": "soon"}, "/at"),
        ({"where": "everyone", "ids": "yes"}, "/ids"),
        ({"where": "everyone", "id": True}, "/id"),
        ({}, "/where"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(
    program: Program, open_shop: Kit, body: dict[str, Any], path: str
) -> None:
    answer = program.post("/api/segments/evaluate", body)
    assert (answer.status, [fault["path"] for fault in answer.body["errors"]]) == (422, [path])


def test_members_come_in_pages(program: Program, open_shop: Kit) -> None:
    for number in range(7):
        open_shop.order(f"u{number}", f"o{number}", 1)
    open_shop.run()
    program.put("/api/segments/buyers", BUYERS)
    seen, path = [], "/api/segments/buyers/members?limit=3"
    while path:
        part = program.get(path).body
        seen += [item["userId"] for item in part["items"]]
        path = f"/api/segments/buyers/members?limit=3&cursor={part['next']}" if part["next"] else ""
    assert sorted(seen) == sorted(["42", *(f"u{number}" for number in range(7))])


def test_membership_follows_the_loop(program: Program, open_shop: Kit) -> None:
    program.put("/api/segments/buyers", BUYERS)
    open_shop.order("ann", "o1", 10)
    open_shop.run()
    assert [m["userId"] for m in program.get("/api/segments/buyers/members").body["items"]] == ["42", "ann"]
    assert "buyers" in program.get("/api/customers?identifier=userId:ann").body["items"][0]["segments"]


def test_a_rule_nobody_saved_is_explained(program: Program, open_shop: Kit) -> None:
    customer = str(open_shop.customer("42"))
    where = {"all": [{"event": "Order Completed"}, {"event": "Order Completed", "count": 0, "within": "1d"}]}
    told = program.post("/api/segments/explain", {"where": where, "customer": customer})
    assert told.status == 200
    assert (told.body["segment"], told.body["customer"], told.body["member"]) == ("", customer, False)
    assert [leaf["path"] for leaf in told.body["leaves"]] == ["/where/all/0", "/where/all/1"]
    assert [leaf["holds"] for leaf in told.body["leaves"]] == [True, False]
    assert told.body["leaves"][1]["facts"][0]["name"] == "Order Completed"
    assert set(told.body["words"]) == {"en", "ko"}
    bought = {"sequence": [{"event": "Order Completed"}, {"event": "Product Reviewed"}]}
    asked = {"where": {"any": [bought, {"predicted": "churn", "over": 0.5}]}, "customer": customer}
    chain, churn = program.post("/api/segments/explain", asked).body["leaves"]
    assert [(step["state"], bool(step["fact"])) for step in chain["steps"]] == [("met", True), ("missing", False)]
    assert (churn["steps"], churn["forecast"]["made_at"]) == ([], None)
    unknown = program.post("/api/segments/explain", {"where": where, "customer": "999999"})
    assert (unknown.status, unknown.body["errors"][0]["path"]) == (422, "/customer")
    wrong = program.post("/api/segments/explain", {"where": {"event": ""}, "customer": customer})
    assert (wrong.status, wrong.body["errors"][0]["path"]) == (422, "/where/event")
