"""Coupons go with their customers: through merges and back, to their end, and out when a person is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Min

from dangol.base.parts import parts
from dangol.collect import steps as collect
from dangol.identity.rules import Moves
from dangol.offer import loyalty
from dangol.offer.models import Coupon, Redemption

EXPIRED = "Coupon Expired"


def rehome(moves: Moves) -> None:
    """Give coupons to the customers that their homes lead to now."""
    for (before, after), (_, homes) in moves.pairs().items():
        for some in parts(homes):
            for kept in (Coupon, Redemption):
                kept.objects.filter(customer_id=before, home__in=some).update(customer_id=after)


def expire(now: datetime, limit: int) -> int:
    """Let coupons end whose time is over, in the loop's turn; how many. Each is told as a fact."""
    rows = (
        Coupon.objects.filter(state="issued", expires_at__lte=now).select_related("offer").order_by("expires_at", "pk")
    )
    over = list(rows[:limit])
    for some in parts(over):
        Coupon.objects.filter(pk__in=[row.pk for row in some], state="issued").update(state="expired")
    told = [
        (EXPIRED, row.customer_id,
         {"offer": row.offer.key, "offer_name": row.offer.name, "coupon": row.pk, "campaign": row.campaign},
         f"coupon expired:{row.pk}", row.expires_at or now)
        for row in over
        if row.customer_id
    ]  # fmt: skip
    if told:
        collect.emit_all(told)
    return len(over)


def next_end() -> datetime | None:
    """When the next coupon ends."""
    found: datetime | None = Coupon.objects.filter(state="issued").aggregate(at=Min("expires_at"))["at"]
    return found


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Take these customers off their coupons. What was redeemed stays as an amount and a time, for harvests."""
    issued = Coupon.objects.filter(customer_id__in=customer_ids)
    issued.filter(state="issued").update(state="void")
    count = issued.update(customer_id=None, home=None, key=None, by="")
    kept = Redemption.objects.filter(customer_id__in=customer_ids).update(source="", order_id="")
    return {**loyalty.forget(customer_ids), "coupons taken off": count, "redemptions kept as an amount": kept}
