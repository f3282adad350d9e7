"""The shape of a forecast: one figure as the values below which it lies with probability 0, .05, … 1."""

from __future__ import annotations

import struct
from collections.abc import Sequence

FIGURES = ("value_365d", "churn", "orders_90d", "next_order_days")
SHARES = tuple(step / 20 for step in range(21))  # the probabilities that quantiles stand for
NEVER = 36_500.0  # days: an order that is not expected within a hundred years

Quantiles = tuple[float, ...]
_PACKED = struct.Struct(f"<{len(SHARES)}d")


def pack(quantiles: Sequence[float]) -> bytes:
    """As a table keeps them. Raises struct.error unless there is one for each of SHARES."""
    return _PACKED.pack(*quantiles)


def unpack(packed: bytes | memoryview) -> Quantiles:
    return _PACKED.unpack(packed)
