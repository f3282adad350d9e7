"""A copy of everything about a person.

In: a customer. Out: sections of plain rows, for machines as JSON (here) and for people as a page (web/paper.py).
Promise: whatever a table holds about them is in it (holdings.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from dangol.base.errors import NotFound
from dangol.base.instants import iso
from dangol.base.models import Shop
from dangol.identity import forgetting as everybody
from dangol.identity import steps as identity
from dangol.privacy import audit
from dangol.privacy.audit import Actor
from dangol.privacy.holdings import HOLDINGS, Row

FORMAT = "dangol.person.1"


@dataclass(frozen=True, slots=True)
class Copy:
    """What is handed out."""

    customer_id: int
    made_at: datetime
    shop: str
    sections: Iterable[tuple[str, Iterable[Row]]]


def copy_of(customer_id: int, now: datetime, actor: Actor, reason: str) -> Copy:
    """Everything about a customer; that it was copied is noted. Raises NotFound."""
    current = identity.current(customer_id)
    if current is None:
        raise NotFound(f"no customer has the id {customer_id}")
    audit.note(actor, "export", now, customer=current, reason=reason)
    shop = Shop.objects.values_list("name", flat=True).first() or ""
    return Copy(current, now, shop, _sections(everybody.everybody_in(current)))


def _sections(ids: list[int]) -> Iterator[tuple[str, Iterator[Row]]]:
    for holding in HOLDINGS:
        yield holding.key, holding.told(ids)


def as_json(copy: Copy) -> Iterator[bytes]:
    """The copy as one JSON object, in pieces: a history may be long."""
    about = {"format": FORMAT, "customer": str(copy.customer_id), "made_at": iso(copy.made_at), "shop": copy.shop}
    yield msgspec.json.encode(about)[:-1]
    for key, rows in copy.sections:
        yield b",\n" + msgspec.json.encode(key) + b":["
        for number, row in enumerate(rows):
            yield (b",\n" if number else b"\n") + msgspec.json.encode(row)
        yield b"]"
    yield b"}\n"


def digest(pieces: Iterable[bytes]) -> str:
    """SHA-256 of a copy: the register keeps it as proof of what was handed out."""
    made = hashlib.sha256()
    for piece in pieces:
        made.update(piece)
    return made.hexdigest()
