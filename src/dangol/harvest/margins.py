"""What an order leaves after its goods are paid for, and what a campaign's money is counted from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

SCALE = Decimal(10_000)
ALL, USUAL, UNKNOWN_COST = "all", "usual", "unknown"


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as it was told: in the shop's currency, or its revenue is nothing that anybody can add up."""

    revenue: Decimal
    returned: Decimal  # given back of it, at most all
    cost: Decimal | None  # of its goods, where the order itself says
    items: Mapping[str, Sequence[int | None]]  # product → pieces, and what they come to

    @property
    def net(self) -> Decimal:
        return max(self.revenue - self.returned, Decimal(0))


@dataclass(frozen=True, slots=True)
class Costing:
    """What is known of goods: what a piece costs by product, and what usually stays of revenue, in per cent."""

    pieces: Mapping[str, Decimal]
    usual_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Earned:
    """What one order brought: `margin` is empty where nobody knows, `known` says that its goods' cost was told."""

    net: Decimal
    margin: Decimal | None
    known: bool


def earned(sold: Sold, costing: Costing) -> Earned:
    """Goods that are given back are taken to come back whole: cost goes with the share of revenue that stayed.

    The order's own word on cost counts before the catalogue's of today, and that before what usually stays.
    """
    net, cost = sold.net, sold.cost if sold.cost is not None else _catalogued(sold.items, costing.pieces)
    if cost is not None:
        kept = net / sold.revenue if sold.revenue > 0 else Decimal(1)
        return Earned(net, net - cost * kept, True)
    usual = costing.usual_percent
    return Earned(net, None if usual is None else net * usual / 100, False)


def _catalogued(items: Mapping[str, Sequence[int | None]], pieces: Mapping[str, Decimal]) -> Decimal | None:
    """What an order's goods cost by the catalogue; None unless it knows every one of them."""
    if not items or any(key not in pieces for key in items):
        return None
    return sum((pieces[key] * (told[0] or 0) for key, told in items.items()), Decimal(0))


def standing(net: Decimal, known: Decimal, costing: Costing) -> str:
    """On what a margin rests: every order's own cost, for the rest the usual share, or it cannot be told."""
    if known >= net:
        return ALL
    return USUAL if costing.usual_percent is not None else UNKNOWN_COST
