"""A forecast of the shop as its table keeps it, and back; the counts as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from dangol.value import bgnbd, rules
from dangol.value.draws import Draws, Known, draw
from dangol.value.forecasts import Standing
from dangol.value.gammagamma import Purses
from dangol.value.models import Buyer, Forecast, Kind, Purse

DRAWS = 16  # possible shops that one customer's forecast looks at
ARRAYS = ("at", "covariance", "money_at", "money_covariance")


def as_told(known: Known) -> dict[str, Any]:
    """Plain lists and numbers."""
    lists = {name: None if (one := getattr(known, name)) is None else one.tolist() for name in ARRAYS}
    return {**lists, "drift": known.drift, "early": known.early}


def of_told(told: dict[str, Any]) -> Known:
    arrays = {name: None if told[name] is None else np.array(told[name]) for name in ARRAYS}
    return Known(drift=told["drift"], early=told["early"], **arrays)  # type: ignore[arg-type]


def possible_shops(forecast: Forecast, count: int = DRAWS) -> Draws:
    return draw(of_told(forecast.known), count)


def standing(buyers: list[Buyer], today: int) -> Standing:
    """Customers as they stand on a day; what is dated later is taken for that day's."""
    rows = [(b.days, b.first_day, b.last_day, b.paid_days, float(b.spent)) for b in buyers]
    days, first, last, paid, spent = (np.array(column) for column in zip(*rows, strict=True))
    age, last = np.maximum(today - first, 0), np.minimum(last, today)
    counts = bgnbd.Counts.of(days - 1, np.maximum(last - first, 0), age)
    return Standing.of(counts, paid.astype(float), spent)


def kinds(today: int) -> bgnbd.Counts:
    """How many customers there are of each kind, as a day sees them."""
    table = _table(f"SELECT days, first_day, last_day, n FROM {Kind._meta.db_table} WHERE first_day <= %s", [today])  # noqa: S608
    days, first, last, n = table
    return bgnbd.Counts.of(days - 1, np.minimum(last, today) - first, today - first, n)


def purses() -> Purses:
    paid, step, n = _table(f"SELECT paid_days, step, n FROM {Purse._meta.db_table}", [])  # noqa: S608
    return Purses.of(paid, np.exp(step / rules.STEPS_PER_E), n)


def _table(sql: str, values: list[int]) -> NDArray[np.int32]:
    """A query's columns. Rows come in pieces, so that millions of them are never millions of Python objects."""
    pieces = []
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        width = len(cursor.description)
        while rows := cursor.fetchmany(100_000):
            pieces.append(np.array(rows, np.int32))
    return np.concatenate(pieces).T if pieces else np.empty((width, 0), np.int32)
