"""The hour of the day in which a customer is likeliest to look: their own doing, shrunk to that of the shop.

Opens, clicks and orders are counted by local hour. A customer of whom little is known is taken to be like the others:
the shop's shares count like PRIOR of their own. The same facts give the same hour: the shop's shares are counted anew
when a hundredth more facts have come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from dangol.base.parts import parts
from dangol.campaign.models import UsualHours
from dangol.profile.models import Fact

NAMES = ("Email Opened", "Email Link Clicked", "Order Completed")
LOOKS_BACK = timedelta(days=180)
MORE = 0.01  # of the facts that come in until these are counted again
NEWEST = 50_000  # facts of the shop that tell what is usual
PRIOR = 10.0  # facts of their own that weigh as much as the shop's shares
FIRST, LAST = 8, 20  # marketing rests at night, so no other hour is of use
USUAL = 10  # where nothing is known at all
NEAR = 0.5  # what an hour counts for the one before and behind it


def best(zones: Mapping[int, tzinfo], shop: tzinfo, now: datetime) -> dict[int, int]:
    """The best hour of each customer, in their zone."""
    usual = _usual(shop, now)
    own: dict[int, Counter[int]] = {customer: Counter() for customer in zones}
    for part in parts(sorted(zones)):
        rows = Fact.objects.filter(customer_id__in=part, at__gte=now - LOOKS_BACK, at__lte=now, name__in=NAMES)
        for customer, at in rows.values_list("customer_id", "at"):
            own[customer][at.astimezone(zones[customer]).hour] += 1
    return {customer: likeliest(counted, usual) for customer, counted in own.items()}


def _usual(shop: tzinfo, now: datetime) -> Mapping[int, int]:
    """How the newest facts of everybody spread over the hours, as it was counted last."""
    newest = Fact.objects.order_by("-position").values_list("position", flat=True).first() or 0
    kept = UsualHours.objects.filter(zone=str(shop)).first()
    if kept and kept.position <= newest <= kept.position * (1 + MORE):
        return {int(hour): count for hour, count in kept.hours.items()}
    found = _count(shop, newest, now)
    UsualHours.objects.update_or_create(pk=1, defaults={"position": newest, "zone": str(shop), "hours": found})
    return found


def _count(shop: tzinfo, newest: int, now: datetime) -> Counter[int]:
    rows = Fact.objects.filter(position__gt=newest - NEWEST, name__in=NAMES, at__lte=now)
    return Counter(at.astimezone(shop).hour for at in rows.values_list("at", flat=True))


def likeliest(own: Mapping[int, int], usual: Mapping[int, int]) -> int:
    """The hour of the greatest share, own counts and PRIOR times the shop's shares together; the earliest of equals."""
    total = sum(usual.values())
    if not total and not sum(own.values()):
        return USUAL
    shares = {hour: usual.get(hour, 0) / total if total else 1 / 24 for hour in range(24)}
    weight = {hour: own.get(hour, 0) + PRIOR * shares[hour] for hour in range(24)}
    near = {hour: weight[hour] + NEAR * (weight[(hour - 1) % 24] + weight[(hour + 1) % 24]) for hour in range(24)}
    return max(range(FIRST, LAST + 1), key=lambda hour: (round(near[hour], 9), -hour))


__all__ = ["USUAL", "best", "likeliest"]
