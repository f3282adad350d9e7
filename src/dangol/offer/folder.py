"""The shop's folder of offers: what its files say and what the shop holds, compared and brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dangol.base import folders
from dangol.base.filed import Filed, Standing
from dangol.offer import offers
from dangol.offer.models import Offer

FOLDER = "offers"


def compare(given: Sequence[Path]) -> list[Filed]:
    """Every offer in some files, and how it stands."""
    return folders.compare(given, _check, _stands, "a mapping with key, name and terms")


def _check(path: Path, shape: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    key = str(shape.get("key", path.stem))
    name, terms = offers.checked(key, {word: value for word, value in shape.items() if word != "key"})
    return key, {"name": name or key, "terms": offers.whole(terms)}


def _stands(key: str, told: Mapping[str, Any]) -> Standing:
    row = Offer.objects.filter(key=key).first()
    return "new" if row is None else folders.standing(told, written(row), row.filed)


def written(row: Offer) -> dict[str, Any]:
    """An offer as files have it, without its key."""
    return {"name": row.name, "terms": row.terms}


def apply(given: Sequence[Path], now: datetime, *, force: bool = False) -> list[Filed]:
    """Save what some files say; the answer says how everything stood before. Raises Conflict where that would change
    what was promised.
    """

    def save(one: Filed) -> None:
        offers.put(one.key, one.shape, now)
        Offer.objects.filter(key=one.key).update(filed=one.shape)

    found = compare(given)
    folders.apply(found, save, force=force)
    return found
