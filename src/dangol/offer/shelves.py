"""How offers and their codes stand, for whoever looks at them. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from dangol.base.instants import iso
from dangol.offer import offers, terms
from dangol.offer.models import Batch, Coupon, Offer, Redemption
from dangol.offer.terms import Terms

LOOKED_BACK = timedelta(days=7)
SOON = timedelta(days=7)  # codes that are gone so soon at the present pace are few
FEW = 20  # … and where nothing was issued lately, so many are


@dataclass(frozen=True, slots=True)
class Shelf:
    """One offer as it stands."""

    offer: Offer
    terms: Terms
    states: dict[str, int] = field(default_factory=dict)  # of codes: free, issued, redeemed, expired, void
    redeemed: int = 0
    held: int = 0
    against: int = 0  # redeemed in spite of the terms
    cost: Decimal = Decimal(0)  # of redemptions whose order stands, in the offer's currency
    foreign: dict[str, Decimal] = field(default_factory=dict)  # of orders in other currencies
    lately: int = 0  # issued in LOOKED_BACK
    making: int = 0  # codes that are still being made

    @property
    def free(self) -> int:
        return self.states.get("free", 0)

    @property
    def issued(self) -> int:
        """Codes that customers got, whatever became of them."""
        return sum(count for state, count in self.states.items() if state != "free")

    @property
    def days_left(self) -> float | None:
        """How long the codes last at the present pace; None where none are needed, or nothing is issued."""
        if self.terms.codes != terms.BATCHES or not self.lately:
            return None
        return self.free / (self.lately / LOOKED_BACK.days)

    @property
    def running_dry(self) -> bool:
        """Whether codes are soon gone."""
        if self.terms.codes != terms.BATCHES or self.offer.archived_at is not None or self.making:
            return False
        return self.free < FEW if self.days_left is None else self.days_left < SOON.days

    @property
    def budget_left(self) -> Decimal | None:
        return None if self.terms.budget is None else max(self.terms.budget - self.cost, Decimal(0))


def all_of_them(now: datetime, *, archived: bool = True) -> list[Shelf]:
    """Every offer, those that give something first, by name."""
    rows = Offer.objects.all() if archived else Offer.objects.filter(archived_at=None)
    return _shelves(sorted(rows, key=lambda row: (row.archived_at is not None, row.name, row.key)), now)


def one(key: str, now: datetime) -> Shelf:
    """One offer. Raises NotFound."""
    return _shelves([offers.get(key)], now)[0]


def dry(now: datetime) -> list[Shelf]:
    """Offers whose codes are soon gone."""
    waiting = Offer.objects.filter(archived_at=None, terms__codes=terms.BATCHES)
    return [shelf for shelf in _shelves(list(waiting), now) if shelf.running_dry]


def _shelves(rows: Sequence[Offer], now: datetime) -> list[Shelf]:
    ids = [row.pk for row in rows]
    states: dict[int, dict[str, int]] = defaultdict(dict)
    for offer, state, count in (
        Coupon.objects.filter(offer__in=ids).values_list("offer", "state").annotate(n=Count("pk"))
    ):
        states[offer][state] = count
    lately = dict(
        Coupon.objects.filter(offer__in=ids, issued_at__gt=now - LOOKED_BACK)
        .values_list("offer").annotate(n=Count("pk"))
    )  # fmt: skip
    making = dict(
        Batch.objects.filter(offer__in=ids, made_here=True)
        .values_list("offer").annotate(left=Sum(F("wanted") - F("there")))
    )  # fmt: skip
    used = _redemptions(ids)
    return [
        _shelf(row, states[row.pk], used.get(row.pk, {}), lately.get(row.pk, 0), making.get(row.pk, 0)) for row in rows
    ]


Used = dict[str, tuple[int, int, int, Decimal]]  # currency → redeemed, held, against, cost


def _redemptions(ids: Sequence[int]) -> dict[int, Used]:
    found: dict[int, Used] = defaultdict(dict)
    rows = Redemption.objects.filter(offer__in=ids).values_list("offer", "currency").annotate(
        redeemed=Count("pk", filter=Q(state="redeemed")), held=Count("pk", filter=Q(state="held")),
        odd=Count("pk", filter=Q(state="redeemed") & ~Q(against="")), cost=Sum("cost", filter=Q(state="redeemed")),
    )  # fmt: skip
    for offer, currency, redeemed, held, odd, cost in rows:
        found[offer][currency] = (redeemed, held, odd, cost or Decimal(0))
    return found


def _shelf(row: Offer, states: dict[str, int], used: Used, lately: int, making: int) -> Shelf:
    agreed = offers.terms_of(row)
    own = used.get(agreed.currency, (0, 0, 0, Decimal(0)))[3]
    return Shelf(
        offer=row, terms=agreed, states=states, redeemed=sum(one[0] for one in used.values()),
        held=sum(one[1] for one in used.values()), against=sum(one[2] for one in used.values()), cost=own,
        foreign={currency: one[3] for currency, one in used.items() if currency != agreed.currency and one[3]},
        lately=lately, making=max(making or 0, 0),
    )  # fmt: skip


def batches(offer: Offer) -> list[Batch]:
    """Its batches, the newest first."""
    return list(Batch.objects.filter(offer=offer).order_by("-at", "-pk"))


def coupons(offer: Offer, *, state: str = "", after: int = 0, limit: int = 50) -> list[Coupon]:
    """Its codes by number; of one state where that is said."""
    rows = Coupon.objects.filter(offer=offer, pk__gt=after)
    return list((rows.filter(state=state) if state else rows).order_by("pk")[:limit])


COLUMNS = ("code", "state", "issued_at", "expires_at", "customer")


def every_code(offer: Offer, state: str = "") -> Iterator[Coupon]:
    """All its codes, one by one."""
    rows = Coupon.objects.filter(offer=offer)
    yield from (rows.filter(state=state) if state else rows).order_by("pk").iterator(chunk_size=2_000)


def as_columns(row: Coupon) -> tuple[str, ...]:
    """A code as a table has it (COLUMNS)."""
    times = (iso(at) if at else "" for at in (row.issued_at, row.expires_at))
    code = f"'{row.code}" if row.code[:1] in "=+-@" else row.code  # no spreadsheet is to take it for a formula
    return (code, row.state, *times, str(row.customer_id or ""))


def newest(offer: Offer, *, state: str = "", before: int = 0, limit: int = 50) -> list[Coupon]:
    """Codes that customers got, the newest first."""
    rows = Coupon.objects.filter(offer=offer, issued_at__isnull=False)
    rows = rows.filter(pk__lt=before) if before else rows
    return list((rows.filter(state=state) if state else rows).order_by("-pk")[:limit])


def redemptions(offer: Offer, *, after: int = 0, limit: int = 50) -> list[Redemption]:
    """Its redemptions by number, held ones and those of orders that came to nothing too."""
    rows = Redemption.objects.filter(offer=offer, pk__gt=after).select_related("offer", "coupon")
    return list(rows.order_by("pk")[:limit])


def redeemed_last(offer: Offer, limit: int) -> list[Redemption]:
    """The newest redemptions."""
    rows = Redemption.objects.filter(offer=offer).exclude(state="released").select_related("coupon")
    return list(rows.order_by("-at", "-pk")[:limit])


def of_customer(customer_id: int, limit: int = 20) -> list[Coupon]:
    """One customer's coupons, the newest first."""
    rows = Coupon.objects.filter(customer_id=customer_id).select_related("offer")
    return list(rows.order_by("-issued_at", "-pk")[:limit])
