"""The shop's folder of segments: what its files say and what the shop holds, compared and brought together.

A file never overwrites what somebody changed in the console or over the API since the file was last applied: that is
drift, which is told, and settled by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from dangol.base.documents import read_files
from dangol.base.errors import Conflict, Fault, Invalid
from dangol.base.filed import Filed, Standing, paths
from dangol.base.turns import turn
from dangol.profile.topics import opt_out
from dangol.segment import asking, rules, steps
from dangol.segment.active import makings, zone
from dangol.segment.language import Rule
from dangol.segment.models import Segment
from dangol.segment.parse import read_segment

FOLDER = "segments"


def compare(given: Sequence[Path], around: Mapping[str, Rule] = asking.NONE_BESIDE) -> list[Filed]:
    """Every segment in some files and how it stands; where none is refused, those that others refer to come first.

    Segments may refer to each other across files before any of them is saved, and to those `around` them. A file that
    is no YAML is one fault.
    """
    shapes: list[tuple[Path, Any]] = []
    broken: list[Filed] = []
    for path in given:
        try:
            shapes += read_files([path])
        except Invalid as error:
            broken.append(Filed(path, "", "refused", {}, tuple(error.faults)))
    beside = {**around, **_rules(shapes)}
    told = broken + [_one(path, shape, beside, shapes) for path, shape in shapes]
    if any(one.standing == "refused" for one in told):
        return told
    order = list(rules.ordered(steps.known() | beside))
    return sorted(told, key=lambda one: order.index(one.key))


def preview(given: Sequence[Path], at: datetime) -> tuple[list[Filed], dict[str, list[int]]]:
    """Every segment in some files, and by key the customers it holds for at an instant, where none is refused.

    The segments may refer to any other in the files' folders, saved or not: what a file says goes before what is saved.
    """
    around = neighbours(given)
    found = compare(given, around)
    if any(one.standing == "refused" for one in found):
        return found, {}
    beside = {**around, **_rules([(one.path, one.shape) for one in found])}
    return found, asking.evaluate_all({one.key: one.shape["where"] for one in found}, at, beside)


def neighbours(given: Sequence[Path]) -> dict[str, Rule]:
    """The rules of all files beside some, but for those that cannot be read, or refer to what is not there or back."""
    shapes: list[tuple[Path, Any]] = []
    for path in sorted({other for one in given for other in paths(one.resolve().parent)}):
        with suppress(Invalid, OSError, UnicodeDecodeError):
            shapes += read_files([path])
    found, saved = _rules(shapes), steps.known()
    while lost := {
        key for key, rule in found.items() if rules.reference_faults(key, rule, _others(key, saved | found))
    }:
        found = {key: rule for key, rule in found.items() if key not in lost}
    return found


def _others(key: str, known: Mapping[str, Rule]) -> dict[str, Rule]:
    return {other: rule for other, rule in known.items() if other != key}


def _rules(shapes: Sequence[tuple[Path, Any]]) -> dict[str, Any]:
    """The rules of the files that can be read, by key."""
    found, here, silent, makes = {}, zone(), opt_out(), makings()
    for _, shape in shapes:
        try:
            told = read_segment(steps.bare(shape), here, None, silent, makes)
        except Invalid:
            continue
        found[told.key] = told.rule
    return found


def _one(path: Path, shape: Any, beside: Mapping[str, Any], shapes: Sequence[tuple[Path, Any]]) -> Filed:
    key = str(shape.get("key", "")) if isinstance(shape, Mapping) else ""
    try:
        told = steps.check(shape, beside=_others(key, beside))
        twice = [str(other) for other, one in shapes if isinstance(one, Mapping) and one.get("key") == key]
        if len(twice) > 1:
            raise Invalid([Fault("/key", key, f"one of {' and '.join(sorted(twice))}")])
    except Invalid as error:
        return Filed(path, key, "refused", shape if isinstance(shape, Mapping) else {}, tuple(error.faults))
    return Filed(path, told.key, _standing(told.key, written(told.name, told.where, shape.get("state"))), shape)


def written(name: str, where: Any, state: str | None = None) -> dict[str, Any]:
    """What is compared: the name, the rule, and the state where it is said to be a draft."""
    return {"name": name, "where": where, **({"state": "draft"} if state == "draft" else {})}


def _standing(key: str, told: Mapping[str, Any]) -> Standing:
    row = Segment.objects.filter(stands_for=key).first() or Segment.objects.filter(key=key).first()
    if row is None:
        return "new"
    stored = written(row.name, row.rule, row.state)
    if row.state != "archived" and stored == told:
        return "same"
    if row.filed is not None and row.filed == stored and row.state != "archived":
        return "changed"
    return "drift"


def apply(given: Sequence[Path], now: datetime, *, force: bool = False) -> list[Filed]:
    """Save what is new in some files and what was changed in them; what drifted only with `force`.

    Nothing at all is saved where any file has a fault. The answer says how everything stood before.
    """
    found = compare(given)
    if any(one.standing == "refused" for one in found):
        return found
    refused: dict[str, Fault] = {}
    with suppress(_NotWhole), turn():
        for one in found:
            if one.standing in {"new", "changed", "same"} or force:
                try:
                    _save(one, now)
                except Conflict as error:
                    refused[one.key] = Fault("/state", str(one.shape.get("state")), str(error))
        if refused:
            raise _NotWhole
    steps.settle(None, now)
    return [_refused(one, refused[one.key]) if one.key in refused else one for one in found]


class _NotWhole(Exception):
    """What was saved of the files is taken back."""


def _refused(one: Filed, fault: Fault) -> Filed:
    return Filed(one.path, one.key, "refused", one.shape, (fault,))


def _save(one: Filed, now: datetime) -> None:
    state = one.shape.get("state")
    filed = written(one.shape.get("name", one.key), one.shape["where"], state)
    steps.save(one.key, {**one.shape, "state": state or "active"}, now, filed=filed, wait=False)
