"""How leaves are combined is said twice, in the compiled rule and in columns of booleans: both say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.collect.facts import OWN, Fact
from dangol.segment import ahead, rules
from dangol.segment.engines import Plan
from dangol.segment.groups import SPLIT, Program, grouped, leaves_of, regrouped
from dangol.segment.parse import read_rule
from tests.segment import strategies
from tests.segment.engine import OPT_OUT, rows_of
from tests.segment.reference import Told

SEOUL = ZoneInfo("Asia/Seoul")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    wheres=st.lists(st.one_of(strategies.rules, strategies.timed_rules), min_size=3, max_size=3),
    histories=st.lists(strategies.histories(), min_size=3, max_size=3),
    t=strategies.instants,
)
def test_combining_columns_says_what_the_compiled_rules_say(
    wheres: list[Any], histories: list[tuple[Told, ...]], t: int
) -> None:
    segments = {f"s{n}": where for n, where in enumerate(wheres)}
    segments["none"] = {"none": [{"segment": "s0"}, {"segment": "s1"}]}
    segments["one"] = {"exactly": {"k": 1, "of": [{"segment": key} for key in ("s0", "s1", "s2")]}}
    segments["any"] = {"any": [{"segment": "none"}, {"all": [{"segment": "s2"}, {"segment": "s1", "is": False}]}]}
    told = rules.ordered({key: read_rule(where, SEOUL, OPT_OUT) for key, where in segments.items()})
    leaves = {name: leaf for group in grouped(leaves_of(told.values()), SEOUL) for name, leaf in group.rules.items()}
    alive = np.array([any(told.at <= t for told in facts) for facts in histories])
    compiled = _said(Plan(told, SEOUL), histories, t)
    combined = Program.of(told, list(leaves)).run(_said(Plan(leaves, SEOUL), histories, t), alive)
    assert (combined == compiled).all(), (wheres, combined, compiled)


def _said(plan: Plan, histories: list[tuple[Told, ...]], t: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """A row for each history, a column for each rule of the plan."""
    if not plan.keys:  # a frame without columns has no rows
        return np.zeros((len(histories), 0), dtype=np.bool_)
    customers = {n: (t, min(told.at for told in facts)) for n, facts in enumerate(histories, 1)}
    rows = [row for n, facts in enumerate(histories, 1) for row in rows_of(n, facts)]
    found = plan.on_polars(plan.projector.tables(customers, rows)).sort("customer_id")
    return found.select(f"m{number}" for number in range(len(plan.keys))).to_numpy().astype(bool)


def _orders(least: int) -> Any:
    return read_rule({"event": "Order Completed", "count": {"at_least": least}}, SEOUL, OPT_OUT)


def test_a_new_leaf_leaves_the_groups_that_stand_alone() -> None:
    old = regrouped([], [_orders(least) for least in (1, 2, 3)], SEOUL)
    new = regrouped(old, [_orders(least) for least in (1, 2, 4)], SEOUL)
    assert new[0] is old[0], "two of its three leaves are asked still"
    assert [len(group.rules) for group in new] == [3, 1]
    assert [list(group.rules) for group in regrouped(new, [_orders(4)], SEOUL)] == [list(new[1].rules)]


def test_groups_that_have_become_many_are_put_together_again() -> None:
    groups, counts = regrouped([], [_orders(1)], SEOUL), []
    for most in range(2, SPLIT + 4):
        groups = regrouped(groups, [_orders(least) for least in range(1, most)], SEOUL)
        counts.append(len(groups))
    assert max(counts) == SPLIT + 1
    assert counts[-1] < SPLIT


def _leaf(**where: Any) -> Any:
    return read_rule({"event": "Product Viewed", "where": [{"property": "category", **where}]}, SEOUL, OPT_OUT)


def _view(number: int, category: str, source: str = "site") -> Fact:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    properties = {"category": category}
    return Fact(number, source, f"m{number}", "track", "Product Viewed", at, at, properties=properties)


def test_a_group_says_which_facts_are_its_business() -> None:
    (group,) = regrouped([], [_leaf(**{"is": "cups"}), _leaf(is_not="bowls")], SEOUL)
    assert group.choosy
    facts = [_view(1, "cups"), _view(2, "bowls"), _view(3, "plates"), _view(4, "bowls", OWN)]
    assert group.among(facts) == {0, 2}
    assert group.among([]) == set()


def test_a_group_that_takes_every_fact_of_a_name_or_asks_for_the_time_does_not_choose() -> None:
    every = read_rule({"event": "Product Viewed"}, SEOUL, OPT_OUT)
    assert not any(group.choosy for group in regrouped([], [_leaf(**{"is": "cups"}), every], SEOUL))
    lately = {"event": "Product Viewed", "where": [{"property": "seen", "within": "3d"}]}
    assert not any(group.choosy for group in regrouped([], [read_rule(lately, SEOUL, OPT_OUT)], SEOUL))


def test_a_rule_of_no_leaf_says_so_and_never_turns() -> None:
    for where, held in (({"any": []}, False), ({"all": []}, True)):
        rule = read_rule(where, SEOUL, OPT_OUT)
        said = Plan({"": rule}, SEOUL)
        tables = said.projector.tables({1: (100, 10)}, [])
        assert said.judged(tables).rows() == [(1, held, None)]
        assert ahead.change("", {"": rule}, (1, 10), [], 100, SEOUL) == (None, True)
