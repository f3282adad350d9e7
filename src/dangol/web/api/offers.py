"""Offers and coupons over the API: made, issued, checked, held and redeemed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Body, Query, Router, Status
from pydantic import Field

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.money import Money
from dangol.offer import giving, offers, redeeming, shelves, terms
from dangol.offer.models import Batch, Coupon, Redemption
from dangol.offer.redeeming import Refused, Use
from dangol.offer.shelves import Shelf
from dangol.segment import lists
from dangol.web import guard
from dangol.web.api import offer_shapes as told
from dangol.web.api.access import SecretKey
from dangol.web.api.lists import Page, Paging, page, whole
from dangol.web.api.once import HEADER
from dangol.web.api.parameters import Key, RequestId

router = Router(tags=["offers"])
coupons = Router(tags=["coupons"])
SECRET_KEY = SecretKey()
State = Literal["", "free", "issued", "redeemed", "expired", "void"]


class Codes(Paging):
    """Which codes."""

    state: State = Field("", description="of this state only")


@router.get("", response=Page[told.OfferShown])
def everything(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """All offers, by key, with what became of their codes."""
    return whole(shelves.all_of_them(guard.CLOCK.now()), paging, _shown, lambda shelf: shelf.offer.key)


@router.get("/{key}", response=told.OfferShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One offer, also an archived one."""
    return _shown(shelves.one(key, guard.CLOCK.now()))


@router.put("/{key}", response=told.OfferShown)
def save(request: HttpRequest, key: Key, shape: Body[told.OfferTold]) -> dict[str, Any]:
    """Make an offer, or change it; what was promised with codes that are out stays."""
    offers.put(key, shape.dict(), guard.CLOCK.now())
    return _shown(shelves.one(key, guard.CLOCK.now()))


@router.delete("/{key}", response={204: None})
def archive(request: HttpRequest, key: Key) -> Status[None]:
    """Give no more of it; codes that customers have hold to their end."""
    offers.archive(key, guard.CLOCK.now())
    return Status(204, None)


@router.get("/{key}/batches", response=Page[told.BatchShown])
def batches(request: HttpRequest, key: Key, paging: Query[Paging]) -> dict[str, Any]:
    """Its batches, and how far those are that are being made."""
    return whole(shelves.batches(offers.get(key)), paging, _batch, lambda row: f"{row.pk:019d}")


@router.post("/{key}/batches", response=told.BatchShown)
def add(request: HttpRequest, key: Key, shape: Body[told.BatchTold]) -> dict[str, Any]:
    """Have codes made, or bring codes of the shop's platform: all of them or, where one is wrong, none."""
    if (shape.count is None) == (shape.codes is None):
        raise Invalid([Fault("", "both" if shape.codes else "neither", "count or codes")])
    now = guard.CLOCK.now()
    if shape.codes is not None:
        return _batch(offers.bring(key, "\n".join(shape.codes), now, by="API"))
    return _batch(offers.order_batch(key, shape.count or 0, now, prefix=shape.prefix, by="API"))


@router.post("/{key}/issue", response=told.CouponShown)
def issue(request: HttpRequest, key: Key, shape: Body[told.IssueTold]) -> dict[str, Any]:
    """Give a customer a coupon; for the same cause the same one again."""
    offers.get(key)
    customer = _customer(shape.customer)
    if not customer:
        raise NotFound(f"no customer is known by {shape.customer}")
    [given] = giving.issue([giving.Wish(key, customer, f"api:{shape.cause}", by="API")], guard.CLOCK.now())
    if given.coupon is None:
        raise Refused(given.reason)
    return _coupon(given.coupon)


@router.get("/{key}/coupons", response=Page[told.CouponShown])
def codes_of(request: HttpRequest, key: Key, paging: Query[Codes]) -> dict[str, Any]:
    """Its codes, whose they are and what became of them."""
    after = paging.number() or 0
    rows = shelves.coupons(offers.get(key), state=paging.state, after=after, limit=paging.limit + 1)
    return page(rows, paging, _coupon, lambda row: str(row.pk))


@router.get("/{key}/redemptions", response=Page[told.RedemptionShown])
def redemptions(request: HttpRequest, key: Key, paging: Query[Paging]) -> dict[str, Any]:
    """For which orders its codes were used, and what that cost."""
    rows = shelves.redemptions(offers.get(key), after=paging.number() or 0, limit=paging.limit + 1)
    return page(rows, paging, _redemption, lambda row: str(row.pk))


# --- at the checkout ------------------------------------------------------------------------------------------------


