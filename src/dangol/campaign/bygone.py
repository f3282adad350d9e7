"""The facts of before, which start runs as if the campaign had run already: customer by customer, some in a turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from msgspec.structs import replace as replaced

from dangol.base.parts import parts
from dangol.campaign import entering
from dangol.campaign.book import Book
from dangol.campaign.entering import Starting
from dangol.campaign.models import Campaign, Wave
from dangol.campaign.stored import fact_of, named_rows
from dangol.collect.facts import Fact
from dangol.profile.models import Fact as Row
from dangol.profile.models import Profile

AT_ONCE = 50  # customers whose facts are read together


def next_starting(campaign: Campaign, book: Book, wave: Wave, count: int) -> tuple[list[Starting], int, int | None]:
    """Who would start next by facts from before the wave began, each judged at its own time; imported ones count too.

    Also how many customers or facts were looked at, and the last customer where more may follow. Of `count` customers
    at most, and no further than the one with whose facts `count` of them are reached: a customer's are taken together.
    """
    definition = book.plan(campaign.pk).definition
    if not (definition.entry.fact and definition.backfill):  # it was changed meanwhile
        return [], 0, None
    since = wave.begun_at - definition.backfill
    seen = Profile.objects.filter(pk__gt=wave.after, last_seen_at__gte=since).order_by("pk")
    customers = list(seen.values_list("pk", flat=True)[:count])
    last = customers[-1] if len(customers) == count else None
    told: list[tuple[Fact, int]] = []
    for customer, facts in _of_each(definition.entry.fact, customers, since, wave.begun_at):
        told += [(fact, customer) for fact in facts]
        if len(told) >= count:
            last = customer
            break
    return list(entering.by_fact(definition, told, since)), max(len(customers), len(told)), last


def _of_each(name: str, customers: Sequence[int], since: datetime, until: datetime) -> Iterator[tuple[int, list[Fact]]]:
    """The facts of that name, by customer, in their order."""
    for part in parts(customers, AT_ONCE):
        rows = Row.objects.filter(named_rows(name), customer_id__in=part, at__gte=since, at__lte=until)
        for customer, some in groupby(rows.order_by("customer_id", "at", "position"), key=lambda row: row.customer_id):
            yield customer, [replaced(fact_of(row), imported=False) for row in some]
