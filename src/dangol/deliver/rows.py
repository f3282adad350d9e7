"""Writes deliveries that changed back to the ledger, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from dangol.deliver.models import Delivery

BEGUN = (
    "state", "leased_until", "attempts", "attempted_at", "address", "subject", "language", "decision",
    "cost", "currency",
)  # fmt: skip
ENDED = (
    "state",
    "due_at",
    "lease",
    "leased_until",
    "unconfirmed",
    "finished_at",
    "outcome",
    "reference",
    "cost",
    "currency",
)
CHANGING = tuple(dict.fromkeys((*BEGUN, *ENDED)))

# By hand: the ORM's own bulk update builds one CASE per row and column and took two thirds of a worker's time.
UPDATE = "UPDATE deliver_delivery SET {columns} WHERE id = %s"
LINK = """INSERT INTO deliver_link (delivery_id, "index", url) VALUES (%s, %s, %s)
    ON CONFLICT (delivery_id, "index") DO UPDATE SET url = excluded.url"""


def save(deliveries: Sequence[Delivery], names: tuple[str, ...] = CHANGING) -> None:
    """Write these columns: all that a worker may change, those of a beginning or those of an end. The caller holds
    the rows.
    """
    if not deliveries:
        return
    statement, fields = _update(names)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] + [row.pk]
        for row in deliveries
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


@lru_cache
def _update(names: tuple[str, ...]) -> tuple[str, list[Any]]:
    by_name = {field.name: field for field in Delivery._meta.concrete_fields}
    return UPDATE.format(columns=", ".join(f"{name} = %s" for name in names)), [by_name[name] for name in names]


def keep_links(links: Sequence[tuple[int, int, str]]) -> None:
    """Write the targets of counted links: (delivery, index, address)."""
    if links:
        with connection.cursor() as cursor:
            cursor.executemany(LINK, links)
