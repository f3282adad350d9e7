"""Messages under way: each has an outcome of its own, whatever the channel does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from dangol.deliver import outcomes
from dangol.deliver.outcomes import Outcome
from dangol.deliver.window import Window


def ends(
    hand_over: Callable[[Sequence[str]], Iterator[Outcome]], messages: Sequence[str], lanes: int
) -> dict[str, str]:
    window: Window[str] = Window(lanes, hand_over)
    window.begin(messages)
    ended = dict(window.ended(patience=None))
    window.close()
    return {message: outcome.state for message, outcome in ended.items()}


@pytest.mark.parametrize("lanes", [1, 3])
def test_only_the_message_that_was_on_its_way_is_in_doubt(lanes: int) -> None:
    begun: list[str] = []

    def breaks(messages: Sequence[str]) -> Iterator[Outcome]:
        for message in messages:
            begun.append(message)
            if message in {"b", "e"}:
                raise ZeroDivisionError
            yield outcomes.accepted("250 ok")

    ended = ends(breaks, list("abcdef"), lanes)
    assert ended == {message: "unknown" if message in "be" else "accepted" for message in "abcdef"}
    assert sorted(begun) == list("abcdef"), "each began once"


def test_a_channel_that_falls_silent_leaves_the_rest_unknown() -> None:
    def silent(messages: Sequence[str]) -> Iterator[Outcome]:
        yield outcomes.accepted("250 ok")

    assert ends(silent, list("abc"), 1) == {"a": "accepted", "b": "unknown", "c": "unknown"}
