"""Who beside segments stands on a segment or a topic: stages further on say how they are asked when they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from dangol.segment.rules import is_hidden

What = Literal["segment", "topic"]
Asker = Callable[[What, str], list[str]]  # what, and its key → who stands on it, as people call it: "campaign welcome"

SOMEBODY = "a campaign"  # where none of them says so any more: one that was changed, and is followed to its end

_askers: list[Asker] = []


def ask(asker: Asker) -> None:
    """Ask it too before a segment is archived or made a draft, or a topic archived."""
    if asker not in _askers:
        _askers.append(asker)


def referring(what: What, key: str) -> list[str]:
    """All who stand on a segment or a topic."""
    return sorted(name for asker in _askers for name in asker(what, key))


def named(keys: Iterable[str]) -> list[str]:
    """Segments as people call them: their keys; of each that only campaigns know, the campaigns."""
    found: set[str] = set()
    for key in set(keys):
        found |= set(referring("segment", key) or [SOMEBODY]) if is_hidden(key) else {key}
    return sorted(found)
