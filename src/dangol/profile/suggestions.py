"""What a shop's facts hold, by name: learnt from a sample, so that it costs the same in a shop of any size.

The sample is the facts of a stable random draw of customers and the newest facts of all; counts are scaled up from the
draw, and exact where everybody was read.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db.models import Max

from dangol.collect.facts import EVENT_NAMES
from dangol.profile.models import Fact, Profile

DRAWN, NEWEST = 1_000, 1_000  # customers of the draw; facts that came in last
ROWS_MOST, ROWS_OF_PART, PART = 8_000, 1_000, 50  # facts of the draw: in all, and of so many customers at once
CONTEXTS_OF_EVENT = 200  # facts of one name whose context is looked into
COLUMNS = ("type", "name", "own", "properties", "context")
KEPT_FOR = 120.0  # seconds that a sample serves
PATHS_MOST, VALUES_MOST, DEEPEST, LONGEST = 400, 60, 4, 80


@dataclass(slots=True)
class Seen:
    """What was seen under one path: how often, its values, and the paths inside the objects of a list."""

    count: int = 0
    values: Counter[str] = field(default_factory=Counter)  # each as JSON: 1, "1" and true are three
    items: Paths | None = None


Paths = dict[str, Seen]


@dataclass(slots=True)
class Sample:
    """What a sample of the shop holds."""

    events: Counter[str] = field(default_factory=Counter)
    own: set[str] = field(default_factory=set)  # events that Dangol writes itself
    properties: dict[str, Paths] = field(default_factory=dict)  # event → its paths
    context: Paths = field(default_factory=dict)
    traits: Paths = field(default_factory=dict)
    scale: float = 1.0  # customers in the shop for each one in the draw

    def paths(self, event: str) -> Paths:
        """The paths of an event, or of all whose name begins so (`Order*`)."""
        if not event.endswith("*"):
            return self.properties.get(event, {})
        found: Paths = {}
        for name, paths in self.properties.items():
            if name.startswith(event[:-1]):
                for path, seen in paths.items():
                    _merge(found.setdefault(path, Seen()), seen)
        return found


def _merge(into: Seen, seen: Seen) -> None:
    into.count += seen.count
    into.values.update(seen.values)
    if seen.items is not None:
        below = into.items if into.items is not None else {}
        into.items = below
        for path, one in seen.items.items():
            _merge(below.setdefault(path, Seen()), one)


_kept: dict[str, tuple[float, Sample]] = {}
_taking = threading.Lock()


def sample() -> Sample:
    """A sample at most two minutes old."""
    with _taking:
        taken = _kept.get("")
        if taken is None or time.monotonic() - taken[0] > KEPT_FOR:
            taken = _kept[""] = (time.monotonic(), take())
        return taken[1]


def forget() -> None:
    """Take a new sample when one is asked for next."""
    _kept.clear()


def take() -> Sample:
    """A sample of the shop as it is now."""
    drawn, found = draw(DRAWN), Sample()
    for profile in Profile.objects.filter(pk__in=drawn):
        for path, value in _flat(profile.traits):
            _note(found.traits, path, value)
    read = _of_customers(drawn, found)
    everybody = Profile.objects.count()
    found.scale = max(everybody / read, 1.0) if read else 1.0
    late = Sample()
    for row in Fact.objects.order_by("-position").values_list(*COLUMNS)[:NEWEST]:
        _note_fact(late, *row)
    _add_missing(found, late)
    return found


def _add_missing(found: Sample, late: Sample) -> None:
    """What only the newest facts hold; what the draw holds as well is counted there."""
    found.own |= late.own
    for name, count in late.events.items():
        if name not in found.events:
            found.events[name] = count
        _add_paths(found.properties.setdefault(name, {}), late.properties.get(name, {}))
    _add_paths(found.context, late.context)


def _add_paths(paths: Paths, late: Paths) -> None:
    for path, seen in late.items():
        if path not in paths:
            paths[path] = seen
            continue
        for value, count in seen.values.items():
            paths[path].values.setdefault(value, count)


def _of_customers(drawn: list[int], found: Sample) -> int:
    """Note the facts of the draw until there are enough; how many customers were read."""
    rows = read = 0
    for start in range(0, len(drawn), PART):
        part = drawn[start : start + PART]
        ordered = Fact.objects.filter(customer_id__in=part).order_by("customer_id", "at", "position")
        told = list(ordered.values_list("customer_id", *COLUMNS)[:ROWS_OF_PART])
        seen = {row[0] for row in told}
        if len(told) == ROWS_OF_PART and len(seen) > 1:  # the last one is cut off: only whole customers are counted
            seen.discard(told[-1][0])
        for customer, *row in told:
            if customer in seen:
                _note_fact(found, *row)
        rows += len(told)
        read += len(seen)
        if rows >= ROWS_MOST:
            break
    return read


def draw(size: int) -> list[int]:
    """A random draw of customers: all of them where there are no more, otherwise the same from one time to the next."""
    if Profile.objects.count() <= size:
        return list(Profile.objects.order_by("customer_id").values_list("customer_id", flat=True))
    last = Profile.objects.aggregate(last=Max("customer_id"))["last"] or 0
    reach = 1 << last.bit_length()  # stands still while a shop grows to twice its size
    found: list[int] = []
    for tried in _tries(reach, size):
        found += Profile.objects.filter(pk__in=tried).values_list("customer_id", flat=True)
        if len(found) >= size:
            break
    return found[:size]


def _tries(reach: int, size: int) -> Iterator[list[int]]:
    """Ids to try, in lots; few of them are missing unless nearly everybody was merged away."""
    drawing = random.Random(1)
    tried: set[int] = set()
    for _ in range(40):
        lot = {drawing.randrange(1, reach) for _ in range(size // 2)} - tried
        tried |= lot
        yield sorted(lot)


def _note_fact(found: Sample, kind: str, name: str, own: bool, properties: str, context: str) -> None:
    if kind not in {"track", "page", "screen"}:
        return
    name = name if kind == "track" else EVENT_NAMES[kind]
    found.events[name] += 1
    if own:
        found.own.add(name)
    paths = found.properties.setdefault(name, {})
    for path, value in _flat(_read(properties)):
        _note(paths, path, value)
    if found.events[name] <= CONTEXTS_OF_EVENT:
        for path, value in _flat(_read(context)):
            _note(found.context, path, value)


def _read(text: str) -> dict[str, Any]:
    told = msgspec.json.decode(text) if text else {}
    return told if isinstance(told, dict) else {}


def _flat(told: dict[str, Any], before: str = "", level: int = 1) -> Iterator[tuple[str, Any]]:
    """Every path of an object with its value; lists are values."""
    for key, value in told.items():
        path = f"{before}.{_key(key)}" if before else _key(key)
        if isinstance(value, dict) and level < DEEPEST:
            yield from _flat(value, path, level + 1)
        else:
            yield path, value


def _key(key: str) -> str:
    """A key as a path writes it."""
    plain = key and not any(mark in key for mark in '."') and not key.startswith("$")
    return key if plain else '"' + key.replace('"', '""') + '"'


def _note(paths: Paths, path: str, value: Any) -> None:
    if path not in paths and len(paths) >= PATHS_MOST:
        return
    seen = paths.setdefault(path, Seen())
    seen.count += 1
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            seen.items = {} if seen.items is None else seen.items
            for inner, told in _flat(one):
                _note(seen.items, inner, told)
        else:
            _note_value(seen.values, one)


def _note_value(values: Counter[str], value: Any) -> None:
    """Keep short values, and of many different ones those that came first."""
    if value in (None, "") or not isinstance(value, str | int | float) or len(str(value)) > LONGEST:
        return
    written = msgspec.json.encode(value).decode()
    if written in values or len(values) < VALUES_MOST:
        values[written] += 1


def ranked(counts: Iterable[tuple[Any, int]], typed: str, most: int) -> list[tuple[Any, int]]:
    """Those that hold what was typed, the frequent first; what begins so stands before what only holds it."""
    text = typed.casefold().strip()
    held = [(one, count) for one, count in counts if text in str(one).casefold()]
    return sorted(held, key=lambda pair: (not str(pair[0]).casefold().startswith(text), -pair[1], str(pair[0])))[:most]
