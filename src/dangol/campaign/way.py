"""The order of a campaign's steps: which comes behind which, and where each stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dangol.campaign.definition import Definition, Step

END = ""  # where a run stands that has all steps behind it


@dataclass(slots=True)
class Way:
    """All steps by key. A step's key stands once in a campaign, so it says where a run is."""

    first: str = END
    steps: dict[str, Step] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)  # key → key of the step that follows when it is done
    into: dict[tuple[str, str], str] = field(default_factory=dict)  # (key, way out) → the step that follows
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)  # key → steps and ways from the top down to it

    def order(self, key: str) -> int:
        """How far from the beginning a step is written; the end comes behind all."""
        return list(self.steps).index(key) if key in self.steps else len(self.steps)

    def moved(self, key: str, to: Way) -> str:
        """Where a run stands on another way: at the step of its key, or at the next behind it that is there."""
        while key != END and key not in to.steps:
            key = self.behind.get(key, END)
        return key


def way_of(definition: Definition) -> Way:
    """The way through a definition."""
    way = Way()
    way.first = _lay(way, definition.steps, END, ())
    return way


def _lay(way: Way, steps: Iterable[Step], then: str, path: tuple[str, ...]) -> str:
    """Enter a list of steps behind which `then` follows; the first of them."""
    listed = list(steps)
    if not listed:
        return then
    keys = [step.key for step in listed]
    for step, behind in zip(listed, [*keys[1:], then], strict=True):
        way.steps[step.key], way.behind[step.key] = step, behind
        way.paths[step.key] = (*path, step.key)
        for name, below in step.ways():
            way.into[step.key, name] = _lay(way, below, behind, (*path, step.key, name))
    return keys[0]
