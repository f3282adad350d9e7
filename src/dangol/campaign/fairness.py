"""How a turn's room is shared by those who ask for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Source(Protocol):
    """A place where runs come from."""

    waits: bool  # whether there may be more

    def take(self, count: int) -> int:
        """Let about `count` more come; how many did."""


def share_out(sources: Iterable[Source], room: int) -> int:
    """Let each come as far as the others; what some leave goes to the rest. How much of the room was taken."""
    waiting, left = list(sources), room
    while waiting and left > 0:
        share = max(left // len(waiting), 1)
        asked, others = waiting[:left], waiting[left:]
        left -= sum(source.take(share) for source in asked)
        waiting = [*others, *(source for source in asked if source.waits)]
    return room - left
