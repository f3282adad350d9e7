"""Gathers what templates may say about a customer, for many deliveries at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel.numbers import format_currency
from django.conf import settings

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign.templates import brand, pinning
from dangol.campaign.templates.pinning import Texts
from dangol.deliver import homes, imprint, law, objects
from dangol.deliver.models import Delivery
from dangol.deliver.render import Addresses, Draft
from dangol.deliver.rules import MARKETING
from dangol.offer import reads as offer
from dangol.offer.reads import Recommended
from dangol.profile import predictions
from dangol.profile.known import figures
from dangol.profile.models import Order, Profile

RECOMMENDED = 12  # products that a template may show some of
CART_KEEPS = timedelta(days=14)  # what was put into a cart longer ago is not called "your cart" any more


def drafting(deliveries: Sequence[Delivery], now: datetime) -> Callable[[Delivery], Draft]:
    """Reads at once what these deliveries' drafts are made from, under the laws of `now`; what makes the draft of each
    raises what is wrong with that one.
    """
    return _drafting([(delivery, delivery.message) for delivery in deliveries], now)


def draft_of(delivery: Delivery, message: Mapping[str, Any], now: datetime) -> Draft:
    """The draft of one message, whether the delivery is in the ledger or not."""
    return _drafting([(delivery, message)], now)(delivery)


def _drafting(told: Sequence[tuple[Delivery, Mapping[str, Any]]], now: datetime) -> Callable[..., Draft]:
    """What no template among the messages mentions is not read."""
    texts = pinning.texts_of([message for _, message in told])
    said = {id(one): _said(message, one) for (_, message), one in zip(told, texts, strict=True)}
    mentions = {one: [word in text for word in ("order", "predicted", "recommendations")] for one, text in said.items()}
    who = [delivery.customer_id for delivery, _ in told]
    ordered = [customer for customer, one in zip(who, texts, strict=True) if mentions[id(one)][0]]
    expected = [customer for customer, one in zip(who, texts, strict=True) if mentions[id(one)][1]]
    shown = {customer for customer, one in zip(who, texts, strict=True) if mentions[id(one)][2]}
    known = Known(
        shop=Shop.objects.get(),
        brand=brand.variables(brand.current()),
        profiles={p.customer_id: p for part in parts(sorted(set(who))) for p in Profile.objects.filter(pk__in=part)},
        orders=_orders(ordered),
        predicted=predictions.of(expected) if expected else {},
        recommended={customer: offer.for_customer(customer, now, limit=RECOMMENDED) for customer in sorted(shown)},
        now=now,
    )
    by_id = {delivery.pk: (message, one) for (delivery, message), one in zip(told, texts, strict=True)}
    return lambda delivery: known.draft(delivery, *by_id[delivery.pk])


def _said(message: Mapping[str, Any], texts: Texts) -> str:
    """Everything that a message says, in one text; other channels than e-mail have texts of their own."""
    if not texts:
        return str(message)
    return "\n".join(text for told in texts.values() for text in told.values())


def _orders(customers: Sequence[int]) -> dict[int, Order]:
    """The newest order of each customer."""
    found: dict[int, Order] = {}
    for part in parts(sorted(set(customers))):
        for order in Order.objects.filter(customer_id__in=part, cancelled=False).order_by("at", "id"):
            found[order.customer_id] = order
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What a batch of drafts is made from."""

    shop: Shop
    brand: Mapping[str, Any]
    profiles: Mapping[int, Profile]
    orders: Mapping[int, Order]
    predicted: Mapping[int, Mapping[str, tuple[int, Sequence[float]]]]
    recommended: Mapping[int, Sequence[Recommended]]
    now: datetime

    def draft(self, delivery: Delivery, message: Mapping[str, Any], texts: Texts) -> Draft:
        """One delivery's draft."""
        config, shop = settings.DANGOL, self.shop
        profile = self.profiles.get(delivery.customer_id)
        language = profile.language if profile else ""
        home = homes.home(profile.traits if profile else {}, profile.phone if profile else "", shop)
        return Draft(
            message={**message, "templates": texts},
            message_class=delivery.message_class,
            languages=tuple(code for code in (language, shop.locale) if code),
            variables=self._variables(delivery, profile, language or shop.locale),
            sender=imprint.sender(shop),
            addresses=Addresses(config.secret, config.base_url, delivery.pk),
            demands=self._demands(delivery, home),
            countries=home.countries,
            zone=home.zone,
            now=delivery.planned_at,
        )

    def _demands(self, delivery: Delivery, home: homes.Home) -> law.Demands:
        if delivery.message_class != MARKETING:
            return law.own_business(delivery.channel)
        return law.demands(law.in_force(home.countries, self.now.astimezone(home.zone).date()), delivery.channel)

    def _variables(self, delivery: Delivery, profile: Profile | None, language: str) -> dict[str, Any]:
        shop, event = self.shop, objects.event(delivery.context)
        items = objects.products(event, shop.url)
        cart = objects.Cart([objects.product(one, shop.url) for one in _cart(delivery, profile)], shop.url)
        who = self._customer(profile)
        return {
            "customer": who,
            "person": who,
            "event": event,
            "items": items or list(cart),
            "product": items[0] if items else {},
            "cart": cart,
            "order": _order(event, self.orders.get(delivery.customer_id), shop, language),
            "shop": objects.shop(shop),
            "brand": self.brand,
            "campaign": {"key": delivery.campaign, "step": delivery.step},
            "webhooks": delivery.context.get("webhooks") or {},
            "coupon": objects.coupon(delivery.context.get("coupon"), language, shop.zone),
            "recommendations": [
                objects.recommended(one.product, shop.url) for one in self.recommended.get(delivery.customer_id, ())
            ],
        }

    def _customer(self, profile: Profile | None) -> dict[str, Any]:
        if profile is None:
            return {}
        expected = self.predicted.get(profile.customer_id, {})
        told = {"id": profile.customer_id, "name": profile.name, "email": profile.email, "phone": profile.phone}
        told |= {"language": profile.language, "traits": profile.traits}
        return objects.customer(told, figures(profile), {name: found[1] for name, found in expected.items()})


def _cart(delivery: Delivery, profile: Profile | None) -> list[dict[str, Any]]:
    """What lies in the customer's cart, the newest first; nothing where it was left alone too long."""
    known = figures(profile) if profile else None
    if known is None or known.cart_at is None or known.cart_at < delivery.planned_at - CART_KEEPS:
        return []
    return known.cart


def _order(event: Mapping[str, Any], newest: Order | None, shop: Shop, language: str) -> dict[str, Any]:
    if str(event.get("event", "")).startswith("Order "):
        items = objects.products(event, shop.url)
        return {**event["properties"], "at": event["at"], "items": items, "line_items": items}
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
