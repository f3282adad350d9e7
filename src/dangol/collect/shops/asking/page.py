"""One page of a shop's answer, and what can go wrong on the way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dangol.base.errors import DangolError
from dangol.base.fetch import Answer
from dangol.collect import rules
from dangol.collect.dialects.told import BadBody

PAGE_BYTES = 32 * 1024 * 1024  # 250 orders with all their lines
PAGE_SECONDS = 30.0
LONGEST_WAIT = 3_600.0


class AskAgain(DangolError):
    """The shop has had enough of us for a while."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"asked too often; again in {seconds:g} seconds")


class NotUnderstood(DangolError):
    """The shop refuses or says something that is no answer."""


class NotThere(NotUnderstood):
    """Nothing is where we asked: a place in a list that has grown old, or no such shop."""


@dataclass(frozen=True, slots=True)
class Page:
    """Things of the shop, each with the topic that a webhook about it would have."""

    things: Sequence[tuple[str, Any]]
    next: str = ""  # where the following page is; empty at the end
    newest: datetime | None = None  # the newest change among them


Fetch = Callable[[str, str, Mapping[str, str], bytes], Answer]  # method, address, headers, body


class Ask(Protocol):
    """What a platform's API is asked for."""

    @property
    def resources(self) -> Sequence[str]: ...

    @property
    def dated(self) -> bool:
        """Whether what it tells says when it was changed."""
        ...

    def page(self, resource: str, since: datetime, place: str) -> Page:
        """The page at `place` (empty: the first) of what changed since. Raises AskAgain, NotUnderstood, Unreachable."""
        ...

    def one(self, reason: str) -> Sequence[tuple[str, Any]]:
        """What a webhook only hinted at."""
        ...


def json_of(answer: Answer) -> Any:
    """The value of an answer that is one. Raises AskAgain, NotUnderstood."""
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        raise AskAgain(_seconds(answer.headers.get("retry-after", "")))
    if answer.status in {401, 403}:
        raise NotUnderstood(f"the shop refuses what we were given to ask with (status {answer.status})")
    if answer.status in {400, 404, 410, 422}:
        raise NotThere(f"the shop answers with status {answer.status}")
    if answer.status != 200:
        raise NotUnderstood(f"the shop answers with status {answer.status}")
    try:
        return rules.decode(answer.body)
    except BadBody as error:
        raise NotUnderstood("the shop answers with something that is no JSON") from error


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 1.0), LONGEST_WAIT)
    except ValueError:
        return 30.0
