"""Customer files as they lie in the table: read and written by hand, for every fact of the loop passes here.

Instants are microseconds since 1970, amounts ten-thousandths. JSON is read when somebody looks at it, and only files
that changed are written, those in which a visit changed no more than the tally without the columns that are searched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from django.db import connection

from dangol.base.parts import parts

decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

COLUMNS = (
    "customer_id", "first_seen_at", "last_seen_at", "email", "phone", "name", "language", "user_id", "traits",
    "trait_versions", "tally", "orders", "revenue", "refunded", "margin", "foreign", "first_order_at", "last_order_at",
)  # fmt: skip
KEPT = COLUMNS[1:]
VISITED = ("first_seen_at", "last_seen_at", "tally")  # what most facts change, and nothing else
QUOTED = [f'"{name}"' for name in COLUMNS]  # one of them is a word of SQL
SELECT = f"SELECT {', '.join(QUOTED)} FROM profile_profile WHERE customer_id IN "  # noqa: S608 - names of our own
SINCE = "SELECT customer_id, first_seen_at FROM profile_profile WHERE customer_id IN "
UPDATE = f"UPDATE profile_profile SET {', '.join(f'{name} = %s' for name in VISITED)} WHERE customer_id = %s"  # noqa: S608
UPSERT = (
    f"INSERT INTO profile_profile ({', '.join(QUOTED)}) VALUES ({', '.join(['%s'] * len(QUOTED))})"  # noqa: S608
    f" ON CONFLICT (customer_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in QUOTED[1:])}"
)


class Json:
    """A column of JSON objects: text until somebody looks at it."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._slot = f"{name}_"

    def __get__(self, file: File, _owner: type) -> dict[str, Any]:
        value = getattr(file, self._slot)
        if type(value) is str:
            value = decode(value)
            setattr(file, self._slot, value)
        return value  # type: ignore[no-any-return]

    def __set__(self, file: File, value: dict[str, Any]) -> None:
        setattr(file, self._slot, value)


class File:
    """What the facts say about one customer now; the columns of `Profile`, in the table's own units."""

    __slots__ = (
        "_read", "customer_id", "email", "first_order_at", "first_seen_at", "foreign_", "language", "last_order_at",
        "last_seen_at", "margin", "name", "orders", "phone", "refunded", "revenue", "tally_", "trait_versions_",
        "traits_", "user_id",
    )  # fmt: skip
    traits, trait_versions, tally, foreign = Json(), Json(), Json(), Json()

    def __init__(self, row: tuple[Any, ...], *, new: bool = False) -> None:
        (
            self.customer_id, self.first_seen_at, self.last_seen_at, self.email, self.phone, self.name, self.language,
            self.user_id, self.traits_, self.trait_versions_, self.tally_, self.orders, self.revenue, self.refunded,
            self.margin, self.foreign_, self.first_order_at, self.last_order_at,
        ) = row  # fmt: skip
        self._read = None if new else row

    def changes(self) -> tuple[tuple[Any, ...], bool, bool]:
        """The row as it is now, whether anything in it is new, and whether more than a visit is."""
        row = (
            self.customer_id, self.first_seen_at, self.last_seen_at, self.email, self.phone, self.name, self.language,
            self.user_id, _text(self.traits_), _text(self.trait_versions_), _text(self.tally_), self.orders,
            self.revenue, self.refunded, self.margin, _text(self.foreign_), self.first_order_at, self.last_order_at,
        )  # fmt: skip
        old = self._read
        if old is None:
            return row, True, True
        return row, row != old, row[3:10] != old[3:10] or row[11:] != old[11:]


def _text(value: str | dict[str, Any]) -> str:
    return value if type(value) is str else encode(value).decode()


def new(customer: int, at: int) -> File:
    """The file of a customer of whom nothing is known but when they were first seen."""
    return File((customer, at, at, "", "", "", "", "", {}, {}, {}, 0, 0, 0, None, {}, None, None), new=True)


def read(customer_ids: Collection[int]) -> dict[int, File]:
    """The files of these customers; those without one are missing."""
    found: dict[int, File] = {}
    with connection.cursor() as cursor:
        for part in parts(sorted(customer_ids)):
            cursor.execute(f"{SELECT}({', '.join(['%s'] * len(part))})", list(part))
            for row in cursor.fetchall():
                found[row[0]] = File(row)
    return found


def first_seen(customer_ids: Collection[int]) -> dict[int, int]:
    """Since when these customers are known; those without a file are missing."""
    with connection.cursor() as cursor:
        found: dict[int, int] = {}
        for part in parts(sorted(customer_ids)):
            cursor.execute(f"{SINCE}({', '.join(['%s'] * len(part))})", list(part))
            found.update(cursor.fetchall())
        return found


def write(files: Iterable[File]) -> None:
    """Bring the table up to date with these files."""
    whole, visited = [], []
    for file in files:
        row, changed, more = file.changes()
        if more:
            whole.append(row)
        elif changed:
            visited.append((row[1], row[2], row[10], row[0]))
    with connection.cursor() as cursor:
        if whole:
            cursor.executemany(UPSERT, whole)
        if visited:
            cursor.executemany(UPDATE, visited)
