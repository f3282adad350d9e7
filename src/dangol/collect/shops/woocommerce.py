"""What WooCommerce's webhooks and REST resources say. Pure."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from dangol.base.instants import parse_instant
from dangol.collect.shops import told
from dangol.collect.shops.told import Change, Event, Order, Shop, Told, Who

NOT_PAID = {"pending", "on-hold", "failed", "checkout-draft", "auto-draft", "draft"}
CANCELLED = {"cancelled", "trash"}


def read(shop: Shop, topic: str, payload: Any, owner: str = "") -> Told:
    """What a payload tells. Raises Unreadable."""
    kind, _, verb = topic.partition(".")
    reader = READERS.get(kind)
    if reader is None:
        return told.ignored("of no interest")
    if verb == "deleted":
        return told.ignored("what was deleted in the shop stays in the history")
    return reader(shop, told.mapping(payload))


def _at(payload: Mapping[str, Any], name: str) -> datetime | None:
    """A time; the one that is told in UTC before the one on the shop's own clock."""
    value = payload.get(f"{name}_gmt") or payload.get(name)
    return parse_instant(value, UTC) if value else None


def _when(payload: Mapping[str, Any], *names: str) -> datetime:
    for name in names:
        if at := _at(payload, name):
            return at
    raise told.Unreadable(f"/{names[0]}_gmt: found nothing; allowed: a time such as 2026-03-09T14:30:00")


def _order(shop: Shop, payload: Mapping[str, Any]) -> Told:
    order_id = told.required(payload, "id")
    created = _when(payload, "date_created", "date_modified")
    updated = _at(payload, "date_modified") or created
    status, who = told.text(payload.get("status")), _who(payload)
    paid = _at(payload, "date_paid")
    properties = _properties(shop, payload, order_id)
    found = told.order(
        shop,
        Order(
            id=order_id,
            who=who,
            created=created,
            updated=updated,
            sold=status not in NOT_PAID and (status not in CANCELLED or paid is not None),
            cancelled=updated if status in CANCELLED else None,
            properties=properties,
            refunds=_refunds(shop, payload, who, order_id, updated),
        ),
    )
    return Told([*_guest(shop, payload, who, updated), *found.changes], found.reason, found.state)


def _who(payload: Mapping[str, Any]) -> Who:
    billing = told.mapping(payload.get("billing"))
    return Who(
        told.object_id(payload.get("customer_id")),
        told.email(billing.get("email")),
        told.phone(told.text(billing.get("country")), billing.get("phone")),
    )


def _guest(shop: Shop, payload: Mapping[str, Any], who: Who, at: datetime) -> list[Change]:
    """Who buys without an account is known by the order alone; of the others the customer's own record says more."""
    if who.id:
        return []
    billing = told.mapping(payload.get("billing"))
    found = told.customer(shop, who, at, _names(billing) | {"address": _address(billing)})
    return [found] if found else []


def _names(place: Mapping[str, Any]) -> dict[str, Any]:
    return {"firstName": told.text(place.get("first_name")), "lastName": told.text(place.get("last_name"))}


def _address(place: Mapping[str, Any]) -> dict[str, str]:
    names = (("city", "city"), ("state", "state"), ("country", "country"), ("postcode", "postalCode"))
    return {ours: value for theirs, ours in names if (value := told.text(place.get(theirs)))}


