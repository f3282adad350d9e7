"""How segments hang together: order, circles, who entered and who left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dangol.base.errors import Fault
from dangol.segment import rules
from dangol.segment.language import Rule
from dangol.segment.parse import read_rule
from dangol.segment.rules import Change

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(**wheres: Any) -> dict[str, Rule]:
    return {key: read_rule(where, UTC) for key, where in wheres.items()}


CHAIN = read(
    a={"all": [{"segment": "b"}, {"event": "A"}]}, b={"none": [{"segment": "c"}]}, c={"event": "C"}, d="everyone"
)


def test_a_segment_stands_behind_those_it_refers_to() -> None:
    assert list(rules.ordered(CHAIN)) == ["c", "b", "a", "d"]
    assert list(rules.with_references(["b"], CHAIN)) == ["c", "b"]


def test_who_refers_to_a_segment() -> None:
    assert rules.references(CHAIN["a"]) == {"b"}
    assert rules.referring("c", CHAIN) == {"a", "b"}
    assert rules.referring("d", CHAIN) == set()


def test_references_that_are_not_there_or_lead_back_are_faults() -> None:
    rule = read_rule({"any": [{"segment": "a"}, {"segment": "x"}, {"segment": "c"}]}, UTC)
    assert rules.reference_faults("b", rule, {key: CHAIN[key] for key in "acd"}) == [
        Fault("/where/any/0/segment", "a", "a segment that does not refer back to b"),
        Fault("/where/any/1/segment", "x", "the key of an active segment"),
    ]


def test_crossings_are_what_is_different_now() -> None:
    later = NOON.replace(hour=13)
    found = rules.crossings(
        {1: {"a", "b"}, 2: {"a"}}, {1: {"b", "c"}, 2: {"a"}, 3: {"a"}}, {1: later, 2: NOON, 3: NOON}, {3}
    )
    assert found == [
        Change(3, "a", True, NOON, imported=True),
        Change(1, "a", False, later),
        Change(1, "c", True, later),
    ]
