"""Who may call what: every route with every kind of key."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.collect import sources
from dangol.web.api import keys
from dangol.web.api.document import document
from dangol.web.models import ApiKey
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db

# What each route of the document needs. A new route stands here or this test fails.
READING = {
    "GET /api/holdout",
    "GET /api/log",
    "GET /api/customers",
    "GET /api/customers/{customer_id}",
    "GET /api/customers/{customer_id}/timeline",
    "GET /api/customers/{customer_id}/consents",
    "GET /api/customers/{customer_id}/next-question",
    "GET /api/customers/{customer_id}/value",
    "GET /api/customers/{customer_id}/export",
    "GET /api/requests",
    "GET /api/customers/{customer_id}/segments/{key}",
    "GET /api/segments",
    "GET /api/segments/{key}",
    "GET /api/segments/{key}/members",
    "GET /api/segments/{key}/history",
    "GET /api/segments/library",
    "GET /api/segments/schema.json",
    "POST /api/segments/evaluate",
    "POST /api/segments/explain",
    "GET /api/customers/{customer_id}/topics",
    "GET /api/customers/{customer_id}/recommendations",
    "GET /api/products",
    "GET /api/products/recommended",
    "GET /api/forms",
    "GET /api/forms/{key}",
    "GET /api/topics",
    "GET /api/topics/{key}",
    "GET /api/lists",
    "GET /api/lists/{key}",
    "GET /api/lists/{key}/members",
    "GET /api/strategy/plan",
    "GET /api/campaigns",
    "GET /api/campaigns/{key}",
    "GET /api/templates",
    "GET /api/templates/{key}",
    "GET /api/brand",
    "GET /api/contact-policy",
    "GET /api/campaigns/{key}/results",
    "GET /api/campaigns/{key}/why",
    "GET /api/deliveries",
    "GET /api/deliveries/{number}/why",
    "GET /api/outbox",
    "GET /api/surveys/{key}/results",
    "GET /api/harvest",
    "GET /api/harvest/{key}",
    "GET /api/harvest/{key}/whom",
    "POST /api/harvest/{key}/backtest",
    "GET /api/tasks",
    "GET /api/autopilot",
    "GET /api/autopilot/acts",
    "GET /api/customers/{customer_id}/points",
    "GET /api/loyalty",
    "GET /api/offers",
    "GET /api/offers/{key}",
    "GET /api/offers/{key}/batches",
    "GET /api/offers/{key}/coupons",
    "GET /api/offers/{key}/redemptions",
    "GET /api/conversations",
    "GET /api/conversations/{conversation_id}",
    "GET /api/identity/merges",
    "GET /api/shops",
    "GET /api/shops/{key}",
    "GET /api/quarantine",
    "GET /api/quarantine/reasons",
}
WRITING = {
    "PUT /api/segments/{key}",
    "DELETE /api/segments/{key}",
    "POST /api/segments/{key}/activate",
    "POST /api/segments/library/{key}/adopt",
    "POST /api/customers/{customer_id}/topics",
    "PUT /api/forms/{key}",
    "DELETE /api/forms/{key}",
    "PUT /api/topics/{key}",
    "DELETE /api/topics/{key}",
    "PUT /api/lists/{key}",
    "DELETE /api/lists/{key}",
    "POST /api/lists/{key}/members",
    "POST /api/strategy/plays/{key}/activate",
    "PUT /api/campaigns/{key}",
    "PUT /api/templates/{key}",
    "DELETE /api/templates/{key}",
    "POST /api/templates/{key}/preview",
    "PUT /api/brand",
    "PUT /api/contact-policy",
    "POST /api/campaigns/{key}/activate",
    "PUT /api/holdout",
    "POST /api/campaigns/{key}/archive",
    "POST /api/campaigns/{key}/drain",
    "POST /api/campaigns/{key}/pause",
    "POST /api/campaigns/{key}/runs",
    "POST /api/tasks/{task_id}/done",
    "PUT /api/autopilot",
    "POST /api/autopilot/acts/{act_id}/accept",
    "POST /api/autopilot/acts/{act_id}/decline",
    "POST /api/autopilot/acts/{act_id}/undo",
    "PUT /api/offers/{key}",
    "DELETE /api/offers/{key}",
    "POST /api/offers/{key}/batches",
    "POST /api/offers/{key}/issue",
    "POST /api/coupons/check",
    "POST /api/coupons/hold",
    "POST /api/coupons/redeem",
    "POST /api/coupons/redemptions/{pk}/confirm",
    "POST /api/coupons/redemptions/{pk}/release",
    "PUT /api/loyalty",
    "POST /api/loyalty/adjust",
    "POST /api/loyalty/spend",
    "POST /api/conversations/{conversation_id}/answer",
    "POST /api/conversations/{conversation_id}/close",
    "POST /api/customers/{customer_id}/correct",
    "POST /api/customers/{customer_id}/forget",
    "POST /api/customers/{customer_id}/object",
    "POST /api/customers/{customer_id}/restrict",
    "POST /api/customers/{customer_id}/unrestrict",
    "POST /api/requests",
    "POST /api/requests/{request_id}/answer",
    "POST /api/identity/merge",
    "POST /api/identity/unmerge",
    "PUT /api/shops/{key}",
    "POST /api/shops/{key}/pause",
    "POST /api/shops/{key}/resume",
    "POST /api/shops/{key}/history",
    "POST /api/quarantine/replay",
}
ROUTES = sorted(READING | WRITING)


def call(program: Program, route: str) -> Any:
    method, path = route.split(" ")
    body = {"where": "everyone"} if path.endswith("evaluate") else {} if method in {"PUT", "POST"} else None
    for name, value in (
        ("key", "nothing"),
        ("customer_id", "9"),
        ("task_id", "9"),
        ("request_id", "9"),
        ("conversation_id", "9"),
        ("act_id", "9"),
        ("pk", "9"),
    ):
        path = path.replace("{" + name + "}", value)
    return program.call(method, path, body)


def test_the_lists_above_are_the_routes_there_are() -> None:
    paths = document()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == READING | WRITING


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_key_nothing_is_told(program: Program, route: str) -> None:
    answer = call(Program(""), route)
    assert (answer.status, answer.kind) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", ROUTES)
def test_keys_that_are_none_open_nothing(program: Program, still: SetClock, route: str) -> None:
    write_key = sources.add("site", "Site", still.now()).write_key
    row, revoked = keys.make_api_key("old", ["read", "write"], still.now())
    keys.revoke(row.pk, still.now())
    guessed = keys.PREFIX + "x" * 43
    for secret in (
        write_key,
        revoked,
        guessed,
        program.secret[:-1],
        program.secret + "x",
        ApiKey.objects.all()[0].hash,
    ):
        assert call(Program(secret), route).status == 401


@pytest.mark.parametrize("route", sorted(READING))
def test_a_reading_key_reads_and_a_writing_key_does_not(program: Program, still: SetClock, route: str) -> None:
    assert call(Program(keys.make_api_key("r", ["read"], still.now())[1]), route).status in {200, 404, 422}
    assert call(Program(keys.make_api_key("w", ["write"], still.now())[1]), route).status == 403


@pytest.mark.parametrize("route", sorted(WRITING))
def test_a_writing_key_writes_and_a_reading_key_does_not(program: Program, still: SetClock, route: str) -> None:
    assert call(Program(keys.make_api_key("w", ["write"], still.now())[1]), route).status in {200, 204, 404, 422}
    refused = call(Program(keys.make_api_key("r", ["read"], still.now())[1]), route)
    assert (refused.status, refused.kind) == (403, "application/problem+json")


def test_other_schemes_and_a_session_open_nothing(program: Program, django_user_model: Any) -> None:
    basic = Program("").get("/api/log", Authorization=f"Basic {program.secret}")
    assert basic.status == 401
    person = Client()
    person.force_login(django_user_model.objects.create_user("owner", "o@example.com", "a long password"))
    assert person.get("/api/log").status_code == 401, "a cookie must not act for a program"


def test_the_document_is_open_to_all(program: Program) -> None:
    told = Program("").get("/api/openapi.json")
    assert (told.status, told.body["openapi"]) == (200, "3.1.0")


def test_a_key_is_shown_once_and_kept_as_a_hash(shop: Any, still: SetClock) -> None:
    row, secret = keys.make_api_key("mine", ["read"], still.now())
    assert re.fullmatch(r"dgk_[A-Za-z0-9_-]{43}", secret), "32 random bytes, and no colon"
    assert row.hash == hashlib.sha256(secret.encode()).hexdigest()
    kept = [str(value) for value in ApiKey.objects.filter(pk=row.pk).values()[0].values()]
    assert not any(secret in value for value in kept)
    assert secret.startswith(row.prefix)


@pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "admin"]])
def test_a_key_has_known_scopes(shop: Any, still: SetClock, scopes: list[str]) -> None:
    with pytest.raises(Invalid):
        keys.make_api_key("mine", scopes, still.now())


def test_the_last_use_is_noted_once_a_minute(program: Program, still: SetClock) -> None:
    start = still.now()

    def used() -> Any:
        return ApiKey.objects.get().last_used_at

    program.get("/api/log")
    assert used() == start
    still.advance(timedelta(seconds=59))
    program.get("/api/log")
    assert used() == start
    still.advance(timedelta(seconds=2))
    program.get("/api/log")
    assert used() == start + timedelta(seconds=61)
