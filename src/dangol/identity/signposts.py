"""From customers that were merged to those they are now: old ids resolve for ever."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection

from dangol.base.parts import parts
from dangol.identity.models import Customer

WAYS = "SELECT id, merged_into_id FROM identity_customer WHERE id IN"


def current_of(customer_ids: Collection[int]) -> dict[int, int]:
    """Where the signposts of these customers lead; ids that never were are missing."""
    ways = ways_from(customer_ids)
    return {one: end(one, ways) for one in customer_ids if one in ways}


def ways_from(customer_ids: Collection[int]) -> dict[int, int | None]:
    """Each of these customers and of those that its signposts pass → the next one, None at the end."""
    found: dict[int, int | None] = {}
    ask = set(customer_ids)
    while ask:
        step: dict[int, int | None] = {}
        with connection.cursor() as cursor:
            for part in parts(sorted(ask)):
                cursor.execute(f"{WAYS} ({', '.join(['%s'] * len(part))})", list(part))
                step.update(cursor.fetchall())
        found |= step
        ask = {to for to in step.values() if to is not None} - found.keys()
    return found


def behind(customer_ids: Collection[int]) -> set[int]:
    """These customers and all whose signposts lead to them."""
    found, ask = set(customer_ids), set(customer_ids)
    while ask:
        ask = {
            one
            for part in parts(sorted(ask))
            for one in Customer.objects.filter(merged_into_id__in=part).values_list("id", flat=True)
        } - found
        found |= ask
    return found


def end(customer: int, ways: Mapping[int, int | None]) -> int:
    while (to := ways.get(customer)) is not None:
        customer = to
    return customer
