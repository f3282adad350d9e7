"""A POST that is sent again with its Idempotency-Key is answered again and not done again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.web.api import once
from dangol.web.api.keys import make_api_key
from dangol.web.models import Idempotency
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db

KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


@pytest.fixture
def task(open_shop: Kit, still: SetClock) -> str:
    converse.open_task(open_shop.customer("42"), "dissatisfied", {"score": 1}, "answer:1", still.now())
    return f"/api/tasks/{Task.objects.get().pk}/done"


def test_the_first_answer_is_given_again_and_nothing_is_done_twice(
    program: Program, task: str, still: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    real = converse.done

    def count(task_id: int, *rest: Any) -> Task:
        done.append(task_id)
        return real(task_id, *rest)

    monkeypatch.setattr(converse, "done", count)
    first = program.post(task, {"note": "called her"}, **{KEY: "k1"})
    still.advance(timedelta(hours=5))
    again = program.post(task, {"note": "called her"}, **{KEY: "k1"})
    assert (first.status, first.body) == (again.status, again.body)
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert again.kind == first.kind
    assert len(done) == 1


def test_without_a_key_every_post_is_done(program: Program, task: str) -> None:
    assert program.post(task, {"note": "a"}).headers.get(REPLAYED) is None
    assert program.post(task, {"note": "a"}).headers.get(REPLAYED) is None
    assert not Idempotency.objects.exists()


def test_another_body_under_the_same_key_is_refused_and_changes_nothing(program: Program, task: str) -> None:
    program.post(task, {"note": "first"}, **{KEY: "k1"})
    refused = program.post(task, {"note": "second"}, **{KEY: "k1"})
    assert (refused.status, refused.kind) == (422, "application/problem+json")
    assert Task.objects.get().note == "first"


def test_the_same_key_on_another_route_or_from_another_caller_is_another_request(
    program: Program, open_shop: Kit, still: SetClock
) -> None:
    other = Program(make_api_key("other", ["read", "write"], still.now())[1])
    answers = [
        caller.post(f"/api/strategy/plays/{play}/activate", **{KEY: "k1"})
        for caller in (program, other)
        for play in ("welcome", "thanks")
    ]
    assert [answer.status for answer in answers] == [200] * 4
    assert not any(REPLAYED in answer.headers for answer in answers)
    assert Idempotency.objects.count() == 4


def test_a_refusal_is_not_kept_so_the_mended_request_may_use_its_key(program: Program, open_shop: Kit) -> None:
    path = "/api/campaigns/thanks/activate"
    assert program.post(path, **{KEY: "k1"}).status == 404
    program.post("/api/strategy/plays/thanks/activate")
    assert program.post(path, **{KEY: "k1"}).status == 200


def test_what_fails_half_way_leaves_nothing_done_and_nothing_kept(
    program: Program, open_shop: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = campaign.activate

    def crash(*given: Any) -> None:
        real(*given)
        raise ZeroDivisionError

    monkeypatch.setattr(campaign, "activate", crash)
    path = "/api/strategy/plays/thanks/activate"
    assert program.post(path, **{KEY: "k1"}).status == 500
    assert not Campaign.objects.exists()
    assert not Idempotency.objects.exists()
    monkeypatch.undo()
    assert program.post(path, **{KEY: "k1"}).status == 200


def test_while_the_first_is_under_way_the_second_is_told_so(
    program: Program, open_shop: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = campaign.activate_play, []

    def slow(*given: Any, **more: Any) -> Any:
        if not seen:
            seen.append(None)
            seen.append(program.post("/api/strategy/plays/thanks/activate", **{KEY: "k1"}))
            seen.append(program.post("/api/strategy/plays/thanks/activate", **{KEY: "k2"}))
        return real(*given, **more)

    monkeypatch.setattr(campaign, "activate_play", slow)
    assert program.post("/api/strategy/plays/thanks/activate", **{KEY: "k1"}).status == 200
    assert [answer.status for answer in seen[1:]] == [409, 200]


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
def test_a_key_has_1_to_255_printable_characters(program: Program, task: str, key: str) -> None:
    assert program.post(task, {}, **{KEY: key}).status == 422
    assert Task.objects.get().state == "open"


def test_a_key_without_the_scope_is_told_nothing_of_what_was_answered(
    program: Program, task: str, still: SetClock
) -> None:
    program.post(task, {"note": "x"}, **{KEY: "k1"})
    reader = Program(make_api_key("r", ["read"], still.now())[1])
    assert reader.post(task, {"note": "x"}, **{KEY: "k1"}).status == 403
    assert Program("").post(task, {"note": "x"}, **{KEY: "k1"}).status == 401


def test_answers_are_kept_for_more_than_a_day_and_not_for_ever(program: Program, task: str, still: SetClock) -> None:
    program.post(task, {}, **{KEY: "k1"})
    still.advance(timedelta(hours=25))
    assert program.post(task, {}, **{KEY: "k1"}).headers[REPLAYED] == "true"
    still.advance(once.KEPT)
    program.post(task, {}, **{KEY: "k2"})
    assert list(Idempotency.objects.values_list("key", flat=True)) == ["k2"]


def test_puts_are_idempotent_by_themselves(program: Program, open_shop: Kit) -> None:
    for _ in range(2):
        saved = program.put("/api/segments/all", {"name": "All", "where": "everyone"}, **{KEY: "k1"})
        assert (saved.status, saved.body["version"]) == (200, 1)
