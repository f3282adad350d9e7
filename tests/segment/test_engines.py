"""One meaning: Polars, DuckDB and the reference evaluator agree on random rules, histories and instants."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.segment import strategies
from tests.segment.engine import OPT_OUT, judge, plan_of
from tests.segment.reference import Asked, Told, holds

ZONES = [ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York"), ZoneInfo("UTC")]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(
    wheres=st.lists(strategies.rules, min_size=4, max_size=4),
    histories=st.lists(strategies.histories(), min_size=2, max_size=4),
    instants=st.lists(strategies.instants, min_size=3, max_size=6),
    zone=st.sampled_from(ZONES),
)
def test_engines_and_reference_agree(
    wheres: list[Any], histories: list[tuple[Told, ...]], instants: list[int], zone: ZoneInfo
) -> None:
    segments: dict[str, Any] = {f"s{n}": where for n, where in enumerate(wheres)}
    segments["referring"] = {"any": [{"segment": "s0"}, {"all": [{"segment": "s1", "is": False}, wheres[2]]}]}
    plan = plan_of(segments, zone)
    near = [
        t for facts in histories for f in facts[:2] for t in (f.at, f.at + strategies.DAY, f.at + strategies.DAY + 1)
    ]
    asked = [(facts, t) for facts in histories for t in [*instants, *near]]
    for number, ((facts, t), found) in enumerate(zip(asked, judge(plan, asked), strict=True), 1):
        for key, where in segments.items():
            right = holds(where, Asked(facts, t, number, zone, segments, OPT_OUT))
            assert found[key][0] == right, (where, facts, t)


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(
    wheres=st.lists(strategies.timed_rules, min_size=4, max_size=4),
    facts=strategies.histories(),
    zone=st.sampled_from(ZONES),
)
def test_membership_never_changes_before_the_next_flip(
    wheres: list[Any], facts: tuple[Told, ...], zone: ZoneInfo
) -> None:
    plan = plan_of({f"s{n}": where for n, where in enumerate(wheres)}, zone)
    marks = strategies.turning_points(facts, [])
    told = judge(plan, [(facts, t) for t in marks], "polars")
    for key in plan.keys:
        for n, t in enumerate(marks[:-1]):
            member, flip = told[n][key]
            assert flip is None or flip > t
            if told[n + 1][key][0] != member:
                assert flip is not None and flip <= marks[n + 1], (wheres[int(key[1:])], facts, t, marks[n + 1], flip)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(wheres=st.lists(strategies.sequences, min_size=3, max_size=3), facts=strategies.busy())
def test_sequences_from_flip_to_flip_are_what_they_are_at_every_instant(
    wheres: list[Any], facts: tuple[Told, ...]
) -> None:
    plan = plan_of({f"s{n}": where for n, where in enumerate(wheres)}, ZONES[0])
    spans = [0, 1000, strategies.HOUR, strategies.DAY, 2 * strategies.DAY, 3 * strategies.DAY, 7 * strategies.DAY]
    marks = sorted({f.at + span + near for f in facts for span in spans for near in (-1, 0, 1, 999, 1000, 1001)})
    told = judge(plan, [(facts, t) for t in marks])
    for n, t in enumerate(marks):
        for key, where in zip(plan.keys, wheres, strict=True):
            member, flip = told[n][key]
            assert member == holds(where, Asked(facts, t, 1, ZONES[0])), (where, facts, t)
            if n + 1 < len(marks) and told[n + 1][key][0] != member:
                assert flip is not None and t < flip <= marks[n + 1], (where, facts, t, marks[n + 1], flip)


@pytest.mark.slow
@settings(max_examples=600, deadline=None, suppress_health_check=SLOW)
@given(
    wheres=st.lists(strategies.rules, min_size=4, max_size=4),
    histories=st.lists(strategies.histories(), min_size=2, max_size=4),
    instants=st.lists(strategies.instants, min_size=3, max_size=6),
    zone=st.sampled_from(ZONES),
)
def test_engines_and_reference_agree_for_long(
    wheres: list[Any], histories: list[tuple[Told, ...]], instants: list[int], zone: ZoneInfo
) -> None:
    test_engines_and_reference_agree.hypothesis.inner_test(wheres, histories, instants, zone)  # type: ignore[attr-defined]


def test_a_sum_is_rounded_by_true_division_however_many_customers_there_are() -> None:
    """Polars divides a column of more than one row by a constant by way of its reciprocal: 0.1 was not 0.1."""
    plan = plan_of({"tenth": {"event": "A", "sum": {"of": "p", "is": 0.1}}}, ZONES[2])
    told = [(Told(1, 1, "track", "A", False, {"p": value}),) for value in (0.1, 0.2, 1e300)]
    found = judge(plan, [(facts, 10) for facts in told])
    assert [one["tenth"][0] for one in found] == [True, False, False]
