"""Orders credited to messages that were clicked before them: a second look, not what a campaign brought. Pure.

Who clicks would often have bought anyway, so these figures only say which letters were on the way to an order. Opens
never count: mail programs fetch pictures by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(days=7)  # a click counts so long before an order
HALF_LIFE = timedelta(days=2)  # after which a click weighs half as much as one at the order


@dataclass(frozen=True, slots=True)
class Touched:
    """An order, and each click before it: the campaign, and how long before."""

    net: float
    clicks: Sequence[tuple[str, timedelta]]


@dataclass(frozen=True, slots=True)
class Credit:
    """What one campaign is credited with, either way."""

    campaign: str
    orders_last: float
    money_last: float
    orders_decayed: float
    money_decayed: float


def credited(orders: Iterable[Touched]) -> list[Credit]:
    """By campaign, the most money first. Each order is given away once, either way."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0] * 4)
    for order in orders:
        counted = [(key, age) for key, age in order.clicks if timedelta(0) <= age <= WINDOW]
        if not counted:
            continue
        last = min(counted, key=lambda click: click[1])[0]
        found[last][0] += 1
        found[last][1] += order.net
        weights = [0.5 ** (age / HALF_LIFE) for _, age in counted]
        for (key, _), weight in zip(counted, weights, strict=True):
            share = weight / sum(weights)
            found[key][2] += share
            found[key][3] += share * order.net
    rows = [Credit(key, *told) for key, told in found.items()]
    return sorted(rows, key=lambda row: (-row.money_last, -row.money_decayed, row.campaign))
