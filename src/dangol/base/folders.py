"""A shop's folder of one kind of thing: what its files say and what the shop holds, compared and brought together.

A file never overwrites what somebody changed in the console or over the API since the file was last applied: that is
drift, which is told, and settled by a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dangol.base.documents import read_files
from dangol.base.errors import Fault, Invalid
from dangol.base.filed import Filed, Standing
from dangol.base.turns import turn

Check = Callable[[Path, Mapping[str, Any]], tuple[str, Mapping[str, Any]]]  # of a shape: its key and what it says
Stands = Callable[[str, Mapping[str, Any]], Standing]


def compare(given: Sequence[Path], check: Check, stands: Stands, allowed: str) -> list[Filed]:
    """Everything in some files, each shape read by itself, and how it stands. A file that is no YAML is one fault.

    `check` raises Invalid; `allowed` says what a shape is.
    """
    found: list[Filed] = []
    for path in given:
        try:
            found += [_one(path, shape, check, stands, allowed) for _, shape in read_files([path])]
        except Invalid as error:
            found.append(Filed(path, "", "refused", {}, tuple(error.faults)))
    return once_each(found)


def _one(path: Path, shape: Any, check: Check, stands: Stands, allowed: str) -> Filed:
    if not isinstance(shape, Mapping):
        return Filed(path, "", "refused", {}, (Fault("", type(shape).__name__, allowed),))
    try:
        key, told = check(path, shape)
    except Invalid as error:
        return Filed(path, str(shape.get("key", "")), "refused", shape, tuple(error.faults))
    return Filed(path, key, stands(key, told), told)


def once_each(found: Sequence[Filed]) -> list[Filed]:
    """The same, but what stands twice under one key is refused in both places."""
    return [_once(one, found) for one in found]


def _once(one: Filed, found: Sequence[Filed]) -> Filed:
    others = sorted(str(other.path) for other in found if other.key == one.key)
    if one.standing == "refused" or len(others) == 1:
        return one
    return replace(one, standing="refused", faults=(Fault("/key", one.key, f"one of {' and '.join(others)}"),))


def standing(told: Mapping[str, Any], stored: Mapping[str, Any], applied: Any) -> Standing:
    """How what a file says stands to what is stored and to what was applied last; None: nothing ever was."""
    if stored == told:
        return "same"
    return "changed" if applied == stored else "drift"


def apply(found: Sequence[Filed], save: Callable[[Filed], None], *, force: bool) -> bool:
    """Save what is new and what was changed in the files, in one turn; what drifted only with `force`. Nothing at all
    is saved where any has a fault: then the answer is no.
    """
    if any(one.standing == "refused" for one in found):
        return False
    with turn():
        for one in found:
            if one.standing != "drift" or force:
                save(one)
    return True
