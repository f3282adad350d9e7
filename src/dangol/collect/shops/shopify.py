"""What Shopify's webhooks and REST resources say. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from dangol.collect.shops import told
from dangol.collect.shops.told import Change, Event, Order, Shop, Told, Who

NOT_PAID = {"pending", "expired", "unpaid"}
PRIVACY = {"customers/data_request", "customers/redact", "shop/redact"}
SAID = {"subscribed": "granted", "unsubscribed": "withdrawn"}


def signed(body: bytes, given: str, secrets: Sequence[str]) -> bool:
    """Whether the body carries the signature of one of these secrets: base64(HMAC-SHA256(secret, raw body))."""
    fits = False
    for secret in filter(None, secrets):
        mark = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        fits |= hmac.compare_digest(mark, given.encode("latin-1", "replace"))
    return fits


def read(shop: Shop, topic: str, payload: Any, owner: str = "") -> Told:
    """What a payload tells. `owner` is whose order a refund is about, where that is known. Raises Unreadable."""
    if topic in PRIVACY:
        return Told((), "", "privacy")
    if topic == "app/uninstalled":
        return Told((), "the app was taken out of the shop", "uninstalled")
    kind, _, verb = topic.partition("/")
    reader = READERS.get(kind)
    if reader is None or verb in {"delete", "delivery"}:
        return told.ignored("of no interest")
    return reader(shop, told.mapping(payload), owner)


def order_of_refund(payload: Any) -> str:
    return told.object_id(told.mapping(payload).get("order_id"))


def _order(shop: Shop, payload: Mapping[str, Any], _owner: str) -> Told:
    if payload.get("test") is True:
        return told.ignored("a test order")
    order_id, created = told.required(payload, "id"), told.when(payload, "created_at", "processed_at")
    updated = told.instant(payload.get("updated_at")) or created
    who, status = _who(payload), told.text(payload.get("financial_status"))
    cancelled = told.instant(payload.get("cancelled_at"))
    found = told.order(
        shop,
        Order(
            id=order_id,
            who=who,
            created=created,
            updated=updated,
            sold=status not in NOT_PAID and not (status == "voided" and cancelled is None),
            cancelled=cancelled or (updated if status == "voided" else None),
            properties=_properties(shop, payload, order_id),
            refunds=[
                event
                for one in told.listing(payload.get("refunds"))
                if (event := _refund(shop, one, who, order_id, _currency(shop, payload)))
            ],
        ),
    )
    inside = _customer(shop, told.mapping(payload.get("customer")), only_if_new=True)
    return Told([*inside, *found.changes], found.reason, found.state)


def _properties(shop: Shop, payload: Mapping[str, Any], order_id: str) -> dict[str, Any]:
    """An order or checkout in the words of the e-commerce specification: revenue without shipping and tax."""
    subtotal, tax = told.amount(payload.get("subtotal_price")), told.amount(payload.get("total_tax"))
    revenue = subtotal
    lines = told.listing(payload.get("line_items"))
    if subtotal is not None and payload.get("taxes_included") is True:
        inside = told.total([one.get("price") for line in lines for one in told.listing(line.get("tax_lines"))])
        revenue = max(subtotal - (inside or tax or Decimal(0)), Decimal(0))
    codes = [told.text(one.get("code")) for one in told.listing(payload.get("discount_codes"))]
    return {
        "order_id": order_id,
        "order_number": told.text(payload.get("name")),
        "checkout_id": told.object_id(payload.get("checkout_id")) or told.text(payload.get("checkout_token")),
        "affiliation": told.text(payload.get("source_name")),
        "revenue": told.number(revenue),
        "subtotal": told.number(subtotal),
        "total": told.number(told.amount(payload.get("total_price"))),
        "tax": told.number(tax),
        "shipping": told.number(told.total([one.get("price") for one in told.listing(payload.get("shipping_lines"))])),
        "discount": told.number(told.amount(payload.get("total_discounts"))),
        "coupon": ",".join(code for code in codes if code),
        "coupons": told.coupons(payload.get("discount_codes"), "amount"),
        "currency": _currency(shop, payload),
        "status": told.text(payload.get("financial_status")),
        "fulfillment": told.text(payload.get("fulfillment_status")),
        "products": [_line(line) for line in lines[: told.MOST_PRODUCTS]],
    }


def _currency(shop: Shop, payload: Mapping[str, Any]) -> str:
    return told.text(payload.get("currency")).upper()[:3] or shop.currency


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "product_id": told.object_id(line.get("product_id")) or told.object_id(line.get("variant_id")),
        "variant_id": told.object_id(line.get("variant_id")),
        "sku": told.text(line.get("sku")),
        "name": told.text(line.get("title")) or told.text(line.get("name")),
        "variant": told.text(line.get("variant_title")),
        "brand": told.text(line.get("vendor")),
        "price": told.number(told.amount(line.get("price"))),
        "quantity": told.number(told.amount(line.get("quantity"))),
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _who(payload: Mapping[str, Any]) -> Who:
    person, billing = told.mapping(payload.get("customer")), told.mapping(payload.get("billing_address"))
    country = told.text(billing.get("country_code"))
    return Who(
        told.object_id(person.get("id")) or told.object_id(payload.get("customer_id")),
        told.email(payload.get("email"), payload.get("contact_email"), person.get("email")),
        told.phone(country, payload.get("phone"), person.get("phone"), billing.get("phone")),
    )


def _refund(shop: Shop, payload: Mapping[str, Any], who: Who, order_id: str, currency: str) -> Event | None:
    """Money given back; None where none was (goods put back on the shelf, an order changed before it was paid)."""
    paid = [
        one
        for one in told.listing(payload.get("transactions"))
        if one.get("kind") == "refund" and one.get("status") == "success" and one.get("test") is not True
    ]
    refund_id, back = told.object_id(payload.get("id")), told.total([one.get("amount") for one in paid])
    if not refund_id or back <= 0:
        return None
    lines = told.listing(payload.get("refund_line_items"))
    besides = told.total([line.get("total_tax") for line in lines])
    for one in told.listing(payload.get("order_adjustments")):
        if one.get("kind") == "shipping_refund":
            besides += abs(told.total([one.get("amount"), one.get("tax_amount")]))
    products = [
        {**_line(told.mapping(line.get("line_item"))), "quantity": told.number(told.amount(line.get("quantity")))}
        for line in lines[: told.MOST_PRODUCTS]
    ]
    properties = {
        "revenue": told.number(max(back - besides, Decimal(0))),
        "total": told.number(back),
        "currency": told.text(paid[0].get("currency")).upper()[:3] or currency,
        "reason": told.text(payload.get("note")),
        "products": products,
    }
    at = told.when(payload, "processed_at", "created_at")
    return told.refund(shop, who, order_id, refund_id, at, properties)


def _refund_alone(shop: Shop, payload: Mapping[str, Any], owner: str) -> Told:
    """A refund does not say whose it is: its order does, which we know or which tells it again when it is updated."""
    order_id = told.required(payload, "order_id")
    if not owner:
        return told.ignored("its order is not known yet, and brings it along")
    event = _refund(shop, payload, Who(owner), order_id, shop.currency)
    if event is None:
        return told.ignored("no money was given back")
    at = told.when(payload, "processed_at", "created_at")
    return Told([Change("refund", told.required(payload, "id"), at, always=[event], customer=owner)])


def _person(shop: Shop, payload: Mapping[str, Any], _owner: str) -> Told:
    changes = _customer(shop, payload)
    return Told(changes) if changes else told.ignored("the customer has no id and no address")


def _customer(shop: Shop, payload: Mapping[str, Any], *, only_if_new: bool = False) -> list[Change]:
    if not payload or not told.object_id(payload.get("id")):
        return []
    at = told.instant(payload.get("updated_at")) or told.instant(payload.get("created_at"))
    if at is None:
        return []
    place = told.mapping(payload.get("default_address"))
    who = Who(
        told.object_id(payload.get("id")),
        told.email(payload.get("email")),
        told.phone(told.text(place.get("country_code")), payload.get("phone"), place.get("phone")),
    )
    traits = {
        "firstName": told.text(payload.get("first_name")),
        "lastName": told.text(payload.get("last_name")),
        "createdAt": told.text(payload.get("created_at")),
        "locale": told.text(payload.get("locale")),
        "tags": [tag.strip() for tag in told.text(payload.get("tags")).split(",") if tag.strip()],
        "address": _address(place),
    }
    found = told.customer(shop, who, at, traits, only_if_new=only_if_new)
    return [*([found] if found else []), *_consents(shop, payload, who, at)]


def _address(place: Mapping[str, Any]) -> dict[str, str]:
    names = (("city", "city"), ("province", "state"), ("country_code", "country"), ("zip", "postalCode"))
    return {ours: value for theirs, ours in names if (value := told.text(place.get(theirs)))}


def _consents(shop: Shop, payload: Mapping[str, Any], who: Who, at: datetime) -> list[Change]:
    """A state that was never touched says nothing: `not_subscribed` is nobody's answer."""
    found: list[Change] = []
    for name, channel in (("email_marketing_consent", "email"), ("sms_marketing_consent", "sms")):
        said = told.mapping(payload.get(name))
        state = told.text(said.get("state")).lower()
        if state in SAID:
            when = told.instant(said.get("consent_updated_at")) or at
            evidence = {"opt_in_level": said.get("opt_in_level"), "collected_from": said.get("consent_collected_from")}
            found.append(told.consent(shop, who, channel, SAID[state], when, evidence))
    older = payload.get("accepts_marketing")  # of API versions before the two above
    stamp = told.instant(payload.get("accepts_marketing_updated_at"))
    if isinstance(older, bool) and "email_marketing_consent" not in payload and (older or stamp):
        evidence = {"opt_in_level": payload.get("marketing_opt_in_level")}
        found.append(told.consent(shop, who, "email", "granted" if older else "withdrawn", stamp or at, evidence))
    return found


