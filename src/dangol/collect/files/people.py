"""Rows of an export of customers → what each is like, and what they agreed to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dangol.base.instants import iso
from dangol.collect.files.shape import Told, Unusable, clean, consents, identify, instant, who_of
from dangol.collect.files.values import Reader

TRAITS = {
    "name": "name", "first_name": "firstName", "last_name": "lastName", "language": "language",
    "birthday": "birthday",
}  # fmt: skip
ADDRESS = {"city": "city", "country": "country"}


@dataclass(frozen=True, slots=True)
class Terms:
    """How this import reads customers."""

    read: Mapping[str, Reader]
    now: datetime
    latest: datetime
    told_by: Mapping[str, str]
    consent_source: str = ""


def facts(row: Mapping[str, str], others: Sequence[tuple[str, str]], terms: Terms) -> list[Told]:
    """One identify, and a `Consent Changed` for each consent the row answers. Raises Unusable.

    `others` are the columns that are no field: they become traits under their own names. The facts are dated when the
    row says it was changed, else when the customer was made, so that they do not outrank what was learnt here since;
    a row without either is dated now.
    """
    who = who_of(row)
    if not who.key:
        raise Unusable("no customer")
    created, updated, agreed = (
        instant(row, name, terms.read[name], terms.latest) if name in terms.read else None
        for name in ("created_time", "updated_time", "consent_time")
    )
    at = updated or created or terms.now
    return [
        identify(who, at, _traits(row, others, created)),
        *consents(row, who, agreed or created or updated or terms.now, terms.told_by, terms.consent_source),
    ]


def _traits(row: Mapping[str, str], others: Sequence[tuple[str, str]], created: datetime | None) -> dict[str, Any]:
    traits: dict[str, Any] = {name: clean(text) for name, text in others}
    traits |= {key: clean(row.get(name, "")) for name, key in TRAITS.items()}
    traits["address"] = {key: clean(row[name]) for name, key in ADDRESS.items() if row.get(name)}
    if created:
        traits["createdAt"] = iso(created)
    return traits
