"""Where steps stand in a definition, and how they are put in, taken out and moved. Pure: JSON in, new JSON out.

A place is a JSON Pointer into the definition: of a step (`/steps/1`, `/steps/1/split/branches/0/steps/2`) or of a list
of steps (`/steps`, `/steps/1/wait_for/otherwise`). Definitions that hold faults are as good as any here: whoever edits
one has not finished yet.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dangol.web.journey.fields import listed

Json = Any
TOP = "/steps"
BRANCHING = {"split": ("branches", "shares"), "wait_for": ("branches",)}
MOST_DEEP = 6


@dataclass(frozen=True, slots=True)
class Way:
    """A list of steps that leads out of a branching step, or the list at the top."""

    place: str  # of the list
    name: str  # of the way out; empty at the top
    steps: list[Json]
    branch: Json = None  # what the definition says of the way besides its steps


def ways(step: Json, place: str) -> list[Way]:
    """The ways that lead out of the step that stands at `place`."""
    found = []
    for act, words in BRANCHING.items():
        told = step.get(act) if isinstance(step, dict) else None
        if not isinstance(told, dict):
            continue
        for word in words:
            for number, branch in enumerate(listed(told.get(word))):
                if isinstance(branch, dict):
                    name, here = str(branch.get("key", "")), f"{place}/{act}/{word}/{number}/steps"
                    found.append(Way(here, name, listed(branch.get("steps")), branch))
        if "shares" not in told:
            found.append(Way(f"{place}/{act}/otherwise", "otherwise", listed(told.get("otherwise"))))
    return found


def walk(definition: Json) -> Iterator[tuple[str, Json]]:
    """Every step with its place, in the order in which they are read."""
    yield from _below(listed(definition.get("steps")), TOP)


def _below(steps: list[Json], place: str) -> Iterator[tuple[str, Json]]:
    for number, step in enumerate(steps):
        here = f"{place}/{number}"
        yield here, step
        for way in ways(step, here):
            yield from _below(way.steps, way.place)


def lists(definition: Json) -> Iterator[Way]:
    """Every list of steps: the one at the top, and each that leads out of a step."""
    yield Way(TOP, "", listed(definition.get("steps")))
    for place, step in walk(definition):
        yield from ways(step, place)


def find(definition: Json, place: str) -> Json:
    """What stands at a place; None where nothing does."""
    found = definition
    for word in place.split("/")[1:]:
        if isinstance(found, dict) and word in found:
            found = found[word]
        elif isinstance(found, list) and word.isdecimal() and int(word) < len(found):
            found = found[int(word)]
        else:
            return None
    return found


def split_place(place: str) -> tuple[str, int]:
    """The list a step stands in, and its number there."""
    above, _, number = place.rpartition("/")
    return above, int(number) if number.isdecimal() else 0


# --- changes --------------------------------------------------------------------------------------------------------


def put_in(definition: Json, place: str, number: int, step: Json) -> Json:
    """A definition with a step more, in the list at `place`."""
    new = copy.deepcopy(definition)
    into = _made(new, place)
    if into is not None:
        into.insert(max(0, min(number, len(into))), copy.deepcopy(step))
    return new


def take_out(definition: Json, place: str) -> Json:
    """A definition without a step, and without what stands below it."""
    new = copy.deepcopy(definition)
    above, number = split_place(place)
    steps = find(new, above)
    if isinstance(steps, list) and number < len(steps):
        del steps[number]
    return new


def put_instead(definition: Json, place: str, value: Json) -> Json:
    """A definition with something else at a place that is there."""
    new = copy.deepcopy(definition)
    above, _, last = place.rpartition("/")
    holder = find(new, above)
    if isinstance(holder, list) and last.isdecimal() and int(last) < len(holder):
        holder[int(last)] = value
    elif isinstance(holder, dict):
        holder[last] = value
    return new


def carry(definition: Json, place: str, to: str, number: int) -> Json:
    """A definition with a step moved to another place; unchanged where that lies below the step itself."""
    if to == place or to.startswith(place + "/"):
        return definition
    new = copy.deepcopy(definition)
    above, at = split_place(place)
    out, into = find(new, above), _made(new, to)
    if not isinstance(out, list) or at >= len(out) or into is None:
        return definition
    step = out[at]
    out[at] = None  # keeps the others at their numbers until the step has its new place
    into.insert(max(0, min(number, len(into))), step)
    out[:] = [one for one in out if one is not None]
    return new


def shift(definition: Json, place: str, by: int) -> Json:
    """A definition with a step one place up (-1) or down (1); at the end of its list it goes out of its branching."""
    above, number = split_place(place)
    steps = find(definition, above)
    if not isinstance(steps, list):
        return definition
    if 0 <= number + by < len(steps):
        return carry(definition, place, above, number + by if by < 0 else number + 2)
    parent = parent_of(above)
    if not parent:
        return definition
    outer, at = split_place(parent)
    return carry(definition, place, outer, at if by < 0 else at + 1)


def twice(definition: Json, place: str) -> Json:
    """A definition with a copy of a step behind it; the copies have keys of their own."""
    above, number = split_place(place)
    step = copy.deepcopy(find(definition, place))
    if not isinstance(step, dict):
        return definition
    taken = {str(one.get("key")) for _, one in walk(definition) if isinstance(one, dict)}
    for _, one in [("", step), *_below([w for way in ways(step, "") for w in way.steps], "")]:
        if isinstance(one, dict):
            one["key"] = free_key(str(one.get("key") or "step"), taken)
            taken.add(one["key"])
    return put_in(definition, above, number + 1, step)


def parent_of(place: str) -> str:
    """The step out of which the list at a place leads; empty for the top."""
    found = re.match(r"(.*/(?:steps|otherwise)/\d+)/(?:split|wait_for)/", place)
    return found[1] if found else ""


def place_of(definition: Json, key: str) -> str:
    """Where the step of this key stands; empty where there is none."""
    return next((at for at, step in walk(definition) if isinstance(step, dict) and step.get("key") == key), "")


def free_key(wish: str, taken: set[str]) -> str:
    """The wished key, or with the first free number behind it."""
    base = re.sub(r"-\d+$", "", wish)[:58] or "step"
    number = 1
    while (key := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return key


def taken_keys(definition: Json) -> set[str]:
    return {str(step.get("key")) for _, step in walk(definition) if isinstance(step, dict)}


def _made(definition: Json, place: str) -> list[Json] | None:
    """The list at a place; an empty one is made where a way has none yet."""
    found = find(definition, place)
    if isinstance(found, list):
        return found
    above, _, last = place.rpartition("/")
    holder = definition if not above else find(definition, above)
    if not isinstance(holder, dict) or last not in ("steps", "otherwise"):
        return None
    holder[last] = []
    made: list[Json] = holder[last]
    return made
