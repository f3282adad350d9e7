"""What people look at in the customer file: lists, one file, sums. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from dangol.base.parts import parts
from dangol.identity import steps as identity
from dangol.profile.models import Consent, Fact, Order, Profile

Cursor = tuple[datetime, int]  # (last seen, customer id) of the last one on a page


@dataclass(frozen=True, slots=True)
class Totals:
    """The shop's customers in three numbers."""

    customers: int
    buyers: int
    net: Decimal  # revenue of completed orders, refunds taken off


def count() -> int:
    return Profile.objects.count()


def known(customer_id: int) -> bool:
    """Whether there is a customer of this id."""
    return Profile.objects.filter(pk=customer_id).exists()


def totals() -> Totals:
    sums = Profile.objects.aggregate(
        customers=Count("pk"),
        buyers=Count("pk", filter=Q(orders__gt=0)),
        revenue=Sum("revenue"),
        refunded=Sum("refunded"),
    )
    return Totals(sums["customers"], sums["buyers"], (sums["revenue"] or Decimal(0)) - (sums["refunded"] or Decimal(0)))


def search(text: str, *, before: Cursor | None = None, limit: int = 50) -> list[Profile]:
    """Customers whom the text could mean, those seen last first; no text means everybody."""
    rows = _meant(text.strip()).order_by("-last_seen_at", "-customer_id")
    if before:
        at, customer = before
        rows = rows.filter(Q(last_seen_at__lt=at) | Q(last_seen_at=at, customer_id__lt=customer))
    return list(rows[:limit])


def _meant(text: str) -> QuerySet[Profile]:
    if not text:
        return Profile.objects.all()
    meant = Q(name__icontains=text) | Q(email__icontains=text.lower()) | Q(user_id=text) | Q(phone__contains=text)
    known = {identity.find(kind, text) for kind in ("userId", "anonymousId", "email", "phone")} - {None}
    if text.isascii() and text.isdecimal() and len(text) < 18:
        known.add(identity.current(int(text)))
    return Profile.objects.filter(meant | Q(pk__in=[customer for customer in known if customer]))


def names(customer_ids: Collection[int]) -> dict[int, str]:
    """What to call these customers: name, e-mail or user id; those of whom nothing is known are missing."""
    found: dict[int, str] = {}
    for part in parts(sorted(customer_ids)):
        rows = Profile.objects.filter(pk__in=part)
        for customer, name, email, user_id in rows.values_list("customer_id", "name", "email", "user_id"):
            if label := name or email or user_id:
                found[customer] = label
    return found


def phones(customer_ids: Collection[int]) -> dict[int, str]:
    """These customers' telephone numbers; those without one are missing."""
    rows = [Profile.objects.filter(pk__in=part).exclude(phone="") for part in parts(sorted(customer_ids))]
    return {customer: phone for found in rows for customer, phone in found.values_list("customer_id", "phone")}


def consents(customer_id: int) -> list[Consent]:
    return list(Consent.objects.filter(customer_id=customer_id).order_by("channel", "purpose"))


def orders(customer_id: int, limit: int = 20) -> list[Order]:
    """A customer's orders, the newest first."""
    return list(Order.objects.filter(customer_id=customer_id).order_by("-at")[:limit])


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a customer buys."""

    orders: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def gap_days(self) -> float | None:
        """Days between two orders on average; empty below two."""
        if self.orders < 2 or self.first_at is None or self.last_at is None:
            return None
        return (self.last_at - self.first_at).total_seconds() / 86_400 / (self.orders - 1)


def rhythm(customer_id: int) -> Rhythm:
    told = Order.objects.filter(customer_id=customer_id, cancelled=False).aggregate(
        orders=Count("pk"), first=Min("at"), last=Max("at")
    )
    return Rhythm(told["orders"], told["first"], told["last"])


def last_position() -> int:
    """Of the newest fact that is in any customer's file; 0 before the first."""
    return Fact.objects.order_by("-position").values_list("position", flat=True).first() or 0


def facts_since(at: datetime) -> int:
    """How many facts of customers' doing came in since."""
    return Fact.objects.filter(own=False, received_at__gte=at, imported=False).count()


def newest(customer_id: int, names: Collection[str], *, since: datetime, limit: int) -> list[tuple[str, str]]:
    """Name and properties (JSON text or '') of a customer's track facts of these names, the newest first."""
    rows = Fact.objects.filter(customer_id=customer_id, type="track", name__in=names, at__gte=since)
    return list(rows.order_by("-at", "-position").values_list("name", "properties")[:limit])


def customers(after: int, limit: int) -> list[Profile]:
    """Files by customer id, behind the id `after`."""
    return list(Profile.objects.filter(customer_id__gt=after).order_by("customer_id")[:limit])


def consents_of(customer_ids: Collection[int]) -> dict[int, list[Consent]]:
    """Every present consent of these customers."""
    found: dict[int, list[Consent]] = {}
    for part in parts(sorted(customer_ids)):
        for row in Consent.objects.filter(customer_id__in=part).order_by("channel", "purpose"):
            found.setdefault(row.customer_id, []).append(row)
    return found


def user_ids(customer_ids: Collection[int]) -> dict[int, str]:
    """The userId of each of these customers who has one."""
    found: dict[int, str] = {}
    for part in parts(sorted(customer_ids)):
        rows = Profile.objects.filter(pk__in=part).exclude(user_id="")
        found |= dict(rows.values_list("customer_id", "user_id"))
    return found
