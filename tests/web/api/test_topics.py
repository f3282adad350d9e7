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
