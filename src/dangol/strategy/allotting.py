"""Which plays fit the shop's limits: the most margin for what is scarce first. Pure, and the same every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """What a play brings and takes in a month."""

    key: str
    brings: float  # margin, or extra orders where no order is known
    takes: Mapping[str, float]  # resource → how much of it


def allot(needs: Sequence[Need], limits: Mapping[str, float]) -> dict[str, str]:
    """For each play the limit that leaves no room for it, or nothing where it fits.

    Plays are taken by what they bring for the largest part of a limit that they take (Dantzig's rule for a knapsack of
    several kinds); what takes nothing scarce comes first, what brings nothing is never taken ("nothing").
    """
    left = dict(limits)
    found: dict[str, str] = {}
    for need in sorted(needs, key=lambda one: (-_density(one, limits), -one.brings, one.key)):
        short = "nothing" if need.brings < 0 else _short(need, left)
        found[need.key] = short
        if not short:
            left = {name: room - need.takes.get(name, 0.0) for name, room in left.items()}
    return found


def _density(need: Need, limits: Mapping[str, float]) -> float:
    parts = [need.takes.get(name, 0.0) / most if most else float("inf") for name, most in limits.items()
             if need.takes.get(name)]  # fmt: skip
    scarce = max(parts, default=0.0)
    return need.brings / scarce if scarce else float("inf")


def _short(need: Need, left: Mapping[str, float]) -> str:
    """The limit of which too little is left; the one that is short by most of what is needed."""
    lacking = {name: need.takes[name] - room for name, room in left.items() if need.takes.get(name, 0.0) > room + 1e-9}
    return max(lacking, key=lambda name: (lacking[name] / need.takes[name], name), default="")