def _product(shop: Shop, payload: Mapping[str, Any], _owner: str) -> Told:
    product_id = told.required(payload, "id")
    variants = [_variant(one) for one in told.listing(payload.get("variants"))[: told.MOST_VARIANTS]]
    prices = [price for one in told.listing(payload.get("variants")) if (price := told.amount(one.get("price")))]
    pictures = [told.text(one.get("src")) for one in told.listing(payload.get("images"))]
    handle = told.text(payload.get("handle"))
    properties = {
        "name": told.text(payload.get("title")),
        "brand": told.text(payload.get("vendor")),
        "category": told.text(payload.get("product_type")),
        "price": told.number(min(prices, default=None)),
        "currency": shop.currency,
        "sku": variants[0].get("sku") if len(variants) == 1 else "",
        "url": f"https://{shop.domain}/products/{handle}" if handle else "",
        "image_url": pictures[0] if pictures else "",
        "status": told.text(payload.get("status")),
        "tags": [tag.strip() for tag in told.text(payload.get("tags")).split(",") if tag.strip()],
        "variants": variants,
    }
    return Told([told.product(shop, product_id, told.when(payload, "updated_at", "created_at"), properties)])


def _variant(one: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "variant_id": told.object_id(one.get("id")),
        "sku": told.text(one.get("sku")),
        "variant": told.text(one.get("title")),
        "price": told.number(told.amount(one.get("price"))),
        "stock": told.number(told.amount(one.get("inventory_quantity"))),
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _checkout(shop: Shop, payload: Mapping[str, Any], _owner: str) -> Told:
    """A checkout that names somebody was started; what came of it, the order says."""
    checkout_id = told.object_id(payload.get("id")) or told.text(payload.get("token"))
    if not checkout_id:
        raise told.Unreadable("/id: found nothing; allowed: a checkout's id or token")
    who = _who(payload)
    if not who.known:
        return told.ignored("the checkout names nobody yet")
    created = told.when(payload, "created_at", "updated_at")
    properties = _properties(shop, payload, "")
    properties |= {
        "checkout_id": checkout_id, "value": properties["revenue"], "cart_id": told.text(payload.get("cart_token")),
        "url": told.text(payload.get("abandoned_checkout_url")),
    }  # fmt: skip
    event = told.track(shop, "Checkout Started", who, created, properties, f"checkout:{checkout_id}")
    at = told.instant(payload.get("updated_at")) or created
    return Told([Change("checkout", checkout_id, at, always=[event], customer=who.id)])


def _cart(shop: Shop, payload: Mapping[str, Any], _owner: str) -> Told:
    return told.ignored("a cart names nobody; the tracker and the checkout tell whose it is")


READERS = {
    "orders": _order,
    "refunds": _refund_alone,
    "customers": _person,
    "products": _product,
    "checkouts": _checkout,
    "carts": _cart,
}
