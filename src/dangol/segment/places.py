"""The leaf `near`: how far from a place somebody was at the newest event that says where they were."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dangol.segment import operands
from dangol.segment.comparisons import quantity
from dangol.segment.language import Condition, Distance, Name, Order, Path, Picked, Rule
from dangol.segment.operands import Reading, below
from dangol.segment.shapes import Shape, only

EARTH_KM = 6371.0088  # mean radius (2a + b) / 3 of GRS 80 (Moritz 2000)
LIMITS = {"lat": 90, "lon": 180}
LOCATION = Path(("location",), "$context")


def near(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """The newest known place lies so far from a point."""
    known = only(reading, pointer, shape, "near", "km")
    point = _point(reading, below(pointer, "near"), shape["near"])
    far = quantity(reading, below(pointer, "km"), shape.get("km"), _kilometres)
    if not known or point is None or far is None:
        return None
    somewhere = Condition(LOCATION, Distance(*point, Order(0, None)))
    return Picked(True, Name("", prefix=True), (somewhere,), (Condition(LOCATION, Distance(*point, far)),))


def _point(reading: Reading, pointer: str, value: Any) -> tuple[float, float] | None:
    if not isinstance(value, Mapping):
        reading.refuse(pointer, value, "{lat: degrees, lon: degrees}")
        return None
    known = only(reading, pointer, value, "near", *LIMITS)
    wrong = [word for word in LIMITS if degrees(value.get(word), LIMITS[word]) is None]
    for word in wrong:
        reading.refuse(below(pointer, word), value.get(word), f"degrees from -{LIMITS[word]} to {LIMITS[word]}")
    return (float(value["lat"]), float(value["lon"])) if known and not wrong else None


def _kilometres(reading: Reading, pointer: str, value: Any) -> float | None:
    if operands.is_number(value) and value >= 0:
        return float(value)
    reading.refuse(pointer, value, "kilometres from 0 on")
    return None


def degrees(value: Any, most: int) -> float | None:
    """Degrees from -most to most; None for anything else."""
    return float(value) if operands.is_number(value) and -most <= value <= most else None


def distance_of(value: Any, lat: float, lon: float) -> float | None:
    """Kilometres from a point to where `{latitude, longitude}` says; None where that says no place.

    The great circle by the haversine formula, to a millimetre.
    """
    if not isinstance(value, Mapping):
        return None
    north, east = degrees(value.get("latitude"), LIMITS["lat"]), degrees(value.get("longitude"), LIMITS["lon"])
    if north is None or east is None:
        return None
    a, b = math.radians(lat), math.radians(north)
    chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(east - lon) / 2) ** 2
    return round(2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord))), 6)
