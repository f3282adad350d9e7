"""The form's description of the language says what the parser takes, no more and no less."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dangol.base.errors import Invalid
from dangol.segment import grid, leaves, windows
from dangol.segment.comparisons import DATES, PROPERTY, QUANTITIES, TRAIT
from dangol.segment.parse import read_rule
from dangol.web.builder import vocabulary, words

SEOUL = ZoneInfo("Asia/Seoul")
NEEDED = {  # what a leaf cannot do without, beside its subject
    "trait": {"is": "x"}, "message": {"got": "opened"}, "bucket": {"percent": 50}, "near": {"km": {"at_most": 5}},
    "predicted": {"at_least": 1}, "rfm": {"in": ["loyal"]},
}  # fmt: skip
STARTS: dict[str, Any] = {"sequence": [{"event": "A"}, {"event": "B"}]}


def example(subject: str) -> dict[str, Any]:
    start = vocabulary.LEAVES[subject].subject.start
    return {subject: STARTS.get(subject, "email" if start is None else start), **NEEDED.get(subject, {})}


def taken(subject: str) -> set[str]:
    """The keys that the parser names as allowed beside a subject."""
    with pytest.raises(Invalid) as refused:
        read_rule({**example(subject), "no such key": 1}, SEOUL)
    told = next(fault.allowed for fault in refused.value.faults if fault.path.endswith("/no such key"))
    names = told.removeprefix(f"beside {subject}: ").removeprefix("one of ")
    return {name.strip() for name in names.split(",")} - {subject, "nothing"}


def test_every_leaf_of_the_language_is_a_form() -> None:
    assert set(leaves.LEAVES) <= set(vocabulary.LEAVES)
    assert set(vocabulary.as_json()["leaves"]) == set(leaves.LEAVES)


@pytest.mark.parametrize("subject", leaves.LEAVES)
def test_a_leafs_form_has_the_keys_that_the_parser_takes(subject: str) -> None:
    read_rule(example(subject), SEOUL)
    assert vocabulary.keys_of(vocabulary.LEAVES[subject]) == taken(subject)


def test_measures_windows_and_comparisons_are_the_parsers() -> None:
    assert set(words.MEASURES) - {""} == set(leaves.MEASURES)
    assert set(words.WINDOWS) - {""} == set(windows.WINDOWS)
    assert set(words.COMPARISONS) == set(TRAIT) | set(PROPERTY) | set(DATES) | set(QUANTITIES)
    assert set(words.QUANTITY) == set(QUANTITIES)
    assert set(vocabulary.GOT) == set(leaves.GOT)
    assert set(vocabulary.STATES) == {*leaves.STATES, "none"}
    assert set(vocabulary.CELLS) == set(grid.CELLS)


OPERANDS: dict[str, Any] = {
    "scalar": "x", "scalars": ["x"], "number": 1, "pair": [1, 2], "text": "x", "span": "7d", "moment": "2026-05-01",
    "flag": True, "quantity": {"at_least": 1}, "calendar": "this_month", "anniversary": {"in_next": "7d"},
    "held": {"at_least": "7d"},
    "items": [{"property": "a", "is": 1}],
}  # fmt: skip


@pytest.mark.parametrize("word", TRAIT)
def test_each_comparison_takes_the_kind_of_value_its_editor_makes(word: str) -> None:
    read_rule({"trait": "plan", word: OPERANDS[words.COMPARISONS[word].operand]}, SEOUL)


def test_the_description_is_json_in_both_languages() -> None:
    assert json.loads(json.dumps(vocabulary.as_json())) == vocabulary.as_json()


def test_a_step_of_a_sequence_takes_what_its_form_writes() -> None:
    step = {"event": "B", "where": [{"property": "a", "is": 1}], "within": "1d", "count": 0}
    read_rule({"sequence": [{"event": "A", "where": []}, step]}, SEOUL)
    with pytest.raises(Invalid) as refused:
        read_rule({"sequence": [{"event": "A"}, {**step, "no such key": 1}]}, SEOUL)
    told = refused.value.faults[0].allowed.removeprefix("beside event: ")
    assert {name.strip() for name in told.split(",")} == set(step) - {"event"}
