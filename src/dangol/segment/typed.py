"""Columns of typed values, made of raw ones: how each kind reads a value, a whole column at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, tzinfo
from typing import Any

import msgspec
import re2  # type: ignore[import-untyped]

from dangol.segment import values
from dangol.segment.language import Path
from dangol.segment.needs import Kind
from dangol.segment.places import distance_of

EXACT = 2**53  # whole numbers below it are doubles as they stand
Reader = Callable[[Sequence[Any], Sequence[int]], list[Any]]  # values and the t of each, to what the column holds
Pick = Callable[[Sequence[str]], dict[str, list[Any]]]  # JSON objects, '' for an empty one → values by key


def reader(kind: Kind, zone: tzinfo, path: Path) -> Reader:
    """How a column of this kind reads values; a column of one of SPANNING holds pairs."""
    own_zone = UTC if path.root == "$timestamp" else zone

    def instant(value: Any) -> int | None:
        return None if value is None else values.instant_of(value, own_zone)

    if kind.word == "anniversary":
        before, behind = map(int, kind.detail.split("/"))
        return lambda found, ts: [
            None if value is None else values.anniversary(instant(value), t, before, behind, zone)
            for value, t in zip(found, ts, strict=True)
        ]
    if kind.word == "calendar":
        unit, back = kind.detail.split("/")
        return lambda found, _: [values.calendar(instant(value), unit, int(back), zone) for value in found]
    if kind.word == "matches":
        search = re2.compile(kind.detail).search
        return lambda found, _: [type(v) is str and v != "" and search(v) is not None for v in found]
    if kind.word == "distance":
        lat, lon = map(float, kind.detail.split("/"))
        return lambda found, _: [distance_of(value, lat, lon) for value in found]
    if kind.word == "text":
        return lambda found, _: [v if type(v) is str and v else None for v in found]
    if kind.word == "exists":
        return lambda found, _: [v is not None and v != "" for v in found]
    simple: dict[str, Callable[[Any], Any]] = {
        "number": _number,
        "boolean": values.boolean_of,
        "instant": instant,
        "length": values.length_of,
        "items": values.item_keys,
        "key": values.key_of,
    }
    read = simple[kind.word]
    return lambda found, _: [read(value) for value in found]


def _number(value: Any) -> float | None:
    """As values.number_of says; the usual kinds are answered without asking."""
    if value is None:
        return None
    if type(value) is int and -EXACT < value < EXACT:
        return float(value)
    return values.number_of(value)


def picker(keys: Collection[str], missing: Any = None) -> Pick:
    """Reads these top-level keys of many JSON objects at once, and skips the others; `missing` where one is not there.

    Lists are as long as the texts. Keys that a struct cannot have are looked for in whole objects.
    """
    wanted = sorted(keys)
    try:
        shape = msgspec.defstruct(
            "Asked",
            [(f"f{n}", Any, missing) for n in range(len(wanted))],
            rename={f"f{n}": key for n, key in enumerate(wanted)},
            gc=False,
        )
        decode = msgspec.json.Decoder(list[shape]).decode  # type: ignore[valid-type]
    except ValueError:
        return lambda texts: _whole(texts, wanted, missing)

    def pick(texts: Sequence[str]) -> dict[str, list[Any]]:
        found = decode(_one_text(texts))
        return {key: [getattr(one, f"f{n}") for one in found] for n, key in enumerate(wanted)}

    return pick


def _whole(texts: Sequence[str], keys: Sequence[str], missing: Any) -> dict[str, list[Any]]:
    found = msgspec.json.decode(_one_text(texts))
    return {key: [one.get(key, missing) for one in found] for key in keys}


def _one_text(texts: Sequence[str]) -> str:
    return f"[{','.join([text or '{}' for text in texts])}]"
