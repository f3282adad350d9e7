"""How far a sequence came: the chain that is shown holds exactly when the rule does."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dangol.segment import language
from dangol.segment.parse import read_rule
from dangol.segment.progress import Place, places
from tests.segment import strategies
from tests.segment.reference import Asked, Told, in_calendar, named
from tests.segment.reference import conditions as conditions_hold
from tests.segment.reference import sequence as holds

HOUR = 3_600_000_000
S = strategies.START


def told(where: dict[str, Any], facts: tuple[Told, ...], t: int) -> list[Place]:
    leaf = read_rule(where, UTC)
    assert isinstance(leaf, language.Leaf)
    assert isinstance(leaf.rule, language.Sequence)
    asked = Asked(facts, t, 1, UTC, {})
    events = {
        place: sorted(f.at for f in named(step["event"], asked) if conditions_hold(step.get("where", []), f, asked))
        for place, step in enumerate(where["sequence"])
    }
    if "calendar" in where:  # a condition of the first step, as the compiled rule has it
        events[0] = [at for at in events[0] if in_calendar(where["calendar"], at, t, UTC)]
    return places(leaf.rule, events, t)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(where=strategies.sequences, facts=strategies.busy())
def test_all_steps_are_met_exactly_when_the_rule_holds(where: dict[str, Any], facts: tuple[Told, ...]) -> None:
    for t in {fact.at + wait for fact in facts for wait in (0, 1000, HOUR, HOUR + 1000, 24 * HOUR + 1000)}:
        found = told(where, facts, t)
        assert len(found) == len(where["sequence"])
        whole = all(one.state in {"met", "absent"} for one in found)
        assert whole == holds(where, Asked(facts, t, 1, UTC, {})), (t, found)


def facts(*told: tuple[str, float]) -> tuple[Told, ...]:
    return tuple(Told(S + int(hours * HOUR), n, "track", name) for n, (name, hours) in enumerate(told))


CART = {"sequence": [{"event": "Added"}, {"event": "Ordered", "count": 0, "within": "1h"}]}
CALM = {"sequence": [{"event": "Seen"}, {"event": "Left", "count": 0}, {"event": "Added", "within": "2h"}]}


@pytest.mark.parametrize(
    ("where", "happened", "hours", "states"),
    [
        (CART, [], 1, "missing unreached"),
        (CART, [("Added", 0)], 0.5, "met@0 waiting"),
        (CART, [("Added", 0)], 2, "met@0 absent"),
        (CART, [("Added", 0), ("Ordered", 0.5)], 2, "met@0 broken@0.5"),
        (CART, [("Added", 0), ("Ordered", 0.5), ("Added", 0.7)], 2, "met@0.7 absent"),
        (CART, [("Added", 0), ("Added", 1.8)], 2, "met@0 absent"),
        (CALM, [("Seen", 0)], 2, "met@0 absent missing"),
        (CALM, [("Seen", 0), ("Added", 3)], 4, "met@0 absent missing"),
        (CALM, [("Seen", 0), ("Left", 1), ("Added", 2)], 4, "met@0 broken@1 unreached"),
        (CALM, [("Seen", 0), ("Left", 1), ("Seen", 1.5), ("Added", 2)], 4, "met@1.5 absent met@2"),
    ],
)
def test_how_far_it_came(where: dict[str, Any], happened: list[tuple[str, float]], hours: float, states: str) -> None:
    found = told(where, facts(*happened), S + int(hours * HOUR))
    said = [one.state + (f"@{(one.at - S) / HOUR:g}" if one.at is not None else "") for one in found]
    assert " ".join(said) == states
