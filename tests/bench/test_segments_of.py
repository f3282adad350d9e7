"""The segments that the benches run: segments that the house accepts."""

from datetime import UTC

from dangol.bench.segments_of import hundred
from dangol.segment import rules
from dangol.segment.parse import read_segment


def test_each_of_the_hundred_is_accepted_and_refers_to_earlier_ones() -> None:
    known: dict[str, object] = {}
    for key, where in hundred().items():
        rule = read_segment({"key": key, "where": where}, UTC).rule
        assert rules.reference_faults(key, rule, known) == []  # type: ignore[arg-type]
        known[key] = rule
    assert len(known) == 100
