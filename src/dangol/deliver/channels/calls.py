"""Calls to a provider's HTTP interface, and what a failed one means for the message."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from dangol.base.fetch import Answer, Fetcher, Forbidden, Unreachable, Unreached
from dangol.base.settings import Settings
from dangol.deliver import outcomes
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

SECONDS = 20.0
PATIENCE_MOST = timedelta(hours=6)


class Requests(Protocol):
    """What makes requests: `base.fetch.Fetcher`, or a provider that is only pretended."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"",
        seconds: float = SECONDS,
    ) -> Answer: ...  # fmt: skip


class Laned(ABC):
    """Hands over one message a request, on several lanes at once: requests share nothing and touch no table."""

    local = False
    lanes = 8

    @abstractmethod
    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        """How handing this one over ended."""

    def hand_over_many(self, messages: Sequence[tuple[Delivery, Message]]) -> Iterator[Outcome]:
        """One outcome for each message, in their order."""
        for delivery, message in messages:
            yield self.hand_over(delivery, message)


def fetcher(settings: Settings) -> Requests:
    """Requests that go to the internet, and to hosts of our own that are meant."""
    return Fetcher({host.strip().lower() for host in settings.private_hosts.split(",")})


def call(
    requests: Requests, method: str, url: str, headers: Mapping[str, str], content: bytes, *, again: bool = False
) -> Answer | Outcome:
    """The provider's answer, or how the hand-over ended without one.

    `again`: the other side knows a message by its id, so that a call whose answer was lost may be made again.
    """
    try:
        return requests.request(method, url, headers=headers, content=content, seconds=SECONDS)
    except Unreached as error:
        return outcomes.deferred(f"connect: {error}")
    except Forbidden as error:
        return outcomes.failed(str(error))
    except Unreachable as error:
        return outcomes.deferred(str(error)) if again else outcomes.unknown(str(error))


def refused(answer: Answer, said: str, *, again: bool = False) -> Outcome:
    """What a status other than success means where the provider says no more than that.

    Refused credentials are the shop's to mend, so the message waits; a fault of the provider's in the middle of its
    work leaves open whether the message is on its way.
    """
    told = f"{answer.status} {said}".strip()
    if answer.status in {401, 403, 429, 503}:
        return outcomes.deferred(told, patience(answer))
    if answer.status >= 500:
        return outcomes.deferred(told, patience(answer)) if again else outcomes.unknown(told)
    return outcomes.failed(told)


def patience(answer: Answer) -> timedelta | None:
    """How long the provider asks to be left alone, where it says so in seconds."""
    given = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(given)), PATIENCE_MOST) if given.isdecimal() and len(given) < 8 else None


def body_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
