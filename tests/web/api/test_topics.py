"""Topics over the API, as docs/http.md promises them."""

from __future__ import annotations

import pytest

from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db

NEWS = {"name": {"en": "News", "ko": "소식"}, "kind": "opt_out"}


def test_a_topic_is_declared_and_archived(program: Program, open_shop: Kit) -> None:
    made = program.put("/api/topics/news", NEWS)
    assert made.status == 200
    told = {name: made.body[name] for name in ("key", "name", "description", "kind", "place", "archived")}
    assert told == {"key": "news", **NEWS, "description": {}, "place": 0, "archived": False}
    assert made.body["size"] > 0
    assert program.get("/api/topics").body == {"items": [made.body], "next": None}
    program.put("/api/segments/readers", {"where": {"topic": "news"}})
    assert len(program.get("/api/segments/readers/members").body["items"]) == made.body["size"]
    program.put("/api/topics/news", {"name": {"en": "News"}})
    assert program.get("/api/segments/readers/members").body["items"] == []
    assert program.delete("/api/topics/news").status == 409
    program.delete("/api/segments/readers")
    assert program.delete("/api/topics/news").status == 204
    assert program.get("/api/topics").body["items"] == []
    assert program.get("/api/topics/news").body["archived"]
    assert not program.put("/api/topics/news", NEWS).body["archived"]


def test_faults_name_place_and_what_is_allowed(program: Program, open_shop: Kit) -> None:
    refused = program.put("/api/topics/news", {"name": {"en": ""}, "place": -1})
    assert refused.status == 422
    assert [fault["path"] for fault in refused.body["errors"]] == ["/place", "/name"]
    assert program.put("/api/topics/news", {"name": {"en": "x"}, "kind": "both"}).body["errors"][0]["path"] == "/kind"
    missing = program.put("/api/segments/readers", {"where": {"topic": "news"}})
    assert missing.body["errors"] == [
        {"path": "/where/topic", "found": "'news'", "allowed": "a topic, of which there is none yet"}
    ]


def test_what_a_customer_told_the_staff(program: Program, open_shop: Kit) -> None:
    program.put("/api/topics/news", NEWS)
    path = f"/api/customers/{open_shop.customer('42')}/topics"
    assert program.get(path).body["items"] == [{"topic": "news", "subscribed": True, "said_at": None}]
    said = program.post(path, {"topic": "news", "subscribed": False, "reason": "by letter"})
    assert (said.status, said.body["subscribed"]) == (200, False)
    assert program.get(path).body["items"] == [said.body]
    missing = program.post(path, {"topic": "none", "subscribed": False, "reason": "by letter"})
    assert (missing.status, missing.body["errors"][0]["allowed"]) == (422, "a topic: news")
