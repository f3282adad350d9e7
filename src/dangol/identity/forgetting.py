"""Forgetting a person: the identifiers go; the customer's number stays and leads to nobody.

In: the ids of one person. Out: how many identifiers went.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from dangol.base.parts import parts
from dangol.identity.models import Customer, Identifier, Link


def everybody_in(customer_id: int) -> list[int]:
    """The ids that lead to a customer, its own first."""
    found, ask = [customer_id], [customer_id]
    while ask:
        ask = list(Customer.objects.filter(merged_into_id__in=ask).order_by("id").values_list("id", flat=True))
        found += ask
    return found


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Delete every identifier of these customers, with the links it had; how many there were."""
    ids = list(Identifier.objects.filter(customer_id__in=customer_ids).values_list("id", flat=True))
    for part in parts(ids):
        Link.objects.filter(Q(left_id__in=part) | Q(right_id__in=part)).delete()
    return {"identifiers": Identifier.objects.filter(customer_id__in=customer_ids).delete()[0]}
