"""What a customer's figures are, as people and templates read them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dangol.base.clock import from_us
from dangol.profile import rules, tally
from dangol.profile.models import Profile


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one customer; money is in the shop's currency but for `foreign`."""

    orders: int
    revenue: Decimal  # before refunds
    refunded: Decimal
    margin: Decimal | None  # of the orders whose cost is known
    foreign: dict[str, Decimal]  # currency → what orders in it came to
    first_order_at: datetime | None
    last_order_at: datetime | None
    average_gap_days: float | None
    favourite_category: str
    last_viewed: dict[str, Any]  # the product viewed last; empty before the first
    cart: list[dict[str, Any]]  # what lies in it now, the newest first
    cart_at: datetime | None  # when it was last changed
    visits: int
    channels: dict[str, float]  # channel → share of the customer's facts
    first_touch: dict[str, str]  # the campaign or site that brought the customer first
    last_touch: dict[str, str]

    @property
    def net(self) -> Decimal:
        """Revenue, refunds taken off."""
        return self.revenue - self.refunded


def figures(row: Profile) -> Figures:
    """The figures that a customer's file holds."""
    kept = row.tally
    cart = kept.get("cart")
    return Figures(
        orders=row.orders,
        revenue=row.revenue,
        refunded=row.refunded,
        margin=row.margin,
        foreign={currency: Decimal(amount) for currency, amount in row.foreign.items()},
        first_order_at=row.first_order_at,
        last_order_at=row.last_order_at,
        average_gap_days=rules.average_gap_days(row.orders, row.first_order_at, row.last_order_at),
        favourite_category=tally.favourite(kept.get("bought", {}), kept.get("looked", {})),
        last_viewed=_newest(kept, "viewed"),
        cart=list(reversed(cart["items"])) if cart else [],
        cart_at=from_us(cart["version"][0]) if cart else None,
        visits=kept.get("visits", 0),
        channels=tally.shares(kept.get("channels", {})),
        first_touch=_newest(kept, "first_touch"),
        last_touch=_newest(kept, "last_touch"),
    )


def _newest(kept: tally.Tally, part: str) -> dict[str, Any]:
    found = kept.get(part)
    return dict(found[1]) if found else {}
