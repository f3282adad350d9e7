"""Every refusal is a problem document, whoever refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError

from dangol.base.errors import Conflict, NotFound, Unavailable
from dangol.segment import active
from tests.web.api.conftest import Answer, Program

pytestmark = pytest.mark.django_db


def assert_problem(answer: Answer, status: int) -> None:
    assert (answer.status, answer.kind) == (status, "application/problem+json")
    assert answer.body["status"] == status
    assert answer.body["type"] == "about:blank"
    assert all(isinstance(answer.body[name], str) and answer.body[name] for name in ("title", "detail"))


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/customers/", "/api/coupons/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_an_unknown_path_is_404(program: Program, path: str, method: str) -> None:
    assert_problem(program.call(method, path), 404)


@pytest.mark.parametrize("path", ["/api/surveys/x/y"])
def test_what_is_not_there_yet_is_404(program: Program, path: str) -> None:
    assert_problem(program.post(path, {}), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/log", "GET"),
        ("DELETE", "/api/campaigns/x", "GET, PUT"),
        ("GET", "/api/segments/x/evaluate", None),
        ("PATCH", "/api/segments/x", "DELETE, GET, PUT"),
        ("POST", "/api/openapi.json", "GET"),
    ],
)
def test_a_method_that_is_not_taken_is_405_and_says_which_are(
    program: Program, method: str, path: str, allowed: str | None
) -> None:
    answer = program.call(method, path)
    if allowed is None:
        assert_problem(answer, 404)
        return
    assert_problem(answer, 405)
    assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allowed


@pytest.mark.parametrize("body", [b"{", b"not json", b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 100_000, b'"\\ud800"'])
def test_a_body_that_is_not_json_is_400(program: Program, body: bytes) -> None:
    assert_problem(program.put("/api/segments/x", body), 400)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_of_another_kind_is_415(program: Program, kind: str) -> None:
    assert_problem(program.put("/api/segments/x", b"a=1", content_type=kind), 415)


def test_json_may_name_its_charset(program: Program) -> None:
    answer = program.put(
        "/api/segments/x", {"name": "x", "where": "everyone"}, content_type="application/json; charset=utf-8"
    )
    assert answer.status == 200


def test_a_body_that_is_too_large_is_413(program: Program) -> None:
    assert_problem(program.put("/api/segments/x", b'"' + b"x" * 6_000_000 + b'"'), 413)


def test_a_nul_in_a_body_is_refused(program: Program) -> None:
    assert_problem(program.put("/api/segments/x", {"name": "a\x00b", "where": "everyone"}), 422)
    assert_problem(program.get("/api/customers?identifier=userId:%00"), 422)
    assert_problem(program.get("/api/deliveries?campaign=%00"), 422)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("limit=many", "/query/limit"),
        ("cursor=there", "/query/cursor"),
        ("cursor=-1", "/query/cursor"),
        ("cursor=99999999999999999999", "/query/cursor"),
        ("customer=0", "/query/customer"),
        ("customer=9223372036854775808", "/query/customer"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_place(program: Program, query: str, path: str) -> None:
    answer = program.get(f"/api/deliveries?{query}")
    assert_problem(answer, 422)
    (fault,) = answer.body["errors"]
    assert fault["path"] == path
    assert fault["found"]
    assert fault["allowed"]


@pytest.mark.parametrize(
    ("path", "name"), [("/api/deliveries", "campain"), ("/api/log", "x"), ("/api/campaigns/x/results", "limit")]
)
def test_a_parameter_that_a_route_does_not_have_is_refused(program: Program, path: str, name: str) -> None:
    answer = program.get(f"{path}?{name}=1")
    assert_problem(answer, 422)
    assert answer.body["errors"][0]["path"] == f"/query/{name}"


def test_a_stranger_learns_only_that_a_key_is_missing(program: Program) -> None:
    stranger = Program("")
    for answer in (
        stranger.put("/api/segments/x", b"{"),
        stranger.get("/api/log?x=1"),
        stranger.get("/api/customers/x"),
    ):
        assert_problem(answer, 401)


@pytest.mark.parametrize("cursor", ["5", "5.", "5.x", "1.2.3", "9223372036854775807.1", "٣.١"])
def test_a_foreign_cursor_of_two_numbers_is_refused(program: Program, cursor: str) -> None:
    assert_problem(program.get(f"/api/customers?search=x&cursor={cursor}"), 422)
    assert_problem(program.get(f"/api/tasks?cursor={cursor}"), 422)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("not there"), 404),
        (Conflict("not now"), 409),
        (Unavailable("the disk is full"), 503),
        (OperationalError("database is locked"), 503),
    ],
)
def test_each_error_of_a_step_has_its_status(
    program: Program, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(active, "newest", fail)
    answer = program.get("/api/segments/x")
    assert_problem(answer, status)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_fault_of_ours_is_500_and_tells_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(*_: object) -> None:
        secret = "hunter2"
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(active, "newest", fail)
    answer = program.get("/api/segments/x")
    assert_problem(answer, 500)
    assert "hunter2" not in json.dumps(answer.body)
    assert "ZeroDivisionError" in caplog.text


def test_answers_are_json_and_are_not_kept_by_caches(program: Program) -> None:
    answer = program.get("/api/log")
    assert answer.kind == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
