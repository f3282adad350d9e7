"""Orders that come in as facts say which codes they used: those are redeemed, and what they cost is booked.

An order that is there cannot be refused: where the terms speak against its code, the redemption says so (`against`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.offer import codes, offers, redeeming, terms
from dangol.offer.models import Coupon, Offer, Redemption
from dangol.offer.redeeming import Found, Use
from dangol.profile.models import Order, Refund
from dangol.profile.rules import still_in

TOLD = frozenset({"Order Completed", "Order Updated"})
UNDOES = frozenset({"Order Cancelled", "Order Refunded"})


def note(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Take in the codes of orders, and what became of those orders; in the loop's turn, behind profile."""
    told = [(fact, who, named) for fact, who in zip(facts, customer_ids, strict=True) if (named := _codes(fact))]
    undone = {_order_id(fact) for fact in facts if fact.name in UNDOES and fact.type == "track"} - {""}
    if not (told or undone) or not Offer.objects.exists():
        return
    known = _known({code for _, _, named in told for code in named})
    for fact, who, named in told:
        for code in named:
            if code in known:
                _redeem(known[code], code, fact, who, len(named) - 1, now)
    told_of = {_order_id(fact) for fact, _, named in told if any(code in known for code in named)}
    for some in parts(sorted(undone | told_of - {""})):
        for row in Redemption.objects.filter(order_id__in=some, state="redeemed").order_by("pk"):
            _follow_order(row, now)


def _codes(fact: Fact) -> list[str]:
    if fact.name not in TOLD or fact.type != "track":
        return []
    return codes.named_in(fact.properties.get("coupon") or fact.properties.get("discount_codes"))


def _order_id(fact: Fact) -> str:
    told = fact.properties.get("order_id") or fact.properties.get("orderId") or ""
    return str(told)[:200]


def _known(named: Iterable[str]) -> dict[str, int]:
    """By code as it is folded, the offer that it is of: the codes that are ours."""
    found: dict[str, int] = {}
    for some in parts(sorted(named)):
        ours = Coupon.objects.filter(folded__in=some, shared=False).exclude(state__in=("free", "void"))
        found |= dict(ours.values_list("folded", "offer_id"))
        found |= {
            folded: pk for folded, pk in Offer.objects.filter(folded__in=some).values_list("folded", "pk") if folded
        }
    return found


def _redeem(offer_id: int, folded: str, fact: Fact, who: int, others: int, now: datetime) -> None:
    with transaction.atomic():
        offer = Offer.objects.select_for_update().get(pk=offer_id)
        coupon = Coupon.objects.filter(offer=offer, folded=folded, shared=False).first()
        found = Found(offer, offers.terms_of(offer), coupon)
        redeeming.let_go(offer, fact.at)
        row = _row(found, fact)
        if row is None or row.state == "held":
            _begin(row, found, fact, who, others, now)
        else:
            _book(row, found, fact, others)
            row.save()


def _row(found: Found, fact: Fact) -> Redemption | None:
    """The redemption of this order, by whichever way it was told first; one without an order's number is this one's."""
    rows = Redemption.objects.filter(offer=found.offer, coupon=found.coupon).exclude(state="released")
    rows = rows.select_related("offer", "coupon")
    order_id = _order_id(fact)
    same = rows.filter(order_id=order_id, source__in=("", fact.source)).first() if order_id else None
    return same or (rows.filter(order_id="", state__in=redeeming.ACTIVE).first() if found.coupon else None)


def _begin(held: Redemption | None, found: Found, fact: Fact, who: int, others: int, now: datetime) -> None:
    """Redeem a code for an order that is there, whatever speaks against it."""
    row = held or Redemption(offer=found.offer, coupon=found.coupon, state="held", at=fact.at)
    if held is None:
        row.against = _against(found, fact, who, now)
        row.campaign = redeeming.campaign_of(found, who)
    row.customer_id, row.home = row.customer_id or who or None, row.home or who or None
    row.at = fact.at
    _book(row, found, fact, others)
    row.state = "held"
    row.save()
    redeeming.settle(row, now) if not fact.imported else _settle_history(row)


def _settle_history(row: Redemption) -> None:
    """What was imported is history: it is booked, and no fact starts a campaign by it."""
    row.state = "redeemed"
    row.save(update_fields=["state"])
    if not row.against:
        redeeming.turn_coupon(row, "redeemed")


def _against(found: Found, fact: Fact, who: int, now: datetime) -> str:
    """Why the code should not have been taken; judged at the time of the order. Empty where all is well."""
    basket = _basket(found, fact)
    use = Use("", basket, who)
    standing = redeeming.standing_of(found, use, fact.at)
    code = redeeming.held_of(found, who, fact.at)
    if code.state == "expired" and (code.expires_at is None or code.expires_at > fact.at):
        code = replace(code, state="issued")  # the order is older than the news of it
    return terms.refusal(found.terms, code, basket, who, standing, fact.at, Shop.objects.get().zone)


def _basket(found: Found, fact: Fact) -> terms.Basket:
    basket = terms.basket(fact.properties, before=not terms.taken_off(fact.properties))
    return basket if basket.currency else replace(basket, currency=found.terms.currency)


def _book(row: Redemption, found: Found, fact: Fact, others: int) -> None:
    """What the order says of the discount; the terms where it says nothing, never more than the discount it tells."""
    basket, told = _basket(found, fact), terms.given(fact.properties, codes.fold(_code(found)), others)
    whole = terms.given(fact.properties, "", 0)
    cost = terms.discount(found.terms, basket) if told is None else told
    row.cost = min(cost, whole) if told is None and whole else cost
    if found.terms.gives == terms.GIFT:
        row.cost = max(row.cost, found.terms.worth)
    row.told, row.currency = told is not None, basket.currency
    row.taken_off = _netted(found, fact)
    row.source, row.order_id = fact.source, _order_id(fact)


def _netted(found: Found, fact: Fact) -> bool:
    """Whether the revenue that profile keeps of an order is without this discount. It is of goods alone, so that a gift
    and, unless profile takes the whole discount off, free shipping were never in it."""
    if found.terms.gives == terms.GIFT:
        return False
    if still_in(fact.properties) > 0:
        return True
    return terms.taken_off(fact.properties) and found.terms.gives != terms.SHIPPING


def _code(found: Found) -> str:
    return found.coupon.code if found.coupon else found.offer.code


def _follow_order(row: Redemption, now: datetime) -> None:
    """An order that was cancelled or wholly paid back gave nothing away; its code comes back where that was agreed."""
    what = _undone(row)
    if not what:
        return
    with transaction.atomic():
        offer = Offer.objects.select_for_update().get(pk=row.offer_id)
        row = Redemption.objects.select_related("offer", "coupon").get(pk=row.pk)
        if row.state != "redeemed":
            return
        row.state = "undone"
        row.save(update_fields=["state"])
        agreed = offers.terms_of(offer).comes_back
        back = agreed in {terms.REFUNDED, what}
        if back and not row.against:
            redeeming.turn_coupon(row, "issued")
            redeeming.tell(redeeming.FREED, row, now)


def _undone(row: Redemption) -> str:
    """cancelled or refunded (all of it); empty where the order stands."""
    order = Order.every.filter(source=row.source, order_id=row.order_id).first()
    if order is None:
        return ""
    if order.cancelled:
        return terms.CANCELLED
    refunds = Refund.objects.filter(source=row.source, order_id=row.order_id)
    if refunds.filter(amount=None).exists():
        return terms.REFUNDED
    back = refunds.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return terms.REFUNDED if back and back >= order.revenue else ""
