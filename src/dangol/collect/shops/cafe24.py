"""What Cafe24's webhooks and Admin API resources say. Pure.

A webhook of Cafe24 carries no signature over its body: it is a hint that something happened, and what happened is read
from the shop itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dangol.base.instants import parse_instant
from dangol.collect.shops import told
from dangol.collect.shops.told import Order, Shop, Told, Who

ORDER_EVENTS = {
    90023,
    90024,
    90025,
    90026,
    90027,
    90028,
    90029,
    90072,
    90073,
}  # created, shipped, paid, cancelled, refunded …
GONE_EVENTS = {90001, 90002, 90077}  # the app was deleted, or its time ran out
SEOUL = ZoneInfo("Asia/Seoul")
YES = "T"


def read(shop: Shop, topic: str, payload: Any, owner: str = "") -> Told:
    """What a payload tells: a webhook's number, or a resource that was asked for. Raises Unreadable."""
    if topic.isdigit():
        return _hint(int(topic), told.mapping(told.mapping(payload).get("resource")))
    reader = READERS.get(topic)
    return reader(shop, told.mapping(payload)) if reader else told.ignored("of no interest")


def _hint(number: int, resource: Mapping[str, Any]) -> Told:
    if number in GONE_EVENTS:
        return Told((), "the app was taken out of the shop", "uninstalled")
    if number in ORDER_EVENTS and told.object_id(resource.get("order_id")):
        return Told((), f"order {told.object_id(resource.get('order_id'))}", "waiting")
    return told.ignored("of no interest")


def _at(payload: Mapping[str, Any], *names: str) -> datetime | None:
    for name in names:
        if payload.get(name) and (at := parse_instant(payload[name], SEOUL)):
            return at
    return None


def _order(shop: Shop, payload: Mapping[str, Any]) -> Told:
    order_id = told.required(payload, "order_id")
    created = _at(payload, "order_date")
    if created is None:
        raise told.Unreadable(f"/order_date: found {payload.get('order_date')!r}; allowed: a time")
    cancelled = _at(payload, "cancel_date") if payload.get("canceled") == YES else None
    if payload.get("canceled") == YES and cancelled is None:
        cancelled = created
    told_at = [at for name in ("order_date", "payment_date", "cancel_date") if (at := _at(payload, name))]
    paid = payload.get("paid") == YES
    return told.order(
        shop,
        Order(
            id=order_id,
            who=_who(payload),
            created=created,
            updated=max(told_at),
            sold=paid,
            cancelled=cancelled,
            properties=_properties(shop, payload, order_id),
        ),
    )


def _who(payload: Mapping[str, Any]) -> Who:
    buyer = told.mapping(payload.get("buyer"))
    return Who(
        told.object_id(payload.get("member_id")) or told.object_id(buyer.get("member_id")),
        told.email(buyer.get("email"), payload.get("member_email"), payload.get("buyer_email")),
        told.phone("KR", buyer.get("cellphone"), buyer.get("phone"), payload.get("buyer_cellphone")),
    )


def _properties(shop: Shop, payload: Mapping[str, Any], order_id: str) -> dict[str, Any]:
    """What the customer paid is the total; prices in Korea hold their tax, which the API does not take apart."""
    money = told.mapping(payload.get("initial_order_amount")) or told.mapping(payload.get("actual_order_amount"))
    shipping = told.amount(money.get("shipping_fee")) or Decimal(0)
    total = told.amount(payload.get("payment_amount"))
    if total is None:
        total = told.amount(money.get("payment_amount"))
    discount = told.total([money.get("coupon_discount_price"), money.get("membership_discount_amount")])
    return {
        "order_id": order_id,
        "affiliation": told.text(payload.get("order_place_name")),
        "revenue": told.number(None if total is None else max(total - shipping, Decimal(0))),
        "total": told.number(total),
        "shipping": told.number(shipping),
        "discount": told.number(discount),
        "currency": told.text(payload.get("currency")).upper()[:3] or shop.currency,
        "products": [_line(one) for one in told.listing(payload.get("items"))[: told.MOST_PRODUCTS]],
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "product_id": told.object_id(line.get("product_no")),
        "sku": told.text(line.get("variant_code")),
        "name": told.text(line.get("product_name")),
        "variant": told.text(line.get("option_value")),
        "price": told.number(told.amount(line.get("product_price"))),
        "quantity": told.number(told.amount(line.get("quantity"))),
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _refund(shop: Shop, payload: Mapping[str, Any]) -> Told:
    order_id, refund_id = told.required(payload, "order_id"), told.required(payload, "refund_code")
    at, back = _at(payload, "refund_date", "accepted_refund_date"), told.amount(payload.get("actual_refund_amount"))
    who = Who(told.object_id(payload.get("member_id")), told.email(payload.get("member_email")))
    if at is None or not back or not who.known:
        return told.ignored("no money was given back yet, or to nobody we know")
    currency = told.text(payload.get("currency")).upper()[:3] or shop.currency
    event = told.refund(shop, who, order_id, refund_id, at, {"total": told.number(back), "currency": currency})
    return Told([told.Change("refund", refund_id, at, always=[event], customer=who.id)])


def _customer(shop: Shop, payload: Mapping[str, Any]) -> Told:
    """A member, with what they allow: each answer has its own time, or that of the member's last change."""
    who = Who(
        told.required(payload, "member_id"),
        told.email(payload.get("email")),
        told.phone("KR", payload.get("cellphone"), payload.get("phone")),
    )
    created = _at(payload, "created_date")
    at = _at(payload, "updated_date", "created_date")
    if at is None:
        raise told.Unreadable("/created_date: found nothing; allowed: a time")
    traits = {
        "name": told.text(payload.get("name")),
        "createdAt": created.isoformat() if created else "",
        "group": told.text(payload.get("group_no")),
    }
    found = told.customer(shop, who, at, traits)
    consents = [
        told.consent(shop, who, channel, "granted" if payload[name] == YES else "denied", at, {"field": name})
        for name, channel in (("news_mail", "email"), ("sms", "sms"))
        if payload.get(name) in {"T", "F"}
    ]
    return Told([*([found] if found else []), *consents])


READERS = {"orders": _order, "customers": _customer, "refunds": _refund}
