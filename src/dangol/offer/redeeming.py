"""Codes are checked, held and redeemed for whoever asks: a shop's checkout. Each code exactly once.

In: a code, an order as far as it is known, and who orders. Out: a Redemption, or a refusal out of terms.REFUSALS.
Promise: of however many who redeem one code at once one succeeds; the same order asking again gets the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.db.models import Sum

from dangol.base.errors import Conflict, NotFound
from dangol.base.models import Shop
from dangol.collect import steps as collect
from dangol.offer import codes, offers, terms
from dangol.offer.models import Coupon, Guesses, Offer, Redemption
from dangol.offer.terms import Basket, Held, Standing, Terms
from dangol.profile.models import Order

REDEEMED, FREED = "Coupon Redeemed", "Coupon Freed"
ACTIVE = ("held", "redeemed")
HOLD = timedelta(minutes=15)
LONGEST_HOLD = timedelta(days=7)
STRETCH, MOST_GUESSES = timedelta(minutes=10), 20
T = TypeVar("T")


class Refused(Conflict):
    """A code cannot be used; `reason` says why (terms.REFUSALS)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this code cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class Found:
    """A code that there is: its offer, and the coupon where it is one customer's."""

    offer: Offer
    terms: Terms
    coupon: Coupon | None


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody wants to use a code."""

    code: str
    order: Basket
    customer_id: int = 0  # 0: nobody said who
    guesser: str = ""  # who is to be slowed down when they try codes that are none


def check(use: Use, now: datetime) -> tuple[Found | None, str, Decimal]:
    """The offer behind a code, why it cannot be used (empty: it can) and the discount it would give. Changes nothing
    but the count of wrong tries."""

    def look() -> tuple[Found | None, str, Decimal]:
        found = find(use.code)
        if found is None:
            return None, terms.UNKNOWN, Decimal(0)
        same = _same(found, use)
        reason = "" if same else _refusal(found, use, now)
        return found, reason, same.cost if same else terms.discount(found.terms, use.order)

    return _slowly(use, now, look, lambda answer: answer[1] == terms.UNKNOWN)


def hold(use: Use, now: datetime, span: timedelta = HOLD) -> Redemption:
    """Keep a code for an order that is being paid; it is nobody else's meanwhile. Raises Refused."""
    return _take(use, now, "held", min(span, LONGEST_HOLD))


def redeem(use: Use, now: datetime) -> Redemption:
    """Use a code up. Raises Refused."""
    return _take(use, now, "redeemed", None)


def _take(use: Use, now: datetime, state: str, span: timedelta | None) -> Redemption:
    def take() -> Redemption | str:
        with transaction.atomic():
            found = find(use.code, lock=True)
            if found is None:
                return terms.UNKNOWN
            let_go(found.offer, now)
            if (same := _same(found, use)) is not None:
                return settle(same, now) if state == "redeemed" and same.state == "held" else same
            reason = _refusal(found, use, now)
            return reason or _book(found, use, now, state, span)

    answer = _slowly(use, now, take, lambda answer: answer == terms.UNKNOWN)
    if isinstance(answer, str):
        raise Refused(answer)
    return answer


def confirm(redemption_id: int, now: datetime) -> Redemption:
    """The order that a code was held for is paid. Redeemed already: nothing happens. Raises NotFound, and Refused where
    the time is over and somebody else has the code."""
    with transaction.atomic():
        row = _locked(redemption_id)
        if row.state == "redeemed":
            return row
        if row.state == "undone" or (row.state == "released" and not _still_free(row)):
            raise Refused(terms.USED)
        return settle(row, now)


def release(redemption_id: int) -> Redemption:
    """The order came to nothing: the code may be used again. Raises NotFound; Conflict where it was redeemed."""
    with transaction.atomic():
        row = _locked(redemption_id)
        if row.state not in {"held", "released"}:
            raise Conflict(f"redemption {redemption_id} is {row.state}; only what is held can be released")
        row.state = "released"
        row.save(update_fields=["state"])
    return row


def _locked(redemption_id: int) -> Redemption:
    row = Redemption.objects.filter(pk=redemption_id).first()
    if row is None:
        raise NotFound(f"there is no redemption {redemption_id}")
    Offer.objects.select_for_update().get(pk=row.offer_id)
    return Redemption.objects.select_related("offer", "coupon").get(pk=redemption_id)


def _still_free(row: Redemption) -> bool:
    coupon = row.coupon
    if coupon is None:
        return True
    return coupon.state != "redeemed" and not Redemption.objects.filter(coupon=coupon, state__in=ACTIVE).exists()


def find(code: str, *, lock: bool = False) -> Found | None:
    """What a code is; None where there is none, or nobody was given it. With `lock` its offer's row is held."""
    folded = codes.fold(code)
    if not folded:
        return None
    coupon = Coupon.objects.filter(folded=folded, shared=False).exclude(state__in=("free", "void")).first()
    asked = Offer.objects.select_for_update() if lock else Offer.objects.all()
    offer = asked.filter(pk=coupon.offer_id).first() if coupon else asked.filter(folded=folded).first()
    if offer is None:
        return None
    if coupon and lock:
        coupon.refresh_from_db()
    return Found(offer, offers.terms_of(offer), coupon)


def let_go(offer: Offer, now: datetime) -> None:
    """Codes whose order was not paid in time are free again."""
    Redemption.objects.filter(offer=offer, state="held", held_until__lte=now).update(state="released")


