"""Campaigns over the API: saved, refused, activated, paused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


def definition(**changes: Any) -> dict[str, Any]:
    return {
        "entry": {"fact": "Order Completed"},
        "holdout_percent": 10,
        "goal": {"fact": "Order Completed", "within": "7d"},
        "steps": [
            {
                "key": "mail",
                "send": {
                    "channel": "email",
                    "class": "transactional",
                    "templates": {"en": {"subject": "Thank you", "html": "<p>Thank you</p>"}},
                },
            }
        ],
        **changes,
    }


def test_a_new_campaign_is_a_draft_that_can_be_let_run_and_paused(program: Program, open_shop: Kit) -> None:
    saved = program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition()})
    assert saved.status == 200
    assert (saved.body["state"], saved.body["version"], saved.body["activated_at"]) == ("draft", 1, None)
    assert saved.body["definition"] == definition()
    assert program.get("/api/campaigns/mine").body == saved.body
    running = program.post("/api/campaigns/mine/activate").body
    assert (running["state"], running["activated_at"]) == ("active", "2026-11-24T03:00:00Z")
    assert program.post("/api/campaigns/mine/pause").body["state"] == "paused"
    assert program.get("/api/campaigns/mine/results").body["entered"] == 0


def test_a_draft_sends_nothing_and_a_running_one_does(program: Program, open_shop: Kit) -> None:
    program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition(holdout_percent=0)})
    open_shop.order("42", "1002", 5)
    open_shop.run()
    assert program.get("/api/outbox").body["items"] == []
    program.post("/api/campaigns/mine/activate")
    open_shop.order("42", "1003", 5)
    open_shop.run()
    (message,) = program.get("/api/outbox").body["items"]
    assert (message["to"], message["campaign"]) == ("minji@example.com", "mine")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"entry": {}}, "/definition/entry"),
        ({"holdout_percent": 101}, "/definition/holdout_percent"),
        ({"steps": []}, "/definition/steps"),
        ({"goal": {"fact": "X", "within": "soon"}}, "/definition/goal/within"),
        ({"colour": "red"}, "/definition/colour"),
    ],
)
def test_a_wrong_campaign_is_refused_with_its_place_and_not_stored(
    program: Program, open_shop: Kit, changes: dict[str, Any], path: str
) -> None:
    refused = program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition(**changes)})
    assert (refused.status, refused.kind) == (422, "application/problem+json")
    assert path in [fault["path"] for fault in refused.body["errors"]]
    assert program.get("/api/campaigns/mine").status == 404


def test_a_campaign_on_a_segment_that_is_not_there_cannot_run(program: Program, open_shop: Kit) -> None:
    program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition(entry={"segment": "no-such"})})
    refused = program.post("/api/campaigns/mine/activate")
    assert (refused.status, program.get("/api/campaigns/mine").body["state"]) == (422, "draft")


def test_all_campaigns_are_listed_by_key_in_pages(program: Program, open_shop: Kit) -> None:
    for key in ("b", "c", "a"):
        program.put(f"/api/campaigns/{key}", {"name": key, "definition": definition()})
    seen, path = [], "/api/campaigns?limit=2"
    while path:
        part = program.get(path).body
        seen += [item["key"] for item in part["items"]]
        path = f"/api/campaigns?limit=2&cursor={part['next']}" if part["next"] else ""
    assert seen == ["a", "b", "c"]


def test_two_who_change_one_campaign_are_told_and_it_can_be_drained_and_put_away(
    program: Program, open_shop: Kit
) -> None:
    program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition()})
    program.post("/api/campaigns/mine/activate")
    changed = {"name": "Mine", "definition": definition(exit_on_goal=False)}
    assert program.put("/api/campaigns/mine?version=1&apply_to=new", changed).body["version"] == 2
    assert program.put("/api/campaigns/mine?version=1", changed).status == 409
    assert program.put("/api/campaigns/mine?apply_to=some", changed).status == 422
    assert program.post("/api/campaigns/mine/drain").body["state"] == "draining"
    assert program.post("/api/campaigns/mine/archive").body["state"] == "archived"
    assert program.post("/api/campaigns/mine/activate").status == 409


def test_a_call_lets_one_customer_in_once(program: Program, open_shop: Kit) -> None:
    program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition(entry={"api": True})})
    program.post("/api/campaigns/mine/activate")
    call = {"customer": "userId:42", "trigger": "contract-7", "properties": {"plan": "gold"}}
    assert program.post("/api/campaigns/mine/runs", call).body["started"] is True
    assert program.post("/api/campaigns/mine/runs", call).body["started"] is False
    assert program.post("/api/campaigns/mine/runs", {**call, "customer": "userId:nobody"}).status == 404
    program.put("/api/campaigns/other", {"name": "Other", "definition": definition()})
    program.post("/api/campaigns/other/activate")
    assert program.post("/api/campaigns/other/runs", call).status == 422


def test_results_tell_experiments_and_the_shops_holdout_can_be_set(program: Program, open_shop: Kit) -> None:
    variants = [{"key": key, "templates": {"en": {"subject": key, "html": "<p>Hi</p>"}}} for key in ("short", "long")]
    send = {"channel": "email", "class": "transactional", "allocation": "learning", "variants": variants}
    program.put(
        "/api/campaigns/mine", {"name": "Mine", "definition": definition(steps=[{"key": "mail", "send": send}])}
    )
    program.post("/api/campaigns/mine/activate")
    [told] = program.get("/api/campaigns/mine/results").body["experiments"]
    assert [one["variant"] for one in told["variants"]] == ["short", "long"]
    assert told["compared"] == [{"first": "short", "second": "long", "wins": 1.0, "needed": 20.0, "better": None}]
    assert program.put("/api/holdout", {"percent": 5}).body == {"percent": 5}
    assert program.get("/api/holdout").body == {"percent": 5}
    assert program.put("/api/holdout", {"percent": 80}).status == 422
