"""Rules as text: what goes out comes back, and a fault is found on its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.base.errors import Fault, Invalid
from dangol.web.writing import as_yaml, placed, read_one

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=20))


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)


SHAPES = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_size=4,
)


@given(SHAPES)
def test_what_is_written_reads_back_the_same(shape: dict[str, object]) -> None:
    if shape:
        assert read_one(as_yaml(shape)) == shape


def test_words_that_older_yaml_takes_for_something_else_stay_words() -> None:
    shape = {"where": {"trait": "on", "is": "no"}, "since": "2026-05-01", "version": "1.10", "empty": ""}
    assert read_one(as_yaml(shape)) == shape


def test_the_order_in_which_it_was_written_stays() -> None:
    assert list(read_one(as_yaml({"key": 1, "name": 2, "a": 3}))) == ["key", "name", "a"]


TEXT = """key: x
name: X
where:
  all:
    - event: Order Completed
      count: {at_least: -1}
    - {trait: a/b, is: 1}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [("", 1), ("/key", 1), ("/where", 3), ("/where/all/0", 5), ("/where/all/0/count/at_least", 6), ("/where/all/1", 7),
     ("/where/all/0/within", 5), ("/where/all/9", 4), ("/nothing/there", 1)],
)  # fmt: skip
def test_a_fault_is_found_on_its_line(path: str, line: int) -> None:
    assert placed(TEXT, [Fault(path, "x", "y")])[0].line == line


def test_json_has_lines_too() -> None:
    assert placed('{\n "key": "x",\n "where": 1\n}', [Fault("/where", "1", "a rule")])[0].line == 3


def test_text_that_cannot_be_read_points_at_its_trouble() -> None:
    text = "key: x\nname: [\n"
    with pytest.raises(Invalid) as error:
        read_one(text)
    assert placed(text, error.value.faults)[0].line in {2, 3}
