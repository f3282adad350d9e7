"""The shop's folder of topics: what its files say and what the shop holds, compared and brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dangol.base import folders
from dangol.base.filed import Filed, Standing
from dangol.profile.models import Topic
from dangol.profile.topics import check, written
from dangol.segment import steps, topics

FOLDER = "topics"


def compare(given: Sequence[Path]) -> list[Filed]:
    """Every topic in some files, and how it stands."""
    return folders.compare(given, _check, _stands, "a mapping with key, name and kind")


def _check(path: Path, shape: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    key = str(shape.get("key", ""))
    return key, check(key, {word: value for word, value in shape.items() if word != "key"})


def _stands(key: str, told: Mapping[str, Any]) -> Standing:
    row = Topic.objects.filter(key=key).first()
    if row is None:
        return "new"
    return folders.standing(told, written(row), row.filed) if row.archived_at is None else "drift"


def apply(given: Sequence[Path], now: datetime, *, force: bool = False) -> list[Filed]:
    """Save what some files say; the answer says how everything stood before."""

    def save(one: Filed) -> None:
        topics.save(one.key, one.shape, now, filed=one.shape, wait=False)

    found = compare(given)
    if folders.apply(found, save, force=force):
        steps.settle(None, now)
    return found
