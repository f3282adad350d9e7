"""Tombstones: by what an erased person is known again, so that nothing brings them back.

In: identifiers of a person who is being erased; facts that arrive. Out: facts without erased persons.
Promise: a tombstone is in the table and in a file of its own, so that a backup of either is mended from the other.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from dangol.base.instants import iso, parse_instant
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.identity.models import Identifier
from dangol.privacy import rules
from dangol.privacy.models import ErasedCustomer, Tombstone, Withheld
from dangol.privacy.rules import Key

FILE = "tombstones.txt"  # hash, kind and instant of each, one a line: keep it when a backup is restored


def hash_of(kind: str, value: str) -> str:
    return rules.tombstone(settings.DANGOL.secret, kind, value)


def bury(keys: Iterable[Key], now: datetime) -> None:
    """Remember these identifiers as those of an erased person."""
    rows = [Tombstone(hash=hash_of(kind, value), kind=kind, at=now) for kind, value in keys]
    Tombstone.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)


def buried(keys: Collection[Key]) -> set[Key]:
    """Those of these identifiers that were an erased person's."""
    hashes = {hash_of(kind, value): (kind, value) for kind, value in keys}
    return {
        hashes[found]
        for part in parts(sorted(hashes))
        for found in Tombstone.objects.filter(hash__in=part).values_list("hash", flat=True)
    }


def withhold(facts: Sequence[Fact]) -> list[Fact]:
    """The facts without those about erased persons, whose places in the log are noted to be emptied."""
    if not facts or not Tombstone.objects.exists():
        return list(facts)
    dead = buried({key for fact in facts for key in rules.keys_of(fact)})
    gone = _gone({fact.customer_id for fact in facts if fact.customer_id})
    kept: list[Fact] = []
    noted: list[Withheld] = []
    for fact in facts:
        left = None if fact.customer_id in gone else rules.without(fact, dead)
        if left is not None:
            kept.append(left)
        else:
            noted.append(Withheld(position=fact.position))
    Withheld.objects.bulk_create(noted, ignore_conflicts=True)
    return kept


def _gone(customer_ids: Collection[int]) -> set[int]:
    return {
        customer
        for part in parts(sorted(customer_ids))
        for customer in ErasedCustomer.objects.filter(pk__in=part).values_list("pk", flat=True)
    }


# --- the file -------------------------------------------------------------------------------------------------------


def mirror(folder: Path) -> int:
    """Write tombstones that the file does not have yet; how many."""
    written = {line.split()[0] for line in _lines(folder)}
    rows = [row for row in Tombstone.objects.order_by("at", "hash") if row.hash not in written]
    if rows:
        with (folder / FILE).open("a", encoding="utf-8") as file:
            file.writelines(f"{row.hash} {row.kind} {iso(row.at)}\n" for row in rows)
            file.flush()
            os.fsync(file.fileno())
    return len(rows)


def unknown(folder: Path) -> list[Tombstone]:
    """Tombstones of the file that the table does not know: the table is an older one, restored."""
    told = [line.split() for line in _lines(folder)]
    known = set(Tombstone.objects.values_list("hash", flat=True))
    return [
        Tombstone(hash=words[0], kind=words[1], at=at)
        for words in told
        if len(words) == 3 and words[0] not in known and (at := parse_instant(words[2]))
    ]


def risen(stones: Sequence[Tombstone]) -> set[int]:
    """Customers who are known by what lies under these tombstones."""
    wanted, kinds = {stone.hash for stone in stones}, {stone.kind for stone in stones}
    rows = Identifier.objects.filter(kind__in=kinds).values_list("kind", "value", "customer_id")
    return {customer for kind, value, customer in rows.iterator() if hash_of(kind, value) in wanted}


def _lines(folder: Path) -> list[str]:
    path = folder / FILE
    return path.read_text("utf-8").splitlines() if path.exists() else []


def lift(kind: str, value: str, folder: Path) -> bool:
    """Let this identifier be met again: its person has come back by an act of their own. Whether it was buried."""
    hashed = hash_of(kind, value.lower() if kind == "email" else value)
    gone = bool(Tombstone.objects.filter(pk=hashed).delete()[0])
    kept = [line for line in _lines(folder) if line.split()[0] != hashed]
    if kept != _lines(folder):
        beside = folder / f"{FILE}.new"
        beside.write_text("".join(f"{line}\n" for line in kept), "utf-8")
        beside.replace(folder / FILE)
        gone = True
    return gone
