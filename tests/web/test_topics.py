"""The console's topics, and those of the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.profile import topics
from dangol.segment import steps
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

FORM = {"new": "1", "key": "news", "name.en": "News", "name.ko": "소식", "description.en": "Twice a month",
        "kind": "opt_out"}  # fmt: skip


def test_a_topic_is_made_changed_moved_and_archived(console: Client, happened: Kit, clock: SetClock) -> None:
    assert console.post("/topics/save", FORM).headers["Location"] == "/topics"
    console.post("/topics/save", FORM | {"key": "sales", "kind": "opt_in", "name.en": "Sales", "name.ko": ""})
    assert topics.written(topics.get("news")) == {
        "name": {"en": "News", "ko": "소식"}, "description": {"en": "Twice a month"}, "kind": "opt_out", "place": 0,
    }  # fmt: skip
    page: Any = console.get("/topics").context["page"]
    assert [(row.key, row.size > 0) for row in page.rows] == [("news", True), ("sales", False)]
    topics.put("news", {**topics.written(topics.get("news")), "name": {"en": "News", "de": "Neues"}}, clock.now())
    console.post("/topics/save", {"key": "news", "name.en": "The news", "kind": "opt_in"})
    assert topics.get("news").name == {"de": "Neues", "en": "The news"}, "what the form does not have stays"
    console.post("/topics/of/sales/move", {"to": "up"})
    assert [row.key for row in topics.everything()] == ["sales", "news"]
    steps.save("readers", {"where": {"topic": "news"}}, clock.now())
    kept = console.post("/topics/of/news/archive")
    assert (kept.status_code, "readers" in kept.content.decode()) == (409, True)
    assert console.post("/topics/of/sales/archive").headers["Location"] == "/topics"
    assert [row.key for row in topics.everything()] == ["news"]


def test_staff_see_and_change_what_a_customer_is_subscribed_to(console: Client, happened: Kit) -> None:
    console.post("/topics/save", FORM)
    customer = happened.customer("u1")
    assert "News" in console.get(f"/customers/{customer}").content.decode()
    told = {"topic": "news", "subscribed": "no", "reason": "on the telephone"}
    assert console.post(f"/customers/{customer}/topics", told).headers["Location"] == f"/customers/{customer}"
    assert topics.subscribed([customer], ["news"]) == {(customer, "news"): False}
    console.post(f"/customers/{customer}/topics", told | {"subscribed": "yes", "reason": ""})
    assert topics.subscribed([customer], ["news"]) == {(customer, "news"): False}, "not without a word on how"


def test_a_form_that_is_refused_keeps_what_was_typed(console: Client, happened: Kit) -> None:
    console.post("/topics/save", FORM)
    twice = console.post("/topics/save", FORM | {"name.en": "Other"})
    assert (twice.status_code, twice.context["page"].new.key) == (422, "news")
    assert 'value="Other"' in twice.content.decode()
    nameless = console.post("/topics/save", {"key": "news", "kind": "opt_in", "description.en": "Still here"})
    assert nameless.status_code == 422
    [row] = nameless.context["page"].rows
    assert row.faults
    assert 'value="Still here"' in nameless.content.decode()
    assert topics.get("news").name == {"en": "News", "ko": "소식"}
