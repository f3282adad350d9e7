"""What the API takes and gives about offers, coupons and their redemption."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ninja import Schema
from pydantic import Field

from dangol.web.api import shapes
from dangol.web.api.parameters import Text
from dangol.web.api.shapes import Strict


class OfferTold(Strict):
    name: str = Field("", max_length=200)
    terms: dict[str, Any] = Field(description="gives, needs, limits, valid …: docs/offers.md")


class OfferShown(Schema):
    key: str
    name: str
    terms: dict[str, Any]
    archived: bool
    created_at: datetime
    codes: dict[str, int] = Field(description="free, issued, redeemed, expired and void ones")
    redeemed: int
    held: int
    against: int = Field(description="redeemed in spite of the terms, because the order was there already")
    cost: shapes.Money = Field(description="discounts that were given, of orders that stand")
    foreign: list[shapes.Money] = Field(description="the same, of orders in other currencies")
    running_dry: bool = Field(description="codes are gone within a week at the present pace")


class BatchTold(Strict):
    count: int | None = Field(None, description="have so many codes made")
    prefix: str = Field("", max_length=12)
    codes: list[str] | None = Field(None, max_length=100_000, description="or: codes of the shop's platform")


class BatchShown(Schema):
    id: str
    made_here: bool
    wanted: int
    there: int
    by: str
    at: datetime


class IssueTold(Strict):
    customer: str = Field(max_length=400, description="kind:value, such as userId:42, or a customer id")
    cause: str = Field("", max_length=100, description="what for: the same cause gets the same coupon")


class CouponShown(Schema):
    id: str
    code: str
    offer: str
    state: str
    customer: str | None
    campaign: str
    step: str
    issued_at: datetime | None
    expires_at: datetime | None


class Item(Strict):
    product_id: str = ""
    category: str = ""
    price: Decimal = Field(ge=0, le=10**13)
    quantity: Decimal = Field(Decimal(1), ge=0, le=10**9)


class OrderTold(Strict):
    order_id: Text = Field("", max_length=200)
    currency: str = Field("", max_length=3)
    subtotal: Decimal | None = Field(None, ge=0, le=10**13, description="goods, before the discount")
    shipping: Decimal | None = Field(None, ge=0, le=10**13)
    products: list[Item] = Field([], max_length=1_000)


class UseTold(Strict):
    code: Text = Field(min_length=1, max_length=100)
    customer: str = Field("", max_length=400, description="kind:value, such as userId:42, or a customer id")
    order: OrderTold = OrderTold(order_id="", currency="", subtotal=None, shipping=None, products=[])
    guesser: str = Field(
        "", max_length=200, description="who typed the code (an address, a session): slowed down alone"
    )


class HoldTold(UseTold):
    minutes: int = Field(15, ge=1, le=10_080)


class Checked(Schema):
    usable: bool
    reason: str = Field(description="why it is refused; empty where it can be used")
    offer: str
    name: str
    discount: shapes.Money | None


class RedemptionShown(Schema):
    id: str
    offer: str
    code: str
    state: str = Field(description="held, redeemed, released, undone")
    customer: str | None
    order_id: str
    source: str
    campaign: str
    at: datetime
    held_until: datetime | None
    discount: shapes.Money
    told: bool = Field(description="the order told the discount; otherwise it follows from the terms")
    against: str
