"""The shop's folder of campaigns: what its files say and what the shop holds, compared and brought together.

A file never overwrites what somebody changed in the console or over the API since the file was last applied: that is
drift, which is told, and settled by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dangol.base import folders
from dangol.base.documents import read_text
from dangol.base.errors import DangolError, Fault, Invalid
from dangol.base.filed import Filed, Standing
from dangol.base.turns import turn
from dangol.campaign import steps
from dangol.campaign.models import Campaign

FOLDER = "campaigns"


def read_shape(path: Path) -> dict[str, Any]:
    """The one campaign of a file: key (its name where none is said), name and definition. Raises Invalid."""
    shapes = read_text(path.read_text("utf-8"))
    if len(shapes) != 1 or not isinstance(shapes[0], Mapping):
        raise Invalid([Fault("", f"{len(shapes)} documents", "one campaign to a file")])
    shape = dict(shapes[0])
    key = str(shape.pop("key", path.stem))
    name = shape.pop("name", key)
    definition = shape.pop("definition") if "definition" in shape else {w: shape.pop(w) for w in list(shape)}
    if shape:
        raise Invalid([Fault(f"/{word}", str(word), "key, name, definition") for word in shape])
    return {"key": key, "name": name, "definition": definition}


def compare(given: Sequence[Path]) -> list[Filed]:
    """Every campaign in some files, and how it stands."""
    return folders.once_each([_one(path) for path in given])


def _one(path: Path) -> Filed:
    try:
        shape = read_shape(path)
        steps.check(shape["key"], {"name": shape["name"], "definition": shape["definition"]})
    except Invalid as error:
        return Filed(path, path.stem, "refused", {}, tuple(error.faults))
    row = Campaign.objects.filter(key=shape["key"]).first()
    return Filed(path, shape["key"], _standing(row, shape), shape)


def _standing(row: Campaign | None, shape: Mapping[str, Any]) -> Standing:
    if row is None:
        return "new"
    return folders.standing({"name": shape["name"], "definition": shape["definition"]}, written(row), row.filed)


def written(row: Campaign) -> dict[str, Any]:
    """What is compared, and exported beside the key."""
    return {"name": row.name, "definition": row.definition}


def apply(given: Sequence[Path], now: datetime, *, force: bool = False) -> list[Filed]:
    """Save what is new in some files and what was changed in them; what drifted only with `force`. A new one is a
    draft: letting it run is a decision of its own. Nothing is saved where any file has a fault.
    """
    found = compare(given)
    if any(one.standing == "refused" for one in found):
        return found
    return [_save(one, now) if force or one.standing in {"new", "changed", "same"} else one for one in found]


def _save(one: Filed, now: datetime) -> Filed:
    try:
        told = {"name": one.shape["name"], "definition": one.shape["definition"]}
        row = steps.put(one.key, told, now)
        with turn():
            Campaign.objects.filter(pk=row.pk).update(filed=told)
    except Invalid as error:
        return Filed(one.path, one.key, "refused", one.shape, tuple(error.faults))
    except DangolError as error:
        return Filed(one.path, one.key, "refused", one.shape, (Fault("", one.key, str(error)),))
    return one
