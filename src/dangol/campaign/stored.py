"""Facts as the customer file keeps them, found by what rules call them."""

from __future__ import annotations

import msgspec
from django.db.models import Q

from dangol.collect.facts import EVENT_NAMES, Fact
from dangol.profile.models import Fact as Row

KINDS = {name: kind for kind, name in EVENT_NAMES.items()}


def named_rows(event: str) -> Q:
    """Stored facts that rules call so; `matching` has the last word."""
    if event.endswith("*"):
        begins = event[:-1]
        kinds = [kind for name, kind in KINDS.items() if name.startswith(begins)]
        return Q(type="track", name__startswith=begins) | Q(type__in=kinds)
    return Q(type=KINDS[event]) | Q(type="track", name=event) if event in KINDS else Q(type="track", name=event)


def fact_of(row: Row) -> Fact:
    properties, context = (msgspec.json.decode(text) if text else {} for text in (row.properties, row.context))
    return Fact(
        position=row.position, source=row.source, message_id=row.message_id, type=row.type, name=row.name, at=row.at,
        received_at=row.received_at, properties=properties, context=context, imported=row.imported,
    )  # fmt: skip
