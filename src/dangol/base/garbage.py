"""How often a process that works through many objects looks for cycles among them."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """A turn makes many objects and hardly a cycle; looking through all that is imported took a fifth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
