"""Marks customers whose facts were changed where they stand, in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Collection

from dangol.base import bulk
from dangol.profile.models import Stale


def mark(customer_ids: Collection[int], *, purge: bool = False) -> None:
    """The copy's rows of these customers are out of date; `purge`: their old bytes are to leave it at once."""
    bulk.insert(Stale(customer_id=customer, purge=purge) for customer in sorted(set(customer_ids)))
