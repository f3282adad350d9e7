"""Customers who are kept and not used, because they asked for it: in no segment, in no campaign, past no gate."""

from __future__ import annotations

from datetime import datetime

from dangol.identity import steps as identity
from dangol.profile.models import Restricted


def restricted() -> set[int]:
    """All of them, as they are numbered now. They are few: a merge carries a restriction along, its undoing back."""
    told = Restricted.objects.values_list("customer_id", flat=True)
    return {identity.current(customer) or customer for customer in told}


def restrict(customer_id: int, now: datetime) -> bool:
    """Keep a customer from being used; whether that is new."""
    _row, fresh = Restricted.objects.get_or_create(customer_id=customer_id, defaults={"since": now})
    return fresh


def lift(customer_id: int) -> bool:
    """Let a customer be used again; whether they were restricted."""
    told = Restricted.objects.values_list("customer_id", flat=True)
    return bool(Restricted.objects.filter(pk__in=[one for one in told if _is(one, customer_id)]).delete()[0])


def _is(told: int, customer_id: int) -> bool:
    return (identity.current(told) or told) == customer_id
