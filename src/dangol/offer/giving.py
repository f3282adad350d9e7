"""Coupons are issued: one for each cause, the same one again for the same cause; or the reason why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.db import transaction
from django.db.models import Sum

from dangol.base.instants import iso
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.collect import steps as collect
from dangol.offer import codes, offers, terms
from dangol.offer.models import Coupon, Offer, Redemption
from dangol.offer.terms import Terms

ISSUED = "Coupon Issued"
OPEN = ("issued", "redeemed")
SPENDING = ("held", "redeemed")
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody is to get a coupon."""

    offer: str
    customer_id: int
    key: str  # the cause: a run and a step of it, a request of the staff
    home: int = 0  # for whom the cause began, where that was before a merge
    campaign: str = ""
    step: str = ""
    by: str = ""
    trail: tuple[str, ...] = ()  # campaigns that led here


@dataclass(frozen=True, slots=True)
class Given:
    """What came of a wish: a coupon, or the reason why there is none."""

    coupon: Coupon | None
    reason: str = ""  # empty, budget, total, per_customer, expired, archived, unknown
    again: bool = False  # it was issued before


def issue(wishes: Sequence[Wish], now: datetime) -> list[Given]:
    """Issue coupons, in the caller's transaction or one of its own; one answer for each wish, in order.

    A code is in nobody's hands twice, however many issue at once: whoever does holds the offer's row.
    """
    answers: dict[int, Given] = {}
    by_offer: dict[str, list[tuple[int, Wish]]] = defaultdict(list)
    for number, wish in enumerate(wishes):
        by_offer[wish.offer].append((number, wish))
    with transaction.atomic():
        for key in sorted(by_offer):
            offer = Offer.objects.select_for_update().filter(key=key).first()
            for some in parts(by_offer[key], AT_ONCE):
                asked = [wish for _, wish in some]
                found = Shelf(offer, now).give(asked) if offer else [Given(None, terms.UNKNOWN) for _ in asked]
                answers.update({number: given for (number, _), given in zip(some, found, strict=True)})
    return [answers[number] for number in range(len(wishes))]


