"""Points over the API: the scheme, a customer's ledger, adjusting and spending."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema
from pydantic import Field

from dangol.base.errors import NotFound
from dangol.identity import steps as identity
from dangol.offer import loyalty
from dangol.offer.models import PointEntry
from dangol.segment import lists
from dangol.web import guard
from dangol.web.api.lists import Paging, page
from dangol.web.api.parameters import CustomerId
from dangol.web.api.shapes import Strict

router = Router(tags=["loyalty"])


class SchemeShown(Schema):
    rules: dict[str, Any]
    begun_at: datetime = Field(description="what happened before earns nothing")
    tiers: dict[str, int] = Field(description="customers in each; those in none under the empty name")
    totals: dict[str, int] = Field(description="points by what became of them")


class SchemeTold(Strict):
    rules: dict[str, Any] = Field(description="earn, facts, expires_days, spend, tiers, tiers_by: docs/offers.md")


class Movement(Schema):
    id: str
    at: datetime
    points: int
    kind: str = Field(description="earned, taken_back, spent, expired, adjusted, levelled")
    reason: str
    order_id: str
    expires_at: datetime | None
    by: str
    code: str | None = Field(description="of the coupon that they became")


class Ledger(Schema):
    customer: str
    points: int
    tier: str
    since: datetime | None = Field(description="of the tier")
    items: list[Movement]
    next: str | None


class Adjusted(Strict):
    customer: str = Field(max_length=400, description="kind:value, such as userId:42, or a customer id")
    points: int
    reason: str = Field(max_length=300)
    cause: str = Field(max_length=100, description="the same cause counts once")


class Spent(Strict):
    customer: str = Field(max_length=400, description="kind:value, such as userId:42, or a customer id")
    offer: str = Field(max_length=64)
    cause: str = Field(max_length=100, description="the same cause counts once")


@router.get("/loyalty", response=SchemeShown)
def scheme(request: HttpRequest) -> dict[str, Any]:
    """The scheme, and how many points and customers there are."""
    row = loyalty.scheme()
    if row is None:
        raise NotFound("the shop has no points: save a scheme first")
    return {"rules": row.rules, "begun_at": row.begun_at, "tiers": loyalty.by_tier(), "totals": loyalty.totals()}


@router.put("/loyalty", response=SchemeShown)
def save(request: HttpRequest, told: Body[SchemeTold]) -> dict[str, Any]:
    """Save the scheme; points are earned from the first time on."""
    loyalty.put(told.rules, guard.CLOCK.now())
    return scheme(request)


@router.get("/customers/{customer_id}/points", response=Ledger)
def ledger(request: HttpRequest, customer_id: CustomerId, paging: Query[Paging]) -> dict[str, Any]:
    """A customer's points, tier and movements, the newest first."""
    current = identity.current(customer_id)
    if current is None:
        raise NotFound(f"there is no customer {customer_id}")
    rows = loyalty.entries(current, before=paging.number() or 0, limit=paging.limit + 1)
    row = loyalty.standing(current)
    return {
        "customer": str(current), "points": loyalty.balance(current), "tier": row.tier if row else "",
        "since": row.since if row and row.tier else None, **page(rows, paging, _movement, lambda one: str(one.pk)),
    }  # fmt: skip


@router.post("/loyalty/adjust", response=Movement)
def adjust(request: HttpRequest, told: Body[Adjusted]) -> dict[str, Any]:
    """Give points or take some; 409 with the reason `points` where there are too few."""
    who = _customer(told.customer)
    return _movement(loyalty.adjust(who, told.points, told.reason, told.cause, guard.CLOCK.now(), by="API"))


@router.post("/loyalty/spend", response=Movement)
def spend(request: HttpRequest, told: Body[Spent]) -> dict[str, Any]:
    """Turn points into a coupon; 409 with a reason where there are too few, or no coupon is left."""
    return _movement(loyalty.spend(_customer(told.customer), told.offer, told.cause, guard.CLOCK.now(), by="API"))


def _customer(text: str) -> int:
    found = lists.resolve([text]).get(text)
    if not found:
        raise NotFound(f"no customer is known by {text}")
    return found


def _movement(row: PointEntry) -> dict[str, Any]:
    names = ("at", "points", "kind", "reason", "order_id", "expires_at", "by")
    code = row.coupon.code if row.coupon else None
    return {"id": str(row.pk), "code": code, **{name: getattr(row, name) for name in names}}
