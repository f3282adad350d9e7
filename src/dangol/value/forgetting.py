"""Forgetting a person: they are counted no more; what the shop has learned from many stays learned."""

from __future__ import annotations

from collections.abc import Collection

from dangol.value import counting


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Take these customers out of the counts."""
    return {"buyers": counting.forget(customer_ids)}
