"""A campaign as a flow that reads like a text: a sentence for each step, its ways below it, and who is where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid
from dangol.campaign import parsing
from dangol.web.journey import kinds, places, sentences
from dangol.web.journey.fault_words import in_words
from dangol.web.journey.kinds import Kind

Json = Any
SENT, UNDER_WAY, NOT_SENT = ("accepted",), ("planned", "leased", "attempting", "deferred"), ("cancelled", "expired")
EMPTY = ("", '""', "[]", "{}", "nothing")
GROUPS = {"sent": SENT, "under-way": UNDER_WAY, "not-sent": NOT_SENT, "trouble": ("bounced", "failed", "unknown")}


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something to fill in or to mend."""

    open: str  # what is opened for it
    where: str  # in words; empty for the campaign itself
    what: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Who is where at one step."""

    waiting: int = 0  # treated runs that stand at it
    messages: Mapping[str, int] = field(default_factory=dict)  # by group of GROUPS


@dataclass(frozen=True, slots=True)
class Path:
    """One way out of a step, with what stands on it."""

    place: str
    name: str
    label: str  # when it is gone
    nodes: Sequence[Node]
    kept: bool  # the way of all others cannot be taken away


@dataclass(frozen=True, slots=True)
class Node:
    """One step."""

    place: str
    key: str
    kind: Kind
    wait: str  # in words; empty where it does not wait
    title: str
    detail: str
    counts: Counts
    paths: Sequence[Path]
    faults: int

    @property
    def below(self) -> int:
        """Steps on its ways: what goes with it where it is removed."""
        return sum(1 + node.below for path in self.paths for node in path.nodes)

    @property
    def splits(self) -> bool:
        return bool(self.paths)


def faults_of(definition: Json) -> list[Fault]:
    """Everything that is wrong with a definition, each with its place in it."""
    try:
        parsing.parse(definition)
    except Invalid as error:
        return list(error.faults)
    return []


def by_pointer(faults: Sequence[Fault]) -> dict[str, list[str]]:
    """What is to be said at each pointer."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.path, []).append(said(fault))
    return found


def said(fault: Fault) -> str:
    """What is to be done about a fault; what nobody has filled in yet is no mistake."""
    if fault.path == places.TOP and fault.found in EMPTY:
        return _("add a first step")
    if fault.path == "/name":
        return _("give it a name")
    if fault.path.endswith("/templates") and fault.found in EMPTY:
        return _("say something in at least one language")
    return _("still to fill in") if fault.found in EMPTY else in_words(fault.allowed)


def to_do(definition: Json, faults: Sequence[Fault]) -> list[ToDo]:
    """What is to be mended, in the order of the faults, each with where that is as people read it."""
    return [ToDo(opened_for(one.path), _where(definition, one.path), said(one)) for one in faults]


def _where(definition: Json, pointer: str) -> str:
    """The step as a sentence, or the part of the whole."""
    if place := place_of(pointer):
        step = places.find(definition, place)
        return sentences.act(step)[0] if isinstance(step, dict) else pointer
    names = {"@entry": _("Comes in when"), "@goal": _("The goal"), "@exit": _("Left early when")}
    return names.get(opened_for(pointer), "")


def nodes(definition: Json, counts: Mapping[str, Counts], faults: Sequence[Fault]) -> list[Node]:
    """The steps at the top, each with its ways below it."""
    wrong = Counter(place_of(fault.path) for fault in faults)
    return _nodes(definition.get("steps"), places.TOP, counts, wrong)


def _nodes(steps: Json, place: str, counts: Mapping[str, Counts], wrong: Counter[str]) -> list[Node]:
    found = []
    for number, step in enumerate(steps if isinstance(steps, list) else ()):
        here = f"{place}/{number}"
        told = step if isinstance(step, dict) else {}
        paths = [
            Path(
                way.place,
                way.name,
                sentences.way(told, way),
                _nodes(way.steps, way.place, counts, wrong),
                way.branch is None,
            )
            for way in places.ways(told, here)
        ]
        key = str(told.get("key", ""))
        title, detail = sentences.act(told)
        found.append(
            Node(
                here,
                key,
                kinds.kind_of(told),
                sentences.wait(told),
                title,
                detail,
                counts.get(key, Counts()),
                paths,
                wrong[here],
            )
        )
    return found  # fmt: skip


def place_of(pointer: str) -> str:
    """The innermost step that a pointer leads into."""
    words, last = pointer.split("/"), ""
    for number in range(2, len(words)):
        if words[number].isdecimal() and words[number - 1] in ("steps", "otherwise"):
            last = "/".join(words[: number + 1])
    return last


def opened_for(pointer: str) -> str:
    """What has to be open to mend what a pointer leads to: a step, or a part of the whole."""
    if place := place_of(pointer):
        return place
    first = pointer.split("/")[1] if "/" in pointer else ""
    parts = {"entry": "@entry", "include_existing": "@entry", "backfill": "@entry", "goal": "@goal", "exit": "@exit"}
    return parts.get(first, "+/steps@0" if first == "steps" else "@settings")