def _same(found: Found, use: Use) -> Redemption | None:
    """The redemption of this very order, if it has been asked for already."""
    if not use.order.order_id:
        return None
    rows = Redemption.objects.filter(offer=found.offer, coupon=found.coupon, state__in=ACTIVE)
    return rows.filter(order_id=use.order.order_id, against="").select_related("offer", "coupon").first()


def _refusal(found: Found, use: Use, now: datetime) -> str:
    who, zone = use.customer_id, Shop.objects.get().zone
    code, standing = held_of(found, who, now), standing_of(found, use, now)
    return terms.refusal(found.terms, code, use.order, who, standing, now, zone)


def held_of(found: Found, customer: int, now: datetime) -> Held:
    """How a code stands. One for everybody stands as it was told to this customer, if it was."""
    coupon = found.coupon
    if coupon is None:
        told = told_to(found.offer, customer)
        return Held(owner=customer, expires_at=told.expires_at) if told else Held()
    waiting = Redemption.objects.filter(coupon=coupon, state="held", held_until__gt=now).exists()
    return Held(coupon.state, coupon.customer_id, coupon.expires_at, waiting)


def told_to(offer: Offer, customer: int) -> Coupon | None:
    """That a code for everybody was told to a customer, the last time."""
    rows = Coupon.objects.filter(offer=offer, customer_id=customer, shared=True) if customer else Coupon.objects.none()
    return rows.order_by("-issued_at", "-pk").first()


def standing_of(found: Found, use: Use, now: datetime) -> Standing:
    """How the offer and the customer stand."""
    rows = Redemption.objects.filter(offer=found.offer, state__in=ACTIVE).exclude(state="held", held_until__lte=now)
    who, orders = use.customer_id, Order.objects.filter(customer_id=use.customer_id, cancelled=False)
    return Standing(
        archived=found.offer.archived_at is not None,
        redeemed=rows.count() if found.terms.total is not None else 0,
        spent=rows.aggregate(sum=Sum("cost"))["sum"] or Decimal(0) if found.terms.budget is not None else Decimal(0),
        by_customer=rows.filter(customer_id=who).count() if who else 0,
        ordered=bool(who) and found.terms.first_order and orders.exclude(order_id=use.order.order_id).exists(),
    )


def _book(found: Found, use: Use, now: datetime, state: str, span: timedelta | None) -> Redemption:
    coupon = found.coupon
    who = use.customer_id or (coupon.customer_id if coupon and found.terms.tied else None)
    row = Redemption.objects.create(
        offer=found.offer, coupon=coupon, state="held", customer_id=who or None, home=who or None,
        order_id=use.order.order_id, campaign=campaign_of(found, who or 0), at=now,
        held_until=now + span if span else None, cost=terms.discount(found.terms, use.order),
        currency=use.order.currency or found.terms.currency,
    )  # fmt: skip
    return settle(row, now) if state == "redeemed" else row


def campaign_of(found: Found, customer: int) -> str:
    """The campaign that gave a code: of one for everybody the one that told it to this customer last."""
    coupon = found.coupon or told_to(found.offer, customer)
    return coupon.campaign if coupon else ""


def settle(row: Redemption, now: datetime) -> Redemption:
    """What was held is redeemed: its code is used up, and a fact says so. The offer's row is held."""
    row.state, row.held_until = "redeemed", None
    row.save()
    if not row.against:
        turn_coupon(row, "redeemed")
    tell(REDEEMED, row, now)
    return row


def turn_coupon(row: Redemption, state: str) -> None:
    """Let the coupon behind a redemption be used up, or be usable again."""
    coupon = row.coupon or told_to(row.offer, row.customer_id or 0)
    if coupon is not None:
        Coupon.objects.filter(pk=coupon.pk).update(state=state)
        coupon.state = state


def tell(name: str, row: Redemption, now: datetime) -> None:
    """A fact about a redemption, where it is known whose it is. A code that was freed may be redeemed again."""
    if not row.customer_id:
        return
    told = {
        "offer": row.offer.key, "offer_name": row.offer.name, "coupon": row.coupon_id or "", "order_id": row.order_id,
        "discount": float(row.cost), "currency": row.currency, "campaign": row.campaign, "against": row.against,
    }  # fmt: skip
    properties = {key: value for key, value in told.items() if value != ""}
    collect.emit(name, row.customer_id, properties, message_id=f"{name.lower()}:{row.pk}", at=now)


# --- guessing -------------------------------------------------------------------------------------------------------


def guesser(kind: str, value: str) -> str:
    """By what somebody who tries codes is remembered: a digest."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest() if value else ""


def _slowly(use: Use, now: datetime, act: Callable[[], T], wrong: Callable[[T], bool]) -> T:
    """Do something with a code, unless whoever asks tried too many that are none; a wrong one counts."""
    if not use.guesser:
        return act()
    row = Guesses.objects.filter(pk=use.guesser, since__gt=now - STRETCH).first()
    if row is not None and row.count >= MOST_GUESSES:
        raise Refused(terms.TOO_MANY)
    answer = act()
    if wrong(answer):
        count_wrong(use.guesser, now)
    return answer


def count_wrong(who: str, now: datetime) -> None:
    """Remember that somebody tried a code that is none; nobody: nothing."""
    if not who:
        return
    with transaction.atomic():
        Guesses.objects.filter(since__lte=now - STRETCH).delete()
        Guesses.objects.bulk_create([Guesses(who=who, since=now)], ignore_conflicts=True)
        row = Guesses.objects.select_for_update().get(pk=who)
        row.count += 1
        row.save(update_fields=["count"])