@coupons.post("/check", response=told.Checked)
def check(request: HttpRequest, shape: Body[told.UseTold]) -> dict[str, Any]:
    """Whether a code can be used for an order, and what it would give. Uses nothing up."""
    found, reason, discount = redeeming.check(_use(request, shape), guard.CLOCK.now())
    _note_guess(request, shape, reason)
    if found is None:
        return {"usable": False, "reason": reason, "offer": "", "name": "", "discount": None}
    currency = shape.order.currency or found.terms.currency
    return {
        "usable": not reason, "reason": reason, "offer": found.offer.key, "name": found.offer.name,
        "discount": Money(discount, currency).as_json(),
    }  # fmt: skip


@coupons.post("/redeem", response=told.RedemptionShown)
def redeem(request: HttpRequest, shape: Body[told.UseTold]) -> dict[str, Any]:
    """Use a code up for an order. The same order asking again gets the same answer; anybody else is refused."""
    return _taking(request, shape, lambda: redeeming.redeem(_use(request, shape), guard.CLOCK.now()))


@coupons.post("/hold", response=told.RedemptionShown)
def hold(request: HttpRequest, shape: Body[told.HoldTold]) -> dict[str, Any]:
    """Keep a code for an order that is being paid: confirm it or release it."""
    span = timedelta(minutes=shape.minutes)
    return _taking(request, shape, lambda: redeeming.hold(_use(request, shape), guard.CLOCK.now(), span))


@coupons.post("/redemptions/{pk}/confirm", response=told.RedemptionShown)
def confirm(request: HttpRequest, pk: RequestId) -> dict[str, Any]:
    """The order that a code was held for is paid."""
    return _redemption(redeeming.confirm(pk, guard.CLOCK.now()))


@coupons.post("/redemptions/{pk}/release", response=told.RedemptionShown)
def release(request: HttpRequest, pk: RequestId) -> dict[str, Any]:
    """The order came to nothing: the code may be used again."""
    return _redemption(redeeming.release(pk))


def _taking(request: HttpRequest, shape: told.UseTold, take: Any) -> dict[str, Any]:
    try:
        return _redemption(take())
    except Refused as refused:
        _note_guess(request, shape, refused.reason)
        raise


def _note_guess(request: HttpRequest, shape: told.UseTold, reason: str) -> None:
    """Under an idempotency key a refusal takes back what it wrote: a wrong try is counted behind it (urls.py)."""
    if reason == terms.UNKNOWN and HEADER in request.headers:
        request.wrong_try = _guesser(request, shape)  # type: ignore[attr-defined]


def _guesser(request: HttpRequest, shape: told.UseTold) -> str:
    """Who is slowed down: whom the shop names, else the customer, else the key that asks."""
    asking = SECRET_KEY.find(request)
    named = redeeming.guesser("told", shape.guesser) or redeeming.guesser("customer", shape.customer)
    return named or redeeming.guesser("key", str(asking.pk) if asking else "")


def _use(request: HttpRequest, shape: told.UseTold) -> Use:
    order = {**shape.order.dict(), "products": [one.dict() for one in shape.order.products]}
    return Use(shape.code, terms.basket(order), _customer(shape.customer), _guesser(request, shape))


def _customer(text: str) -> int:
    """The customer that a text names; 0 where nobody is known by it."""
    return lists.resolve([text]).get(text) or 0 if text else 0


# --- what is shown --------------------------------------------------------------------------------------------------


def _shown(shelf: Shelf) -> dict[str, Any]:
    offer = shelf.offer
    return {
        "key": offer.key, "name": offer.name, "terms": offer.terms, "archived": offer.archived_at is not None,
        "created_at": offer.created_at, "codes": shelf.states, "redeemed": shelf.redeemed, "held": shelf.held,
        "against": shelf.against, "cost": Money(shelf.cost, shelf.terms.currency).as_json(),
        "foreign": [Money(amount, currency).as_json() for currency, amount in shelf.foreign.items()],
        "running_dry": shelf.running_dry,
    }  # fmt: skip


def _batch(row: Batch) -> dict[str, Any]:
    names = ("made_here", "wanted", "there", "by", "at")
    return {"id": str(row.pk), **{name: getattr(row, name) for name in names}}


def _coupon(row: Coupon) -> dict[str, Any]:
    names = ("code", "state", "campaign", "step", "issued_at", "expires_at")
    customer = str(row.customer_id) if row.customer_id else None
    return {"id": str(row.pk), "offer": row.offer.key, "customer": customer} | {
        name: getattr(row, name) for name in names
    }


def _redemption(row: Redemption) -> dict[str, Any]:
    names = ("state", "order_id", "source", "campaign", "at", "held_until", "told", "against")
    return {
        "id": str(row.pk), "offer": row.offer.key, "code": row.coupon.code if row.coupon else row.offer.code,
        "customer": str(row.customer_id) if row.customer_id else None,
        "discount": Money(row.cost, row.currency).as_json(), **{name: getattr(row, name) for name in names},
    }  # fmt: skip
