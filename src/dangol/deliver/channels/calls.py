"""Calls to a provider's HTTP interface, and what a failed one means for the message."""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from dangol.base.errors import Unavailable
from dangol.base.fetch import Answer, Fetcher, Forbidden, Unreachable, Unreached
from dangol.base.settings import Settings
from dangol.deliver import outcomes
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

log = logging.getLogger("dangol.deliver")

R = TypeVar("R")  # what a provider is sent

SECONDS = 20.0
PATIENCE_MOST = timedelta(hours=6)


class Requests(Protocol):
    """What makes requests: `base.fetch.Fetcher`, or a provider that is only pretended."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"",
        seconds: float = SECONDS,
    ) -> Answer: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """A message as it goes to a provider."""

    url: str
    headers: Mapping[str, str]
    content: bytes


class Single(ABC, Generic[R]):
    """Hands over one message a request.

    The request is made first: what is wrong with a message shows then, when nothing of it has left, and fails it. Only
    a fault after that leaves its end unknown.
    """

    local = False

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        """How handing this one over ended. Raises what went wrong while it was on its way."""
        try:
            made = self._written(delivery, message)
        except Exception as error:
            log.exception("delivery %s cannot be put into a request", delivery.pk)
            return outcomes.failed(outcomes.fault(error))
        return made if isinstance(made, Outcome) else self._sent(delivery, message, made)

    @abstractmethod
    def _written(self, delivery: Delivery, message: Message) -> R | Outcome:
        """What is to be sent, or why nothing is. Sends nothing."""

    @abstractmethod
    def _sent(self, delivery: Delivery, message: Message, made: R) -> Outcome:
        """Send it; how that ended."""


class Laned(Single[R]):
    """The same on several lanes at once: requests share nothing and touch no table."""

    lanes = 8
    paced = False

    def hand_over_many(self, messages: Sequence[tuple[Delivery, Message]]) -> Iterator[Outcome]:
        """One outcome for each message, in their order."""
        for delivery, message in messages:
            yield self.hand_over(delivery, message)


class Asked(Laned[Request]):
    """A provider that can be asked what it holds: a message whose answer was lost is looked for, and does not go again
    unless the provider says that it has none such.
    """

    def _sent(self, delivery: Delivery, message: Message, made: Request) -> Outcome:
        if delivery.unconfirmed:
            try:
                held = self._held(delivery, message)
            except Unavailable as error:
                return outcomes.deferred(f"nobody knows how the attempt before ended: {error}")
            if held is not None:
                return held
        outcome = self._posted(made)
        return self._looked_for(delivery, message, outcome) if outcome.state == "unknown" else outcome

    def _looked_for(self, delivery: Delivery, message: Message, lost: Outcome) -> Outcome:
        try:
            return self._held(delivery, message) or lost
        except Unavailable:
            return lost

    @abstractmethod
    def _posted(self, made: Request) -> Outcome:
        """Send it; how that ended."""

    @abstractmethod
    def _held(self, delivery: Delivery, message: Message) -> Outcome | None:
        """What became of the message, by the provider's own list; None where it has none such. Raises Unavailable."""


def listed(requests: Requests, url: str, headers: Mapping[str, str], name: str) -> list[Mapping[str, Any]]:
    """The objects under `name` of a provider's list, whether it is one or goes by keys. Raises Unavailable."""
    answer = requests.request("GET", url, headers=headers, seconds=SECONDS)
    found = body_of(answer).get(name)
    if answer.status != 200 or not isinstance(found, list | dict):
        raise Unavailable(f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}")
    return [one for one in (found.values() if isinstance(found, dict) else found) if isinstance(one, dict)]


def fetcher(settings: Settings, reads: int | None = None) -> Requests:
    """Requests that go to the internet, and to hosts of our own that are meant; of an answer `reads` bytes matter."""
    return Fetcher({host.strip().lower() for host in settings.private_hosts.split(",")}, reads=reads)


def post(requests: Requests, made: Request, *, again: bool = False) -> Answer | Outcome:
    """The provider's answer, or how the hand-over ended without one.

    `again`: the other side knows a message by its id, so that a call whose answer was lost may be made again.
    """
    try:
        return requests.request("POST", made.url, headers=made.headers, content=made.content, seconds=SECONDS)
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
