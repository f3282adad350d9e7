"""What DuckDB cannot say of a JSON value exactly as the rules mean it: said in Python, value by value, and remembered.

The projection in columnar.py says plain values in SQL and asks these functions only for the others: escaped texts,
local times, anniversaries, places, RE2, items of lists, odd numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any

import msgspec
import re2  # type: ignore[import-untyped]

from dangol.base.clock import from_us
from dangol.base.instants import iso
from dangol.segment import values
from dangol.segment.places import distance_of

REMEMBERED = 50_000  # values for each function
decode = msgspec.json.Decoder().decode
Function = tuple[Callable[..., Any], list[str], str]  # what it does, the types it takes, the type it gives


def functions(zone: tzinfo) -> dict[str, Function]:
    """The functions of one shop by the names SQL knows them by; each takes JSON text, or null for no value."""
    simple: dict[str, tuple[Callable[[Any], Any], str]] = {
        "text": (values.text_of, "VARCHAR"),
        "number": (values.number_of, "DOUBLE"),
        "key": (values.key_of, "VARCHAR"),
        "items": (values.item_keys, "VARCHAR[]"),
        "instant": (lambda value: values.instant_of(value, zone), "BIGINT"),
        "instant_utc": (lambda value: values.instant_of(value, UTC), "BIGINT"),
    }
    found: dict[str, Function] = {
        f"said_{word}": (_of_json(read), ["VARCHAR"], to) for word, (read, to) in simple.items()
    }
    found["said_path"] = (lru_cache(REMEMBERED)(_at_path), ["VARCHAR", "VARCHAR"], "VARCHAR")
    found["said_same"] = (lru_cache(REMEMBERED)(_same), ["VARCHAR", "VARCHAR"], "INTEGER")
    found["said_time"] = (lambda at: msgspec.json.encode(iso(from_us(at))).decode(), ["BIGINT"], "VARCHAR")
    return found


def search(pattern: str) -> Function:
    """Whether RE2 finds a pattern in a text."""
    find = re2.compile(pattern).search
    return lru_cache(REMEMBERED)(lambda text: text is not None and find(text) is not None), ["VARCHAR"], "BOOLEAN"


def distance(detail: str) -> Function:
    """Kilometres from a point to the place that a JSON object says."""
    lat, lon = map(float, detail.split("/"))
    far = lru_cache(REMEMBERED)(lambda raw: None if raw is None else distance_of(decode(raw), lat, lon))
    return far, ["VARCHAR"], "DOUBLE"


def anniversary(detail: str, t: int, zone: tzinfo, end: int) -> Function:
    """Where the days around the next anniversary of an instant begin (`end` 0) or are over (1)."""
    before, behind = map(int, detail.split("/"))

    def span(instant: int | None) -> int | None:
        found = values.anniversary(instant, t, before, behind, zone)
        return found[end] if found else None

    return lru_cache(REMEMBERED)(span), ["BIGINT"], "BIGINT"


def calendar(detail: str, zone: tzinfo, end: int) -> Function:
    """From when on an instant lies in the present day, week … or an earlier one (`end` 0), or no longer (1)."""
    unit, back = detail.split("/")

    def span(instant: int | None) -> int | None:
        found = values.calendar(instant, unit, int(back), zone)
        return found[end] if found else None

    return lru_cache(REMEMBERED)(span), ["BIGINT"], "BIGINT"


def _of_json(read: Callable[[Any], Any]) -> Callable[[str | None], Any]:
    return lru_cache(REMEMBERED)(lambda raw: None if raw is None else read(decode(raw)))


def _at_path(raw: str | None, keys: str) -> str | None:
    """JSON of the value that keys lead to, null where they lead nowhere; `keys` a JSON list."""
    if raw is None:
        return None
    value, path = decode(raw), decode(keys)
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return msgspec.json.encode(value).decode()


def _same(one: str | None, other: str | None) -> int:
    """2 where two values are alike in everything, 1 where `is` calls them equal, 0 elsewhere."""
    first, second = (None if raw is None else decode(raw) for raw in (one, other))
    if not values.same(first, second):
        return 0
    return 2 if type(first) is type(second) and first == second else 1
