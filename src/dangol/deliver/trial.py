"""What other caps would have meant: the marketing of the last weeks, gone through once more under them. Reads only.

In: caps that nobody has set yet. Out: how many messages would have waited, of how many customers, and for which cap.
Promise: a message counts by the same rules as in the gate, on the customer's own day and week. What would have waited
takes no room from the next; when it would have left instead is not made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, islice

from dangol.base.models import Shop
from dangol.deliver import caps, gate, homes, rules
from dangol.deliver.caps import Cap, Other
from dangol.deliver.models import Delivery

LOOKS_BACK = timedelta(days=28)
BEFORE = timedelta(days=8)  # a week may have begun so long before
TOGETHER = 1_000  # customers whose homes are read at once


@dataclass(slots=True)
class Trial:
    """What would have come of the messages since `since`."""

    since: datetime
    messages: int = 0  # that left
    customers: int = 0  # whom they went to
    held: int = 0  # of those, that would have waited
    held_customers: int = 0
    by_cap: list[int] = field(default_factory=list)  # of each cap in its order; a message may wait for several


def tried(wanted: Sequence[Cap], now: datetime) -> Trial:
    """Go through the marketing messages of the last 28 days under these caps."""
    shop = Shop.objects.get()
    found = Trial(now - LOOKS_BACK, by_cap=[0] * len(wanted))
    for part in _parts(now):
        where, nowhere = homes.homes(list(part), shop), homes.home({}, "", shop)
        for customer, messages in part.items():
            _go_through(found, wanted, messages, where.get(customer, nowhere))
    return found


Messages = dict[int, list[Other]]


def _parts(now: datetime) -> Iterator[Messages]:
    """The messages of each customer in the order in which they left, so many customers at once."""
    rows = Delivery.objects.filter(
        state__in=gate.MAY_HAVE_ARRIVED, attempted_at__gte=now - LOOKS_BACK - BEFORE, message_class=rules.MARKETING,
        channel__in=rules.UNASKED,
    ).order_by("customer_id", "attempted_at", "pk").values_list("customer_id", "channel", "attempted_at")  # fmt: skip
    customers = groupby(rows.iterator(), key=lambda row: row[0])
    while part := {
        who: [Other(channel, at) for _, channel, at in told if at] for who, told in islice(customers, TOGETHER)
    }:
        yield part


def _go_through(found: Trial, wanted: Sequence[Cap], messages: Sequence[Other], home: homes.Home) -> None:
    left: list[Other] = []
    counted = held = 0
    for one in messages:
        full = [n for n, cap in enumerate(wanted) if caps.full([cap], one.channel, left, one.at, home.zone)]
        if not full:
            left.append(one)
        if one.at < found.since:
            continue
        counted += 1
        held += bool(full)
        for n in full:
            found.by_cap[n] += 1
    found.messages += counted
    found.held += held
    found.customers += bool(counted)
    found.held_customers += bool(held)
