"""Tasks for staff: one per cause, closed once, merged with their customers."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid, NotFound
from dangol.collect.models import Outgoing
from dangol.converse import steps
from dangol.converse.models import Task
from dangol.identity.rules import Moves

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_the_same_cause_makes_one_task(clock: SetClock) -> None:
    for score in (1, 2):
        steps.open_task(7, "dissatisfied", {"score": score}, "answer:a", clock.now())
    steps.open_task(7, "dissatisfied", {"score": 1}, "answer:b", clock.now())
    assert steps.count_open() == 2
    assert Task.objects.get(key="answer:a").reason == {"score": 1}, "the first word stands"


def test_the_oldest_comes_first_and_a_list_has_an_end(clock: SetClock) -> None:
    for n in range(5):
        steps.open_task(n, "dissatisfied", {}, f"k{n}", clock.now() - n * HOUR)
    assert [task.customer_id for task in steps.open_tasks(3)] == [4, 3, 2]


def test_a_task_is_closed_once_with_the_first_note(clock: SetClock) -> None:
    steps.open_task(7, "dissatisfied", {}, "a", clock.now())
    task = steps.open_tasks()[0]
    steps.done(task.pk, "called back", clock.now())
    again = steps.done(task.pk, "someone else", clock.now() + HOUR)
    assert (again.state, again.note, again.done_at) == ("done", "called back", clock.now())
    assert steps.open_tasks() == []
    steps.open_task(7, "dissatisfied", {}, "a", clock.now())
    assert steps.count_open() == 0, "what was dealt with does not come back"


def test_a_task_that_is_not_there_is_named(db: None, clock: SetClock) -> None:
    with pytest.raises(NotFound, match="41"):
        steps.done(41, "", clock.now())


def test_tasks_follow_a_merge(clock: SetClock) -> None:
    steps.open_task(7, "dissatisfied", {}, "a", clock.now())
    steps.open_task(8, "dissatisfied", {}, "b", clock.now() + HOUR)
    steps.rehome(Moves(homes=[(8, 8, 7)]))
    assert [task.key for task in steps.of_customer(7)] == ["b", "a"]
    assert steps.of_customer(8) == []
    steps.rehome(Moves(homes=[(8, 7, 8)]))
    assert [task.key for task in steps.of_customer(8)] == ["b"]


def test_whoever_takes_a_task_first_looks_after_it(clock: SetClock) -> None:
    steps.open_task(7, "call", {"title": "Ask"}, "a", clock.now())
    task = steps.open_tasks()[0]
    assert steps.take(task.pk, "mina", clock.now()).taken_by == "mina"
    assert steps.take(task.pk, "jun", clock.now()).taken_by == "mina"
    assert steps.put_back(task.pk, "jun").taken_by == "mina"
    assert steps.put_back(task.pk, "mina").taken_by == ""


def test_what_a_campaign_asked_for_is_told_as_a_fact_once(clock: SetClock) -> None:
    steps.open_task(7, "call", {"kind": "call", "title": "Ask", "delivery": 3, "campaign": "care"}, "a", clock.now())
    steps.open_task(7, "dissatisfied", {}, "b", clock.now())
    asked, other = steps.open_tasks()
    for _ in range(2):
        steps.done(asked.pk, "glad", clock.now(), "reached", "mina")
    steps.done(other.pk, "", clock.now())
    (fact,) = [msgspec.json.decode(bytes(row.body)) for row in Outgoing.objects.all()]
    told = fact["properties"]
    assert (fact["event"], told["outcome"], told["note"], told["by"]) == ("Task Done", "reached", "glad", "mina")
    with pytest.raises(Invalid):
        steps.done(asked.pk, "", clock.now(), "hung up")