def _properties(shop: Shop, payload: Mapping[str, Any], order_id: str) -> dict[str, Any]:
    total, tax = told.amount(payload.get("total")), told.amount(payload.get("total_tax")) or Decimal(0)
    shipping = told.amount(payload.get("shipping_total")) or Decimal(0)
    coupons = [told.text(one.get("code")) for one in told.listing(payload.get("coupon_lines"))]
    return {
        "order_id": order_id,
        "order_number": told.text(payload.get("number")),
        "affiliation": told.text(payload.get("created_via")),
        "revenue": told.number(None if total is None else max(total - tax - shipping, Decimal(0))),
        "total": told.number(total),
        "tax": told.number(tax),
        "shipping": told.number(shipping),
        "discount": told.number(told.amount(payload.get("discount_total"))),
        "coupon": ",".join(code for code in coupons if code),
        "coupons": told.coupons(payload.get("coupon_lines"), "discount"),
        "currency": told.text(payload.get("currency")).upper()[:3] or shop.currency,
        "status": told.text(payload.get("status")),
        "payment_method": told.text(payload.get("payment_method")),
        "products": [_line(line) for line in told.listing(payload.get("line_items"))[: told.MOST_PRODUCTS]],
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    quantity, paid = told.amount(line.get("quantity")), told.amount(line.get("total"))
    price = told.amount(line.get("price"))
    if price is None and paid is not None and quantity:
        price = paid / quantity
    found = {
        "product_id": told.object_id(line.get("product_id")),
        "variant_id": told.object_id(line.get("variation_id")),
        "sku": told.text(line.get("sku")),
        "name": html.unescape(told.text(line.get("name"))),
        "price": told.number(price),
        "quantity": told.number(quantity),
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _refunds(shop: Shop, payload: Mapping[str, Any], who: Who, order_id: str, at: datetime) -> list[Event]:
    """An order lists its refunds as sums without a date. A sum holds its share of the order's tax and shipping."""
    currency = told.text(payload.get("currency")).upper()[:3] or shop.currency
    total, revenue = told.amount(payload.get("total")), _net(payload)
    found = []
    for one in told.listing(payload.get("refunds")):
        back = abs(told.amount(one.get("total")) or Decimal(0))
        refund_id = told.object_id(one.get("id"))
        if not refund_id or not back:
            continue
        share = _round(back * revenue / total, currency) if total else back
        properties = {
            "revenue": told.number(share), "total": told.number(back), "currency": currency,
            "reason": told.text(one.get("reason")) or told.text(one.get("refund")),
        }  # fmt: skip
        found.append(told.refund(shop, who, order_id, refund_id, at, properties))
    if told.text(payload.get("status")) == "refunded" and not found:
        found.append(told.refund(shop, who, order_id, f"all-of-{order_id}", at, {"currency": currency}))
    return found


def _net(payload: Mapping[str, Any]) -> Decimal:
    total, tax, shipping = (
        told.amount(payload.get(name)) or Decimal(0) for name in ("total", "total_tax", "shipping_total")
    )
    return max(total - tax - shipping, Decimal(0))


def _round(value: Decimal, currency: str) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-get_currency_precision(currency)))


def _customer(shop: Shop, payload: Mapping[str, Any]) -> Told:
    billing = told.mapping(payload.get("billing"))
    who = Who(
        told.required(payload, "id"),
        told.email(payload.get("email"), billing.get("email")),
        told.phone(told.text(billing.get("country")), billing.get("phone")),
    )
    created = told.text(payload.get("date_created_gmt"))
    names = {name: value or _names(billing)[name] for name, value in _names(payload).items()}
    traits = {**names, "createdAt": f"{created}Z" if created else "", "address": _address(billing)}
    found = told.customer(shop, who, _when(payload, "date_modified", "date_created"), traits)
    return Told([found]) if found else told.ignored("the customer has no address")


def _product(shop: Shop, payload: Mapping[str, Any]) -> Told:
    product_id = told.required(payload, "id")
    categories = [html.unescape(told.text(one.get("name"))) for one in told.listing(payload.get("categories"))]
    pictures = [told.text(one.get("src")) for one in told.listing(payload.get("images"))]
    properties = {
        "name": html.unescape(told.text(payload.get("name"))),
        "category": categories[0] if categories else "",
        "sku": told.text(payload.get("sku")),
        "price": told.number(told.amount(payload.get("price"))),
        "currency": shop.currency,
        "url": told.text(payload.get("permalink")),
        "image_url": pictures[0] if pictures else "",
        "status": told.text(payload.get("status")),
        "stock": told.number(told.amount(payload.get("stock_quantity"))),
        "tags": [told.text(one.get("name")) for one in told.listing(payload.get("tags"))],
    }
    return Told([told.product(shop, product_id, _when(payload, "date_modified", "date_created"), properties)])


def _review(shop: Shop, payload: Mapping[str, Any]) -> Told:
    """A review of a product by somebody with an address; one that waits for approval is none yet."""
    review_id, who = told.required(payload, "id"), Who("", told.email(payload.get("reviewer_email")))
    if told.text(payload.get("status")) not in {"approved", ""}:
        return told.ignored("the review is not approved")
    if not who.known:
        return told.ignored("the review names nobody")
    at = _when(payload, "date_created")
    properties = {
        "product_id": told.object_id(payload.get("product_id")), "review_id": review_id,
        "review_body": told.text(payload.get("review")), "rating": told.number(told.amount(payload.get("rating"))),
    }  # fmt: skip
    event = told.track(shop, "Product Reviewed", who, at, properties, f"review:{review_id}")
    return Told([Change("review", review_id, at, always=[event])])


READERS = {"order": _order, "customer": _customer, "product": _product, "review": _review}
