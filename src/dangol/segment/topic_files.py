"""The shop's folder of topics: what its files say and what the shop holds, compared and brought together.

As with segments, a file never overwrites what somebody changed elsewhere since it was last applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dangol.base.errors import Fault, Invalid
from dangol.base.filed import Filed, Standing
from dangol.base.turns import turn
from dangol.profile.models import Topic
from dangol.profile.topics import check, written
from dangol.segment import files, steps, topics

FOLDER = "topics"


def compare(given: Sequence[Path]) -> list[Filed]:
    """Every topic in some files, and how it stands. A file that is no YAML is one fault."""
    found: list[Filed] = []
    for path in given:
        try:
            found += [_one(path, shape) for _, shape in files.read_files([path])]
        except Invalid as error:
            found.append(Filed(path, "", "refused", {}, tuple(error.faults)))
    return [_once(one, found) for one in found]


def _one(path: Path, shape: Any) -> Filed:
    if not isinstance(shape, Mapping):
        return Filed(path, "", "refused", {}, (Fault("", type(shape).__name__, "a mapping with key, name and kind"),))
    key = str(shape.get("key", ""))
    try:
        told = check(key, {word: value for word, value in shape.items() if word != "key"})
    except Invalid as error:
        return Filed(path, key, "refused", shape, tuple(error.faults))
    return Filed(path, key, _standing(key, told), told)


def _once(one: Filed, found: Sequence[Filed]) -> Filed:
    others = sorted(str(other.path) for other in found if other.key == one.key)
    if one.standing == "refused" or len(others) == 1:
        return one
    return replace(one, standing="refused", faults=(Fault("/key", one.key, f"one of {' and '.join(others)}"),))


def _standing(key: str, told: Mapping[str, Any]) -> Standing:
    row = Topic.objects.filter(key=key).first()
    if row is None:
        return "new"
    stored = written(row)
    if row.archived_at is None and stored == told:
        return "same"
    return "changed" if row.archived_at is None and row.filed == stored else "drift"


def apply(given: Sequence[Path], now: datetime, *, force: bool = False) -> list[Filed]:
    """Save what is new in some files and what was changed in them; what drifted only with `force`.

    Nothing at all is saved where any file has a fault. The answer says how everything stood before.
    """
    found = compare(given)
    if not any(one.standing == "refused" for one in found):
        with turn():
            for one in found:
                if one.standing != "drift" or force:
                    topics.save(one.key, one.shape, now, filed=one.shape, wait=False)
        steps.settle(None, now)
    return found
