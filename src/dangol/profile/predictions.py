"""What is expected of customers: each figure as the quantiles of its posterior, the newest forecast only.

In: forecasts of the stage value. Out: the same to whoever asks, most of all the segment leaf `predicted`.
Promise: nothing about anybody who is not to be used; what belongs to a customer goes with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from dangol.base import bulk
from dangol.base.clock import to_us
from dangol.base.parts import parts
from dangol.profile import restrictions
from dangol.profile.models import Prediction
from dangol.profile.quantiles import FIGURES, NEVER, SHARES, Quantiles, pack, unpack

__all__ = ["FIGURES", "NEVER", "SHARES", "Quantiles", "drop", "each", "of", "pack", "put", "unpack"]

COLUMNS = ("customer_id", "figure", "made_at", "quantiles")
AT_ONCE = 20_000


def of(customer_ids: Collection[int] | None) -> dict[int, dict[str, tuple[int, Quantiles]]]:
    """Customer → figure → (made at, in µs; quantiles at SHARES), of these customers (None: of everybody)."""
    kept = restrictions.restricted()
    found: dict[int, dict[str, tuple[int, Quantiles]]] = {}
    for customer, figure, at, packed in _rows(customer_ids):
        if customer not in kept:
            found.setdefault(customer, {})[figure] = to_us(at), unpack(packed)
    return found


def each(figures: Collection[str]) -> Iterator[tuple[int, str, int, Quantiles]]:
    """Everybody's forecasts of some figures, one by one: customer, figure, made at (µs), quantiles at SHARES."""
    kept = restrictions.restricted()
    rows = Prediction.objects.filter(figure__in=list(figures))
    for customer, figure, at, packed in rows.values_list(*COLUMNS).iterator(chunk_size=AT_ONCE):
        if customer not in kept:
            yield customer, figure, to_us(at), unpack(packed)


def _rows(customer_ids: Collection[int] | None) -> Iterator[tuple[int, str, datetime, bytes | memoryview]]:
    rows = Prediction.objects.values_list(*COLUMNS)
    if customer_ids is None:
        yield from rows.iterator()
        return
    for part in parts(sorted(customer_ids)):
        yield from rows.filter(customer_id__in=part)


def put(made_at: datetime, told: Iterable[tuple[int, str, Sequence[float]]]) -> None:
    """Let these forecasts, (customer, figure, quantiles) each, stand in the place of older ones."""
    rows = [
        Prediction(customer_id=customer, figure=figure, made_at=made_at, quantiles=pack(quantiles))
        for customer, figure, quantiles in told
    ]
    bulk.upsert(rows, ["customer_id", "figure"], ["made_at", "quantiles"])


def drop(customer_ids: Collection[int]) -> int:
    """Nothing is expected of these customers any more; how many rows that were."""
    return sum(Prediction.objects.filter(customer_id__in=part).delete()[0] for part in parts(sorted(customer_ids)))
