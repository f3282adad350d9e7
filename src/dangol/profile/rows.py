"""Facts as rows: written into a history, moved from one to another, read back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from django.db import connection
from django.db.models import Q

from dangol.base.clock import from_us, to_us
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.identity import kinds
from dangol.identity import steps as identity
from dangol.profile.columns import stale
from dangol.profile.models import Fact as Row

COLUMNS = (
    "customer_id", "at", "position", "type", "name", "source", "message_id", "received_at", "own", "imported",
    "identifier_id", "home", "properties", "traits", "context",
)  # fmt: skip
# By hand: the ORM's bulk_create took a third of the loop's time.
INSERT = f"INSERT INTO profile_fact ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608


def insert(facts: Iterable[tuple[Fact, int, int | None]]) -> None:
    """Write facts, each with its customer and the identifier it came with."""
    values = [
        (
            customer, to_us(fact.at), fact.position, fact.type, fact.name, fact.source, fact.message_id,
            to_us(fact.received_at), fact.own, fact.imported, identifier, fact.customer_id or None,
            _json(fact.properties), _json(fact.traits), _json(fact.context),
        )
        for fact, customer, identifier in facts
    ]  # fmt: skip
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, values)


def _json(value: Mapping[str, object]) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def move(before: int, after: int, identifiers: Sequence[int], homes: Sequence[int]) -> list[Fact]:
    """Move the facts that came with these identifiers, or were written for these homes; what was moved, by time."""
    wanted = Q(identifier_id__in=identifiers) | Q(identifier_id=None, home__in=homes)
    mine = Row.objects.filter(wanted, customer_id=before)
    facts = of_rows(mine.order_by("at", "position"))
    if mine.update(customer_id=after):
        stale.mark([before, after])
    return facts


def follow(table: str, customers: Collection[int], condition: str = "1 = 1") -> None:
    """Rows of these customers in a table that has the position of a fact go where that fact has gone."""
    fact = f"FROM profile_fact f WHERE f.position = {table}.position"
    for part in parts(sorted(customers)):
        marks = ", ".join(["%s"] * len(part))
        sql = (
            f"UPDATE {table} SET customer_id = (SELECT f.customer_id {fact})"  # noqa: S608 - names of our own
            f" WHERE customer_id IN ({marks}) AND {condition} AND EXISTS (SELECT 1 {fact})"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, list(part))


def of_rows(found: Iterable[Row]) -> list[Fact]:
    """The facts that rows hold, as they were when they were recorded."""
    listed = list(found)
    keys = identity.kinds_of({row.identifier_id for row in listed if row.identifier_id is not None})
    return [_fact(row, keys) for row in listed]


def _fact(row: Row, keys: Mapping[int, kinds.Key]) -> Fact:
    key = keys.get(row.identifier_id) if row.identifier_id is not None else None
    return Fact(
        position=row.position, source=row.source, message_id=row.message_id, type=row.type, name=row.name, at=row.at,
        received_at=row.received_at, user_id=key[1] if key and key[0] == kinds.USER else "", customer_id=row.home or 0,
        properties=_object(row.properties), traits=_object(row.traits), context=_object(row.context),
        imported=row.imported,
    )  # fmt: skip


def _object(text: str) -> dict[str, object]:
    return msgspec.json.decode(text) if text else {}


def of_customers(customer_ids: Sequence[int]) -> dict[int, list[Fact]]:
    """Every fact of these customers, by time."""
    found: dict[int, list[Fact]] = {customer: [] for customer in customer_ids}
    for part in parts(customer_ids):
        rows = list(Row.objects.filter(customer_id__in=part).order_by("customer_id", "at", "position"))
        for row, fact in zip(rows, of_rows(rows), strict=True):
            found[row.customer_id].append(fact)
    return found


# A join, as in identity: one query for the customers of a turn.
BETWEEN = (
    "WITH spans(c, a, b) AS (VALUES {}) SELECT customer_id, position, at, type, name, context"
    " FROM spans JOIN profile_fact ON customer_id = c AND at >= a AND at <= b"
    " WHERE NOT own ORDER BY customer_id, at, position"
)
SPANS_AT_ONCE = 150


def between(spans: Mapping[int, tuple[int, int]]) -> dict[int, list[Fact]]:
    """What customers did, each from one instant to another (µs), by time: the facts without what only files need."""
    found: dict[int, list[Fact]] = {customer: [] for customer in spans}
    with connection.cursor() as cursor:
        for part in parts(sorted(spans), SPANS_AT_ONCE):
            values = [value for customer in part for value in (customer, *spans[customer])]
            cursor.execute(BETWEEN.format(", ".join(["(%s, %s, %s)"] * len(part))), values)
            for customer, position, at, kind, name, context in cursor.fetchall():
                when = from_us(at)
                found[customer].append(
                    Fact(
                        position=position, source="", message_id="", type=kind, name=name, at=when, received_at=when,
                        context=_object(context),
                    )
                )  # fmt: skip
    return found


def named(customer: int, names: Iterable[str]) -> list[Fact]:
    """One customer's tracked facts of these names, by time."""
    rows = Row.objects.filter(customer_id=customer, type="track", name__in=sorted(names))
    return of_rows(rows.order_by("at", "position"))
