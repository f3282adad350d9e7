"""One change to a campaign that somebody edits: what was typed is written down first, then the change is made. Pure.

The form carries the whole definition as JSON, so the server keeps nothing and an editor may be left open for a day.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dangol.web.builder.controls import Words
from dangol.web.journey import fields, kinds, letters, opening, places, remaking
from dangol.web.journey.fields import Field, Typed

Json = Any
MOST_BRANCHES = 10


@dataclass(frozen=True, slots=True)
class Edited:
    """A campaign in an editor."""

    name: str
    definition: Json
    open: str = ""  # place of the step, or @word, whose form is open; empty: none is
    focus: str = ""  # id of what shall have the focus then
    said: str = ""  # what was done, in a word: added, moved, removed


def form_of(edited: Edited, known: Mapping[str, Words]) -> tuple[Json, str, Sequence[Field]]:
    """What the open form edits: a copy of the step or of the definition, its place, and the controls."""
    definition = copy.deepcopy(edited.definition)
    if edited.open.startswith("@"):
        given = opening.FIELDS.get(edited.open)
        return definition, "", given(definition, known) if given else ()
    step = places.find(definition, edited.open) if edited.open else None
    return step, edited.open, kinds.fields_of(step, known) if isinstance(step, dict) else ()


def typed(edited: Edited, given: Typed, known: Mapping[str, Words]) -> Edited:
    """With what stands in the open form written down."""
    shape, place, controls = form_of(edited, known)
    if not controls:
        return edited
    before = {one.path: one.reads or fields.get(shape, one.path) for one in controls if one.remakes}
    fields.read(controls, shape, given)
    for path, was in before.items():
        chosen = given(f"f.{path}")
        if chosen is not None and chosen != (was or ""):
            remaking.remake(shape, path, chosen)
    if place:
        letters.tidy(shape)
    return replace(edited, definition=places.put_instead(edited.definition, place, shape) if place else shape)


def change(edited: Edited, what: str, given: Typed, known: Mapping[str, Words]) -> Edited:
    """Make one change; `what` is a word and what it is about, such as `remove:/steps/2`."""
    word, _, about = what.partition(":")
    done = CHANGES.get(word)
    return done(edited, about, given) if done else edited


def _open(edited: Edited, about: str, given: Typed) -> Edited:
    return replace(edited, open="" if about == edited.open else about, focus=f"at-{about}")


def _add(edited: Edited, about: str, given: Typed) -> Edited:
    """`kind@list@number`"""
    kind, _, place = about.partition("@")
    into, _, number = place.rpartition("@")
    if kind not in kinds.BY_KEY or not number.isdecimal():
        return edited
    step = {"key": places.free_key(kind.replace("_", "-"), places.taken_keys(edited.definition))}
    definition = places.put_in(
        edited.definition, into, int(number), step | copy.deepcopy(dict(kinds.BY_KEY[kind].begins))
    )
    at = f"{into}/{number}"
    return replace(edited, definition=definition, open=at, focus=f"at-{at}", said="added")


def _remove(edited: Edited, about: str, given: Typed) -> Edited:
    above, _ = places.split_place(about)
    return replace(
        edited, definition=places.take_out(edited.definition, about), open="", focus=f"add-{above}", said="removed"
    )


def _move(edited: Edited, about: str, given: Typed) -> Edited:
    """`place@list@number`; the step stays open where it was."""
    place, _, to = about.partition("@")
    into, _, number = to.rpartition("@")
    if not number.isdecimal():
        return edited
    return _moved(edited, place, places.carry(edited.definition, place, into, int(number)))


def _shift(by: int) -> Any:
    def shift(edited: Edited, about: str, given: Typed) -> Edited:
        return _moved(edited, about, places.shift(edited.definition, about, by))

    return shift


def _moved(edited: Edited, place: str, definition: Json) -> Edited:
    step = places.find(edited.definition, place)
    key = str(step.get("key", "")) if isinstance(step, dict) else ""
    at, opened = places.place_of(definition, key), _opened(edited, definition)
    return replace(edited, definition=definition, open=opened, focus=f"at-{at}", said="moved")


def _opened(edited: Edited, definition: Json) -> str:
    """Where the open step stands in another definition."""
    step = places.find(edited.definition, edited.open) if edited.open.startswith("/") else None
    return places.place_of(definition, str(step.get("key", ""))) if isinstance(step, dict) else edited.open


def _twice(edited: Edited, about: str, given: Typed) -> Edited:
    above, number = places.split_place(about)
    at = f"{above}/{number + 1}"
    return replace(edited, definition=places.twice(edited.definition, about), open=at, focus=f"at-{at}", said="added")


def _remake(edited: Edited, about: str, given: Typed) -> Edited:
    """Another form was chosen, and has been made as it was written down: the focus stays at the choice."""
    return replace(edited, focus="f-" + about.replace(".", "-"))


def _branch(edited: Edited, about: str, given: Typed) -> Edited:
    """One way out more of a branching step."""
    definition = copy.deepcopy(edited.definition)
    for path, begins in BRANCHES.items():
        branches = fields.get(places.find(definition, about), path)
        if isinstance(branches, list) and len(branches) < MOST_BRANCHES:
            taken = {str(one.get("key")) for one in branches if isinstance(one, dict)}
            branches.append({"key": places.free_key("way", taken)} | copy.deepcopy(begins))
            break
    return replace(edited, definition=definition, open=about, focus=f"at-{about}", said="added")


def _unbranch(edited: Edited, about: str, given: Typed) -> Edited:
    """A way out less, with all that stands on it; `about` is the place of its list of steps."""
    branch, _, _word = about.rpartition("/")
    return replace(edited, definition=places.take_out(edited.definition, branch), focus="", said="removed")


BRANCHES: dict[str, Json] = {
    "wait_for.branches": {"fact": "Order Completed", "steps": []},
    "split.branches": {"rule": {"event": "Order Completed"}, "steps": []},
    "split.shares": {"share": 0, "steps": []},
}
CHANGES = {
    "open": _open, "add": _add, "remove": _remove, "move": _move, "up": _shift(-1), "down": _shift(1),
    "twice": _twice, "remake": _remake, "branch": _branch, "unbranch": _unbranch,
}  # fmt: skip
