"""Steps put in, taken out and carried: nothing is lost on the way, whatever is done in whatever order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.web.journey import places

DEFINITION: dict[str, Any] = {
    "entry": {"segment": "newcomers"},
    "steps": [
        {"key": "a", "wait": "1d"},
        {
            "key": "b",
            "split": {
                "branches": [{"key": "yes", "rule": {"event": "X"}, "steps": [{"key": "c", "exit": True}]}],
                "otherwise": [{"key": "d", "wait": "2d"}, {"key": "e", "wait": "3d"}],
            },
        },
        {"key": "f", "wait_for": {"branches": [{"key": "bought", "fact": "Order Completed"}], "within": "3d"}},
    ],
}
OTHERWISE = "/steps/1/split/otherwise"


def keys(definition: Any) -> list[str]:
    return [step["key"] for _, step in places.walk(definition)]


def test_steps_are_walked_as_they_are_read() -> None:
    assert keys(DEFINITION) == ["a", "b", "c", "d", "e", "f"]
    assert [way.place for way in places.lists(DEFINITION)] == [
        "/steps",
        "/steps/1/split/branches/0/steps",
        OTHERWISE,
        "/steps/2/wait_for/branches/0/steps",
        "/steps/2/wait_for/otherwise",
    ]


@pytest.mark.parametrize(
    ("place", "by", "order"),
    [
        ("/steps/0", 1, "bcdeaf"),
        ("/steps/2", -1, "afbcde"),
        ("/steps/0", -1, "abcdef"),  # the first of all stays
        (f"{OTHERWISE}/0", 1, "abcedf"),
        (f"{OTHERWISE}/0", -1, "adbcef"),  # out of the branching, before it
        (f"{OTHERWISE}/1", 1, "abcdef"),  # out of it, behind it
    ],
)
def test_a_step_goes_up_and_down(place: str, by: int, order: str) -> None:
    assert "".join(keys(places.shift(DEFINITION, place, by))) == order


def test_a_step_is_carried_into_a_way_that_was_empty() -> None:
    moved = places.carry(DEFINITION, "/steps/0", "/steps/2/wait_for/branches/0/steps", 0)
    assert places.place_of(moved, "a") == "/steps/1/wait_for/branches/0/steps/0"
    assert keys(DEFINITION)[0] == "a", "what was given is as it was"


def test_a_step_is_not_carried_below_itself() -> None:
    assert places.carry(DEFINITION, "/steps/1", OTHERWISE, 0) == DEFINITION


def test_a_copy_has_keys_of_its_own() -> None:
    doubled = places.twice(DEFINITION, "/steps/1")
    assert keys(doubled) == ["a", "b", "c", "d", "e", "b-2", "c-2", "d-2", "e-2", "f"]


def test_what_is_taken_out_is_gone_with_all_below_it() -> None:
    assert keys(places.take_out(DEFINITION, "/steps/1")) == ["a", "f"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_carrying_loses_nothing_and_doubles_nothing(data: st.DataObject) -> None:
    definition: Any = DEFINITION
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.sampled_from([at for at, _ in places.walk(definition)]))
        into = data.draw(st.sampled_from(list(places.lists(definition))))
        key = places.find(definition, place)["key"]
        number = data.draw(st.integers(0, len(into.steps)))
        definition = places.carry(definition, place, into.place, number)
        assert Counter(keys(definition)) == Counter("abcdef")
        assert places.find(definition, places.place_of(definition, key))["key"] == key
