"""What coupons cost: discounts that were really given, by redemption; what harvests subtract. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dangol.base.parts import parts
from dangol.offer.models import Redemption


@dataclass(frozen=True, slots=True)
class Cost:
    """The discount of one redeemed coupon."""

    customer_id: int  # 0: nobody said who
    at: datetime
    source: str  # of the order, as profile.Order has it; empty where no fact told the order
    order_id: str
    campaign: str  # that issued the coupon; empty: none did
    offer: str
    amount: Decimal
    currency: str
    taken_off: bool  # the order's revenue is without it already: subtracting it would count it twice

    @property
    def to_subtract(self) -> Decimal:
        """What is to be taken off the revenue that profile.Order has."""
        return Decimal(0) if self.taken_off else self.amount


def redeemed(
    *,
    campaign: str | None = None,
    customer_ids: Collection[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Cost]:
    """Every redemption whose order stands, the oldest first: of coupons that a campaign issued, of these customers,
    from `since` on and before `until`. Orders that were cancelled or wholly paid back cost nothing.
    """
    rows = Redemption.objects.filter(state="redeemed")
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    some = [None] if customer_ids is None else list(parts(sorted(set(customer_ids))))
    found = []
    for part in some:
        asked = rows if part is None else rows.filter(customer_id__in=part)
        for row in asked.select_related("offer").order_by("at", "pk"):
            found.append(_cost(row))
    return sorted(found, key=lambda one: one.at)


def _cost(row: Redemption) -> Cost:
    return Cost(
        customer_id=row.customer_id or 0, at=row.at, source=row.source, order_id=row.order_id, campaign=row.campaign,
        offer=row.offer.key, amount=row.cost, currency=row.currency, taken_off=row.taken_off,
    )  # fmt: skip


def total(costs: Collection[Cost]) -> dict[str, Decimal]:
    """By currency, what these come to."""
    found: dict[str, Decimal] = {}
    for one in costs:
        found[one.currency] = found.get(one.currency, Decimal(0)) + one.amount
    return found
