"""The shop's folder of offers: what its files say and what the shop holds, compared and brought together.

As with campaigns, a file never overwrites what somebody changed elsewhere since it was last applied.
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
from dangol.offer import offers
from dangol.offer.models import Offer
from dangol.segment import files

FOLDER = "offers"


def compare(given: Sequence[Path]) -> list[Filed]:
    """Every offer in some files, and how it stands. A file that is no YAML is one fault."""
    found: list[Filed] = []
    for path in given:
        try:
            found += [_one(path, shape) for _, shape in files.read_files([path])]
        except Invalid as error:
            found.append(Filed(path, "", "refused", {}, tuple(error.faults)))
    return [_once(one, found) for one in found]


def _one(path: Path, shape: Any) -> Filed:
    if not isinstance(shape, Mapping):
        return Filed(path, "", "refused", {}, (Fault("", type(shape).__name__, "a mapping with key, name and terms"),))
    key = str(shape.get("key", path.stem))
    try:
        name, terms = offers.checked(key, {word: value for word, value in shape.items() if word != "key"})
    except Invalid as error:
        return Filed(path, key, "refused", shape, tuple(error.faults))
    told = {"name": name or key, "terms": offers.whole(terms)}
    return Filed(path, key, _standing(key, told), told)


def _once(one: Filed, found: Sequence[Filed]) -> Filed:
    others = sorted(str(other.path) for other in found if other.key == one.key)
    if one.standing == "refused" or len(others) == 1:
        return one
    return replace(one, standing="refused", faults=(Fault("/key", one.key, f"one of {' and '.join(others)}"),))


def _standing(key: str, told: Mapping[str, Any]) -> Standing:
    row = Offer.objects.filter(key=key).first()
    if row is None:
        return "new"
    stored = written(row)
    if stored == told:
        return "same"
    return "changed" if row.filed == stored else "drift"


def written(row: Offer) -> dict[str, Any]:
    """An offer as files have it, without its key."""
    return {"name": row.name, "terms": row.terms}


def apply(given: Sequence[Path], now: datetime, *, force: bool = False) -> list[Filed]:
    """Save what is new in some files and what was changed in them; what drifted only with `force`.

    Nothing at all is saved where any file has a fault, or would change what was promised (raises Conflict).
    """
    found = compare(given)
    if not any(one.standing == "refused" for one in found):
        with turn():
            for one in found:
                if one.standing != "drift" or force:
                    offers.put(one.key, one.shape, now)
                    Offer.objects.filter(key=one.key).update(filed=one.shape)
    return found
