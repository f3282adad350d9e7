"""How often a server's worker may die before nobody starts it again."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST = 20  # deaths …
WITHIN = 60.0  # … in so many seconds mean that the worker cannot live at all


class Revivals(dict[int, float]):
    """What Granian keeps of its revivals: worker → when it was started again.

    Granian ends the whole server at a worker's second death within 5.5 seconds. A shop goes on: what it took is on
    disk, and its clients send again. So no revival is told as a recent one, unless there are too many.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._times = clock, list[float]()

    def __setitem__(self, worker: int, at: float) -> None:
        self._times = [*self._times[-MOST:], at]
        super().__setitem__(worker, at)

    def get(self, worker: int, default: float = 0.0) -> float:  # type: ignore[override]
        recent = [at for at in self._times if self._clock() - at < WITHIN]
        return recent[-1] if len(recent) > MOST else float("-inf")
