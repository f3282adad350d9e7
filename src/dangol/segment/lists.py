"""Lists that people keep by hand: who is put on one or taken off is a fact, so it follows a customer like any other.

In: a list's key, and customers by id or by identifier. Out: `List Changed` facts; the leaf `list` reads the newest.
Promise: an entry that nobody is known by is named and loses nothing else. A list that is removed is gone at once, and
one made anew under its key is empty: facts tell which making of the list they are about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dangol.base.clock import to_us
from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.identity import reads as identity
from dangol.segment import asking, rules
from dangol.segment.active import COMING
from dangol.segment.models import List, Segment
from dangol.segment.referring import named

AT_ONCE = 2_000  # facts written in one turn
MOST = 100_000  # entries of one request
LONGEST = 400  # characters of an entry
LARGEST = 2**63 - 1
_KEY = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a change: how many customers were put on and taken off, and the entries nobody is known by."""

    added: int = 0
    removed: int = 0
    unknown: list[Fault] = field(default_factory=list)  # pointers into the request: /add/3


def everything() -> list[List]:
    """All lists, by key."""
    return list(_kept().order_by("key"))


def _kept() -> QuerySet[List]:
    return List.objects.filter(removed_at=None)


def get(key: str) -> List:
    """One list. Raises NotFound."""
    found = _kept().filter(key=key).first()
    if found is None:
        raise NotFound(f"no list {key}; there are {', '.join(row.key for row in everything()) or 'none'}")
    return found


def save(key: str, name: str, now: datetime) -> List:
    """Make a list or give it another name. Raises Invalid."""
    if not _KEY.fullmatch(key):
        raise Invalid([Fault("/key", repr(key), "1 to 64 of a-z, 0-9 and -")])
    if not name.strip() or len(name) > 200:
        raise Invalid([Fault("/name", repr(name[:80]), "a text of 1 to 200 characters")])
    with turn():
        row = List.objects.filter(key=key).first() or List(key=key, created_at=now)
        if row.removed_at is not None:
            row.created_at, row.removed_at = now, None
        row.name, row.updated_at = name.strip(), now
        row.save()
    return row


def remove(key: str, now: datetime) -> None:
    """A list is gone, and nobody is on it any more. Raises NotFound; Conflict while a segment reads it.

    No fact is written: from now on those that were, or are still on their way, are of a making that nothing reads.
    """
    with turn():
        row, users = get(key), used_by(key)
        if users:
            raise Conflict(f"list {key} is used by {', '.join(users)}; change that first")
        row.removed_at, row.making = now, row.making + 1
        row.save(update_fields=["removed_at", "making"])


def used_by(key: str) -> list[str]:
    """Who reads a list by a segment that is at work or being computed, as people call it."""
    rows = Segment.objects.filter(state__in=("active", *COMING))
    return named(row.stands_for or row.key for row in rows if key in rules.named_in(row.rule, "list"))


def members(key: str, now: datetime) -> list[int]:
    """The customers on a list at an instant, by id. The facts that say so are as new as the loop is far."""
    return sorted(asking.evaluate({"list": key}, now))


def sizes(keys: Collection[str], now: datetime) -> Mapping[str, int]:
    """How many customers are on each of some lists."""
    found = asking.evaluate_all({key: {"list": key} for key in keys}, now) if keys else {}
    return {key: len(customers) for key, customers in found.items()}


def change(key: str, add: Sequence[str], take_off: Sequence[str], now: datetime) -> Changed:
    """Put customers on a list and take others off; a list that is not there yet is made.

    An entry is a customer id or `kind:value`, such as `userId:42` or `email:ann@example.com`. Who stands under both
    is taken off. Raises Invalid for more than MOST entries, Conflict where the list is removed meanwhile.
    """
    if len(add) + len(take_off) > MOST:
        raise Invalid([Fault("/add", f"{len(add) + len(take_off):,} entries", f"at most {MOST:,} in one request")])
    row = _kept().filter(key=key).first() or save(key, key, now)
    known = resolve([*add, *take_off])
    off = {known[entry] for entry in take_off if entry in known}
    on = {known[entry] for entry in add if entry in known} - off
    _write(row, on, now, member=True)
    _write(row, off, now, member=False)
    List.objects.filter(key=key).update(updated_at=now)
    unknown = [
        Fault(f"/{word}/{n}", repr(entry[:80]), "a customer id, or kind:value that leads to a customer")
        for word, entries in (("add", add), ("remove", take_off))
        for n, entry in enumerate(entries)
        if entry not in known
    ]
    return Changed(len(on), len(off), unknown)


def resolve(entries: Iterable[str]) -> dict[str, int]:
    """The customers whom entries name; those that name nobody are missing."""
    numbers: dict[str, int] = {}
    keys: dict[str, tuple[str, str]] = {}
    for entry in entries:
        text = entry.strip()[:LONGEST]
        kind, colon, value = text.partition(":")
        if "\x00" in text:
            continue
        if text.isascii() and text.isdecimal() and int(text) <= LARGEST:
            numbers[entry] = int(text)
        elif colon and kind and value:
            keys[entry] = (kind, value.strip())
    standing, leading = identity.standing_for(set(numbers.values())), identity.leading_to(keys.values())
    found = {entry: standing[number] for entry, number in numbers.items() if number in standing}
    return found | {entry: leading[key] for entry, key in keys.items() if key in leading}


def _write(row: List, customers: Collection[int], now: datetime, *, member: bool) -> None:
    """One fact for each customer, in short turns; the same change at the same instant is written once."""
    ordered = sorted(customers)
    for start in range(0, len(ordered), AT_ONCE):
        with turn():
            if not _kept().filter(pk=row.pk, making=row.making).exists():
                raise Conflict(f"list {row.key} was removed meanwhile")
            collect.emit_all([_fact(row, one, now, member) for one in ordered[start : start + AT_ONCE]])


def told(keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """How a fact that puts a customer on a list or takes them off names it; lists that are not there are missing."""
    rows = _kept().filter(key__in=sorted(set(keys))) if keys else []
    return {row.key: {"list": row.key, "making": row.making} for row in rows}


def _fact(row: List, customer: int, at: datetime, member: bool) -> tuple[str, int, Mapping[str, Any], str, datetime]:
    message_id = f"list:{row.key}:{row.making}:{customer}:{to_us(at)}:{'on' if member else 'off'}"
    return "List Changed", customer, {"list": row.key, "making": row.making, "member": member}, message_id, at