@dataclass(slots=True)
class Shelf:
    """One offer while some coupons of it are issued; its row is locked."""

    offer: Offer
    now: datetime
    agreed: Terms = field(init=False)
    zone: tzinfo = field(init=False)
    new: list[Coupon] = field(default_factory=list)  # to be written as they are
    taken: list[Coupon] = field(default_factory=list)  # out of batches
    facts: list[tuple[Coupon, Wish]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.agreed, self.zone = offers.terms_of(self.offer), Shop.objects.get().zone

    def give(self, wishes: Sequence[Wish]) -> list[Given]:
        """One answer for each."""
        before = {row.key: row for row in Coupon.objects.filter(key__in=[self._key(wish) for wish in wishes])}
        held = self._held({wish.customer_id for wish in wishes})
        closed, left = self._closed(), self._left()
        pool = self._pool(min(len(wishes), left))
        answers = []
        for wish in wishes:
            given = self._again(before.get(self._key(wish)), held[wish.customer_id])
            if given is None and (closed or left <= 0):
                given = Given(None, closed or terms.TOTAL)
            if given is None:
                given = self._one(wish, pool)
                if given.coupon is not None:
                    left -= 1
                    before[self._key(wish)] = given.coupon
                    held[wish.customer_id].append(given.coupon)
            answers.append(given)
        self._write()
        return answers

    def _key(self, wish: Wish) -> str:
        return f"{self.offer.pk}:{wish.home or wish.customer_id}:{wish.key}"[:300]

    def _held(self, customers: set[int]) -> dict[int, list[Coupon]]:
        found: dict[int, list[Coupon]] = defaultdict(list)
        for row in Coupon.objects.filter(offer=self.offer, customer_id__in=customers, state__in=OPEN).order_by("pk"):
            found[row.customer_id or 0].append(row)
        return found

    def _again(self, same: Coupon | None, held: Sequence[Coupon]) -> Given | None:
        """What the customer has already: of this very cause, or as many as one customer may have. None: nothing."""
        if same is not None:
            return Given(same, again=True)
        most = self.agreed.per_customer
        if not most or len(held) < most:
            return None
        usable = [one for one in held if one.state == "issued" and not (one.expires_at and one.expires_at <= self.now)]
        return Given(usable[-1], again=True) if usable else Given(None, terms.PER_CUSTOMER)

    def _closed(self) -> str:
        """Why the offer gives nothing at all now; empty where it does."""
        if self.offer.archived_at is not None:
            return terms.ARCHIVED
        if terms.over(self.agreed, self.now, self.zone):
            return terms.EXPIRED
        spent = spent_of(self.offer) if self.agreed.budget is not None else 0
        return terms.BUDGET if self.agreed.budget is not None and spent >= self.agreed.budget else ""

    def _left(self) -> int:
        if self.agreed.total is None:
            return 10**9
        if self.agreed.codes == terms.SHARED:
            return self.agreed.total - Redemption.objects.filter(offer=self.offer, state__in=SPENDING).count()
        return self.agreed.total - Coupon.objects.filter(offer=self.offer, state__in=OPEN).count()

    def _pool(self, count: int) -> Iterator[Coupon]:
        """Codes that nobody has: those in batches first, then new ones where they are made as they are needed."""
        offer, count = self.offer, max(count, 0)
        if self.agreed.codes == terms.SHARED:
            return (Coupon(offer=offer, code=offer.code, folded=offer.folded or "", shared=True) for _ in range(count))
        there = list(Coupon.objects.filter(offer=offer, state="free").order_by("pk")[:count])
        wanted = count - len(there) if self.agreed.codes == terms.MADE else 0
        new = offers.fresh(wanted) if wanted else []
        return iter([*there, *(Coupon(offer=offer, code=code, folded=codes.fold(code)) for code in new)])

    def _one(self, wish: Wish, pool: Iterator[Coupon]) -> Given:
        coupon = next(pool, None)
        if coupon is None:
            return Given(None, terms.EMPTY)
        (self.taken if coupon.pk else self.new).append(coupon)
        coupon.state, coupon.key, coupon.issued_at = "issued", self._key(wish), self.now
        coupon.customer_id, coupon.home = wish.customer_id, wish.home or wish.customer_id
        coupon.campaign, coupon.step, coupon.by = wish.campaign, wish.step, wish.by[:254]
        coupon.expires_at = terms.expiry(self.agreed, self.now, self.zone)
        self.facts.append((coupon, wish))
        return Given(coupon)

    def _write(self) -> None:
        Coupon.objects.bulk_create(self.new, batch_size=300)
        written = ["state", "key", "issued_at", "customer_id", "home", "campaign", "step", "by", "expires_at"]
        Coupon.objects.bulk_update(self.taken, written, batch_size=100)
        if self.facts:
            collect.emit_all([_fact(self.offer, coupon, wish, self.now) for coupon, wish in self.facts])
        self.new, self.taken, self.facts = [], [], []


def _fact(offer: Offer, coupon: Coupon, wish: Wish, now: datetime) -> tuple[str, int, dict[str, Any], str, datetime]:
    """That a coupon was issued; without its code, which is money for whoever reads it."""
    told = {
        "offer": offer.key, "offer_name": offer.name, "coupon": coupon.pk, "campaign": wish.campaign, "step": wish.step,
        "expires_at": iso(coupon.expires_at) if coupon.expires_at else "", "trail": list(wish.trail),
    }  # fmt: skip
    properties = {name: value for name, value in told.items() if value not in ("", [])}
    return ISSUED, wish.customer_id, properties, f"coupon issued:{coupon.pk}", now


def spent_of(offer: Offer) -> Any:
    """What redemptions of an offer cost so far, in its currency; held ones too."""
    rows = Redemption.objects.filter(offer=offer, state__in=SPENDING)
    return rows.aggregate(sum=Sum("cost"))["sum"] or 0
