"""Definitions and decisions, as tables."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dangol.base.errors import Invalid
from dangol.base.shares import share
from dangol.campaign import rules
from dangol.collect.facts import Fact

TABLE = YAML(typ="safe", pure=True).load(Path(__file__).with_name("definitions.yaml"))
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    definition = copy.deepcopy(TABLE["good"])
    for pointer, value in changes.items():
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        place: Any = definition
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if value == "delete":
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return definition


@pytest.mark.parametrize("row", TABLE["rows"], ids=[row["is"] for row in TABLE["rows"]])
def test_definitions(row: dict[str, Any]) -> None:
    definition = changed(row.get("set", {}))
    if row["faults"]:
        with pytest.raises(Invalid) as refused:
            rules.parse(definition, "/definition")
        assert sorted(fault.path for fault in refused.value.faults) == sorted("/definition" + p for p in row["faults"])
        assert all(fault.allowed for fault in refused.value.faults)
    else:
        rules.parse(definition)


@pytest.mark.parametrize("nonsense", [None, 1, "x", [], True])
def test_what_is_no_object_is_refused(nonsense: object) -> None:
    with pytest.raises(Invalid):
        rules.parse(nonsense)


def test_two_steps_of_one_key_are_refused() -> None:
    definition = copy.deepcopy(TABLE["good"])
    definition["steps"] *= 2
    with pytest.raises(Invalid) as refused:
        rules.parse(definition)
    assert [fault.path for fault in refused.value.faults] == ["/steps/1/key"]


SCALARS = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.sampled_from(["entry", "goal", "steps", "holdout_percent", "include_existing"]), JSON)
def test_nothing_but_a_refusal_comes_of_nonsense(key: str, value: object) -> None:
    try:
        rules.parse(TABLE["good"] | {key: value})
    except Invalid as refused:
        assert refused.faults


# --- arms -----------------------------------------------------------------------------------------------------------


def test_the_holdout_is_a_stable_share() -> None:
    arms = [rules.arm("welcome", customer, 10) for customer in range(20_000)]
    held = arms.count("holdout")
    assert 1_800 < held < 2_200
    assert arms == [rules.arm("welcome", customer, 10) for customer in range(20_000)]
    assert {n for n, a in enumerate(arms) if a == "holdout"} == {
        n for n in range(20_000) if share("holdout:welcome", n) < 10
    }
    assert rules.arm("welcome", 1, 0) == "treated"


def test_two_campaigns_hold_out_different_customers() -> None:
    one, other = (
        {n for n in range(20_000) if rules.arm(key, n, 10) == "holdout"} for key in ("welcome", "abandoned-cart")
    )
    assert 120 < len(one & other) < 280, "a tenth of a tenth"


@given(st.integers(1, 10**9), st.floats(0, 90), st.floats(0, 90))
def test_a_larger_holdout_keeps_the_smaller_ones_customers(customer: int, a: float, b: float) -> None:
    small, large = sorted((a, b))
    if rules.arm("x", customer, small) == "holdout":
        assert rules.arm("x", customer, large) == "holdout"


# --- triggers, waits, goals -----------------------------------------------------------------------------------------


def fact(name: str = "Order Completed", at: datetime = NOW, **changes: Any) -> Fact:
    given = {
        "position": 1, "source": "site", "message_id": "m1", "type": "track", "name": name, "at": at, "received_at": at,
    }  # fmt: skip
    return Fact(**(given | changes))


@pytest.mark.parametrize(
    ("told", "trigger"),
    [
        (fact(), "fact:site:m1"),
        (fact(properties={"order_id": "A1"}), "order:site:A1"),
        (fact(properties={"orderId": 77}), "order:site:77"),
        (fact(properties={"order_id": ""}), "fact:site:m1"),
    ],
)
def test_triggers(told: Fact, trigger: str) -> None:
    assert rules.fact_trigger(told) == trigger


def test_long_triggers_stay_apart_and_short() -> None:
    triggers = {rules.fact_trigger(fact(message_id="x" * 300 + str(n))) for n in range(100)}
    assert len(triggers) == 100
    assert max(map(len, triggers)) <= rules.LONGEST_TRIGGER


@pytest.mark.parametrize(
    ("told", "entry", "starts"),
    [
        (fact(), {"fact": "Order Completed"}, True),
        (fact("Order Refunded"), {"fact": "Order Completed"}, False),
        (fact(imported=True), {"fact": "Order Completed"}, False),
        (fact(at=NOW - 29 * DAY), {"fact": "Order Completed"}, True),
        (fact(at=NOW - 31 * DAY), {"fact": "Order Completed"}, False),
        (fact("Home", type="page"), {"fact": "Page Viewed"}, True),
        (fact("Home", type="page"), {"fact": "Home"}, False),
        (fact("", type="identify"), {"fact": "Order Completed"}, False),
        (fact(""), {"segment": "x"}, False),
    ],
)
def test_what_starts_a_run(told: Fact, entry: dict[str, str], starts: bool) -> None:
    assert rules.starts(rules.Entry(**entry), told, NOW) is starts


BY_SEGMENT = rules.parse(TABLE["good"])
BY_ORDER = rules.parse(TABLE["good"] | {"entry": {"fact": "Order Completed"}})


@pytest.mark.parametrize(
    ("definition", "told", "reached"),
    [
        (BY_SEGMENT, fact(at=NOW + HOUR), True),
        (BY_SEGMENT, fact(at=NOW + 90 * DAY), True),
        (BY_SEGMENT, fact(at=NOW), False),  # it may be what let the customer enter
        (BY_SEGMENT, fact(at=NOW - HOUR, received_at=NOW + HOUR), True),
        (BY_SEGMENT, fact(at=NOW - HOUR, received_at=NOW - HOUR), False),
        (BY_SEGMENT, fact(at=NOW - 2 * DAY, received_at=NOW + HOUR), False),
        (BY_SEGMENT, fact(at=NOW - HOUR, received_at=NOW + HOUR, imported=True), False),
        (BY_SEGMENT, fact(at=NOW + HOUR, imported=True), True),
        (BY_SEGMENT, fact("Order Refunded", at=NOW + HOUR), False),
        (BY_SEGMENT, fact(at=NOW + HOUR, message_id="started"), True),
        (BY_ORDER, fact(at=NOW + HOUR, message_id="m2"), True),
        (BY_ORDER, fact(at=NOW + HOUR, message_id="started"), False),
        (BY_ORDER, fact(at=NOW - HOUR, received_at=NOW + HOUR, message_id="m2"), False),
        (rules.parse(TABLE["good"] | {"goal": None}), fact(at=NOW + HOUR), False),
    ],
)
def test_goals(definition: rules.Definition, told: Fact, reached: bool) -> None:
    assert rules.reaches_goal(definition, "fact:site:started", NOW, told) is reached


@pytest.mark.parametrize(
    ("runs", "kept"),
    [
        ([(0, False), (0, False)], 0),
        ([(0, False), (1, False)], 1),
        ([(1, True), (2, False)], 0),
        ([(2, False), (1, True)], 1),
    ],
)
def test_the_run_that_went_further_is_kept(runs: list[tuple[int, bool]], kept: int) -> None:
    assert rules.further(runs) == kept
