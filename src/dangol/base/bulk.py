"""Many rows of a model written at once, by hand: the ORM's bulk_create took a third of the loop's time.

What it leaves out: signals, generated keys, and whatever a field does beyond its value; the house's own field types and
JSON are known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from django.db import connection, models
from django.db.models.base import ModelState

from dangol.base.clock import to_us
from dangol.base.fields import AmountField, InstantField

M = TypeVar("M", bound=models.Model)


def like(pattern: M, **values: Any) -> M:
    """A row like one that is not stored, but for these columns (by attname): a tenth of the time of making one.

    What its other columns hold the two have in common, so that nothing of it may be changed in place.
    """
    made = pattern.__class__.__new__(pattern.__class__)
    state = ModelState()
    state.fields_cache = dict(pattern._state.fields_cache)
    made.__dict__ = {**pattern.__dict__, **values, "_state": state}
    return made


def insert(rows: Iterable[models.Model], *, ignore: bool = False) -> None:
    """Insert rows, all of one model, whose primary key is given or made by the database; `ignore` those that clash."""
    _write(list(rows), "ON CONFLICT DO NOTHING" if ignore else "")


def upsert(rows: Iterable[models.Model], unique: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows, or bring the columns `update` up to date where one with the same `unique` columns is there."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    _write(list(rows), f"ON CONFLICT ({', '.join(map(quote, unique))}) DO UPDATE SET {sets}")


def _write(rows: list[models.Model], clash: str) -> None:
    if not rows:
        return
    statement, pick, converts = _statement(type(rows[0]), clash, connection.vendor)
    values = [_stored(pick(row), converts) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


Converts = tuple[tuple[int, Callable[[Any], Any]], ...]  # columns that are not stored as they are, by their place


def _stored(row: Iterable[Any], converts: Converts) -> list[Any]:
    values = list(row)
    for place, convert in converts:
        if values[place] is not None:
            values[place] = convert(values[place])
    return values


@lru_cache(maxsize=64)
def _statement(model: type[models.Model], clash: str, vendor: str) -> tuple[str, Callable[[Any], Any], Converts]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks}) {clash}"  # noqa: S608
    converts = tuple((place, convert) for place, field in enumerate(fields) if (convert := _convert(field)))
    attributes = [field.attname for field in fields]
    pick = attrgetter(*attributes) if len(fields) > 1 else lambda row: [getattr(row, attributes[0])]
    return statement, pick, converts


def _convert(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, InstantField):
        return to_us
    if isinstance(field, models.JSONField):
        return lambda value: msgspec.json.encode(value).decode()
    if isinstance(field, AmountField | models.BinaryField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None
