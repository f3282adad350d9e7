"""Messages that are under way on a channel: many at a time, on several connections, and none out of sight.

At most MOST messages of a worker are under way: so many end unknown when the machine dies at that moment. How many
they are follows the other side's speed: about what it takes in half a second, so that a campaign that is paused hands
nothing over a second later, and a slow server leaves few in doubt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Generic, TypeVar

from dangol.deliver import outcomes
from dangol.deliver.outcomes import Outcome

log = logging.getLogger("dangol.deliver")

MOST = 50  # messages of one worker that may be under way
QUICK, SLOW = 0.2, 0.5  # seconds for all that are under way: below more are taken next time, above fewer
SILENT = "the channel did not say how it ended"
STALL = 5.0  # seconds until those that do not end are left to themselves, and others go on beside them

T = TypeVar("T")  # a message that may leave


class Window(Generic[T]):
    """A channel's lanes: each takes some messages, one after the other, and says how each ended."""

    def __init__(self, lanes: int, hand_over: Callable[[Sequence[T]], Iterator[Outcome]]) -> None:
        self.size = self._lanes = lanes  # how many messages are taken next
        self._hand_over = hand_over
        self._flights: dict[Future[list[Outcome]], Sequence[T]] = {}
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="handing-over")
        self._since = 0.0

    def under_way(self) -> int:
        """How many messages left and are not landed."""
        return sum(len(messages) for messages in self._flights.values())

    def room(self) -> int:
        """How many more may leave once those are landed that have ended."""
        late = [messages for flight, messages in self._flights.items() if not flight.done()]
        return min(self.size, MOST - sum(map(len, late))) if len(late) < self._lanes else 0

    def begin(self, messages: Sequence[T]) -> None:
        """Let these leave, in equal parts over the lanes that are free."""
        self._since = time.monotonic()
        free = max(self._lanes - len(self._flights), 1)
        for start in range(min(free, len(messages))):
            part = messages[start::free]
            self._flights[self._pool.submit(self._handed_over, part)] = part

    def ended(self, patience: float | None = STALL) -> list[tuple[T, Outcome]]:
        """How those ended that have; waits so many seconds for the others. They stay under way until they landed."""
        late = wait(self._flights, timeout=patience).not_done if self._flights else set()
        self._follow(time.monotonic() - self._since, stalled=bool(late))
        return [
            pair
            for flight, messages in self._flights.items()
            if flight not in late
            for pair in zip(messages, flight.result(), strict=True)
        ]

    def landed(self, ended: Sequence[tuple[T, Outcome]]) -> None:
        """What `ended` told is written down."""
        told = {id(message) for message, _ in ended}
        self._flights = {f: messages for f, messages in self._flights.items() if id(messages[0]) not in told}

    def close(self) -> None:
        """Wait for all that are under way."""
        self._pool.shutdown()

    def _follow(self, seconds: float, *, stalled: bool) -> None:
        if stalled or seconds > SLOW:
            self.size = max(self.size // 2, 1)
        elif seconds < QUICK:
            self.size = min(self.size * 2, MOST)

    def _handed_over(self, messages: Sequence[T]) -> list[Outcome]:
        """A fault of our own concerns the message that was on its way: what the other side has got of that one nobody
        can say. Those behind it had not begun, so they go on.
        """
        found: list[Outcome] = []
        while len(found) < len(messages):
            try:
                found.extend(islice(self._hand_over(messages[len(found) :]), len(messages) - len(found)))
                break
            except Exception as error:
                log.exception("handing one of %d messages over failed", len(messages))
                found.append(outcomes.unknown(outcomes.fault(error)))
        return found + [outcomes.unknown(SILENT)] * (len(messages) - len(found))
