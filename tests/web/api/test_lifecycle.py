"""Drafts, sizes and hand-kept lists over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.campaign.models import Campaign
from dangol.segment import computing, steps
from dangol.segment.models import Segment
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db

BUYERS = {"name": "Buyers", "where": {"event": "Order Completed"}}


def keys(program: Program) -> list[str]:
    return [one["key"] for one in program.get("/api/segments").body["items"]]


def test_a_draft_is_saved_listed_and_activated(program: Program, open_shop: Kit) -> None:
    saved = program.put("/api/segments/buyers", {**BUYERS, "state": "draft"})
    assert (saved.status, saved.body["state"], saved.body["computing"]) == (200, "draft", None)
    assert program.get("/api/segments/buyers").body["state"] == "draft"
    assert "buyers" not in keys(program)
    assert [one["key"] for one in program.get("/api/segments?state=draft").body["items"]] == ["buyers"]
    assert program.post("/api/segments/buyers/activate", {}).body["state"] == "active"
    assert len(program.get("/api/segments/buyers/members").body["items"]) == 1
    assert program.delete("/api/segments/buyers").status == 204
    assert program.get("/api/segments/buyers").status == 404
    assert [one["key"] for one in program.get("/api/segments?state=archived").body["items"]] == ["buyers"]
    assert program.post("/api/segments/buyers/activate", {}).status == 200
    wrong = program.put("/api/segments/buyers", {**BUYERS, "state": "asleep"})
    assert (wrong.status, wrong.body["errors"][0]["path"]) == (422, "/state")


def test_a_campaign_holds_on_to_its_segment(program: Program, open_shop: Kit, clock: SetClock) -> None:
    program.put("/api/segments/buyers", BUYERS)
    definition = {"entry": {"segment": "buyers"}}
    Campaign.objects.create(key="thanks", name="T", state="active", definition=definition, created_at=clock.now())
    refused = program.delete("/api/segments/buyers")
    assert refused.status == 409
    assert "campaign thanks" in refused.body["detail"]


def test_a_large_shop_is_told_that_members_are_computed(
    program: Program, open_shop: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SMALL", 0)
    saved = program.put("/api/segments/buyers", BUYERS)
    assert saved.body["computing"] == {
        "state": "queued", "done": 0, "of": saved.body["computing"]["of"], "started_at": None, "finished_at": None,
    }  # fmt: skip
    assert program.get("/api/segments/buyers").body["computing"]["state"] == "queued"
    assert "buyers" in keys(program)
    computing.work(clock.now)
    assert program.get("/api/segments/buyers").body["computing"] is None
    assert len(program.get("/api/segments/buyers/members").body["items"]) == 1


def test_the_size_of_each_day(program: Program, open_shop: Kit) -> None:
    program.put("/api/segments/buyers", BUYERS)
    told = program.get("/api/segments/buyers/history?days=3").body
    assert [(day["on"], day["size"]) for day in told["days"]] == [
        ("2026-11-22", 0), ("2026-11-23", 0), ("2026-11-24", 1),
    ]  # fmt: skip
    assert len(program.get("/api/segments/buyers/history").body["days"]) == 90
    assert program.get("/api/segments/buyers/history?days=0").status == 422
    assert program.get("/api/segments/nothing/history").status == 404


def test_people_are_put_on_a_list_and_taken_off(program: Program, open_shop: Kit, clock: SetClock) -> None:
    kit = open_shop
    kit.identify("43", {"email": "Bo@Example.com"})
    kit.run()
    made = program.put("/api/lists/vip", {"name": "우수 고객"})
    assert (made.status, made.body["name"], made.body["size"]) == (200, "우수 고객", 0)
    told = program.post(
        "/api/lists/vip/members",
        {"add": ["userId:42", "email: bo@example.com", "userId:nobody", "x", "99999999"], "remove": ["userId:gone"]},
    ).body
    assert (told["added"], told["removed"]) == (2, 0)
    assert [(one["path"], one["found"]) for one in told["unknown"]] == [
        ("/add/2", "'userId:nobody'"), ("/add/3", "'x'"), ("/add/4", "'99999999'"), ("/remove/0", "'userId:gone'"),
    ]  # fmt: skip
    kit.run()
    assert [one["userId"] for one in program.get("/api/lists/vip/members").body["items"]] == ["42", "43"]
    first = program.get("/api/lists/vip/members?limit=1").body
    second = program.get(f"/api/lists/vip/members?limit=1&cursor={first['next']}").body
    assert ([one["userId"] for one in first["items"] + second["items"]], second["next"]) == (["42", "43"], None)
    assert program.get("/api/lists").body["items"][0]["size"] == 2
    clock.advance(timedelta(seconds=1))
    program.post("/api/lists/vip/members", {"remove": [str(kit.customer("42"))]})
    kit.run()
    assert program.get("/api/lists/vip").body["size"] == 1


def test_a_list_in_use_is_not_removed_and_one_that_is_not_there_is_no_operand(
    program: Program, open_shop: Kit, clock: SetClock
) -> None:
    kit = open_shop
    refused = program.put("/api/segments/vips", {"where": {"all": [{"list": "vip"}]}})
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "/where/all/0/list")
    program.post("/api/lists/vip/members", {"add": ["userId:42"]})
    kit.run()
    reader = Segment.objects.create(
        key="vips@1", stands_for="vips", name="V", rule={"all": [{"list": "vip"}]}, state="failed",
        created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    assert program.delete("/api/lists/vip").status == 409
    reader.delete()
    clock.advance(timedelta(seconds=1))
    assert program.delete("/api/lists/vip").status == 204
    assert program.get("/api/lists/vip").status == 404
    program.post("/api/lists/vip/members", {"add": ["userId:nobody"]})
    kit.run()
    assert program.get("/api/lists/vip").body["size"] == 0, "a list of the same key begins anew"
