"""How segments hang together: order, circles, who entered and who left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dangol.base.errors import Fault
from dangol.segment import rules
from dangol.segment.language import Rule
from dangol.segment.parse import read_rule

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
