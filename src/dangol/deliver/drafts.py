"""Gathers what templates may say about a customer, for many deliveries at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from babel.numbers import format_currency
from django.conf import settings

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.deliver.legal import Sender
from dangol.deliver.models import Delivery
from dangol.deliver.render import Addresses, Draft
from dangol.profile.models import Fact, Order, Profile

CART_KEEPS = timedelta(days=14)  # what was put into a cart longer ago is not called "your cart" any more
CART_FACTS = ("Product Added", "Product Removed", "Order Completed")


def drafts(deliveries: Sequence[Delivery]) -> list[Draft]:
    """One draft per delivery, in their order."""
    shop = Shop.objects.get()
    customers = sorted({delivery.customer_id for delivery in deliveries})
    profiles = {p.customer_id: p for part in parts(customers) for p in Profile.objects.filter(pk__in=part)}
    orders = _orders([d.customer_id for d in deliveries if "order" in str(d.message.get("templates"))])
    return [
        _draft(delivery, shop, profiles.get(delivery.customer_id), orders.get(delivery.customer_id))
        for delivery in deliveries
    ]


def _orders(customers: Sequence[int]) -> dict[int, Order]:
    """The newest order of each customer."""
    found: dict[int, Order] = {}
    for part in parts(sorted(set(customers))):
        for order in Order.objects.filter(customer_id__in=part, cancelled=False).order_by("at", "id"):
            found[order.customer_id] = order
    return found


def _draft(delivery: Delivery, shop: Shop, profile: Profile | None, order: Order | None) -> Draft:
    config = settings.DANGOL
    language = profile.language if profile else ""
    event = _event(delivery)
    return Draft(
        message=delivery.message,
        message_class=delivery.message_class,
        languages=tuple(code for code in (language, shop.locale[:2]) if code),
        variables={
            "customer": _customer(profile),
            "event": event,
            "cart": _cart(delivery),
            "order": _order(event, order, shop, language or shop.locale),
            "shop": _shop(shop),
        },
        sender=Sender(
            shop.sender_name or shop.name, shop.sender_email, shop.phone, shop.postal_address, shop.country.upper()
        ),
        addresses=Addresses(config.secret, config.base_url, delivery.pk),
    )


def _customer(profile: Profile | None) -> dict[str, Any]:
    if profile is None:
        return {}
    traits = profile.traits
    first = traits.get("firstName") or traits.get("first_name") or profile.name
    return {
        **traits,
        "id": profile.customer_id,
        "name": profile.name,
        "first_name": first if isinstance(first, str) else "",
        "email": profile.email,
        "language": profile.language,
        "orders": profile.orders,
    }


def _event(delivery: Delivery) -> dict[str, Any]:
    """The fact that started the run: its properties by name, and `event`, `at` and `properties` themselves."""
    told = delivery.context.get("event") or {}
    properties = told.get("properties") or {}
    own = {"event": told.get("name", ""), "at": told.get("at", ""), "properties": properties}
    return {"name": told.get("name", "")} | properties | own


def _cart(delivery: Delivery) -> list[dict[str, Any]]:
    """What lies in the customer's cart: put in, not taken out and not bought since, the newest first."""
    if "cart" not in str(delivery.message.get("templates")):
        return []
    rows = Fact.objects.filter(
        customer_id=delivery.customer_id, at__gte=delivery.planned_at - CART_KEEPS, type="track", name__in=CART_FACTS
    )
    cart: dict[str, dict[str, Any]] = {}
    for row in rows.order_by("at", "position"):
        product = msgspec.json.decode(row.properties) if row.properties else {}
        key = str(product.get("product_id") or product.get("sku") or product.get("name") or row.position)
        if row.name == "Order Completed":
            cart.clear()
        else:
            cart.pop(key, None)
            if row.name == "Product Added":
                cart[key] = product
    return list(reversed(cart.values()))


def _order(event: Mapping[str, Any], newest: Order | None, shop: Shop, language: str) -> dict[str, Any]:
    if str(event.get("event", "")).startswith("Order "):
        return {**event["properties"], "at": event["at"]}
    if newest is None:
        return {}
    currency = newest.currency or shop.currency
    return {
        "order_id": newest.order_id,
        "revenue": str(newest.revenue.normalize()) if newest.revenue else "0",
        "currency": currency,
        "amount": format_currency(newest.revenue, currency, locale="ko_KR" if language[:2] == "ko" else "en_US"),
        "at": newest.at.isoformat(),
    }


def _shop(shop: Shop) -> dict[str, Any]:
    return {
        "name": shop.name,
        "url": shop.url,
        "currency": shop.currency,
        "phone": shop.phone,
        "email": shop.sender_email,
        "postal_address": shop.postal_address,
    }
