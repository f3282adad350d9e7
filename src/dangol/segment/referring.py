"""Who beside segments stands on a segment: stages further on say how they are asked when they are loaded."""

from __future__ import annotations

from collections.abc import Callable

Asker = Callable[[str], list[str]]  # a segment's key → who stands on it, as people call it: "campaign welcome"

_askers: list[Asker] = []


def ask(asker: Asker) -> None:
    """Ask it too before a segment is archived or made a draft."""
    if asker not in _askers:
        _askers.append(asker)


def referring(key: str) -> list[str]:
    """All who stand on a segment."""
    return sorted(name for asker in _askers for name in asker(key))
