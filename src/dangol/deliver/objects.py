"""What templates may say: a delivery's context and a customer's file as the objects that shop platforms know. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency

from dangol.base.models import Shop
from dangol.offer.models import Product
from dangol.profile.known import Figures

MEDIAN = 10  # of a forecast's quantiles


class Cart(list[dict[str, Any]]):
    """The products in it; also what they come to, as shop platforms have it: cart.items, cart.total_price."""

    def __init__(self, items: Sequence[Mapping[str, Any]], url: str) -> None:
        super().__init__(dict(item) for item in items)
        self._told = {
            "items": list(self),
            "item_count": sum(_whole(item.get("quantity")) for item in self),
            "total_price": _total(self),
            "url": url,
        }

    def __getitem__(self, key: Any) -> Any:
        return self._told[key] if isinstance(key, str) else super().__getitem__(key)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def _price(value: object) -> float | None:
    try:
        return None if isinstance(value, bool) else float(str(value))
    except ValueError:
        return None


def _total(items: Sequence[Mapping[str, Any]]) -> float | None:
    prices = [_price(item.get("price")) for item in items]
    if not prices or None in prices:
        return None
    return sum((price or 0) * _whole(item.get("quantity")) for price, item in zip(prices, items, strict=True))


def product(told: Mapping[str, Any], shop_url: str) -> dict[str, Any]:
    """A product with whole addresses, under the names that Segment and Shopify have for its parts."""
    name = told.get("name") or told.get("title") or ""
    urls = {key: _whole_url(told.get(key), shop_url) for key in ("url", "image_url")}
    return {**told, **urls, "name": name, "title": name, "image": urls["image_url"]}


def recommended(row: Product, shop_url: str) -> dict[str, Any]:
    """A product of the catalogue, under the same names."""
    told = {
        "product_id": row.key, "name": row.name, "brand": row.brand, "category": row.category, "sku": row.sku,
        "url": row.url, "image_url": row.image_url, "currency": row.currency,
        "price": None if row.price is None else float(row.price),
    }  # fmt: skip
    return product(told, shop_url)


def _whole_url(url: object, shop_url: str) -> str:
    if not isinstance(url, str):
        return ""
    return shop_url.rstrip("/") + url if url.startswith("/") and not url.startswith("//") and shop_url else url


def products(event: Mapping[str, Any], shop_url: str) -> list[dict[str, Any]]:
    """The products that a fact is about: its list, or itself where it is about one."""
    told = event.get("properties")
    given = told if isinstance(told, Mapping) else {}
    listed = given.get("products")
    if isinstance(listed, list):
        return [product(one, shop_url) for one in listed if isinstance(one, Mapping)]
    return [product(given, shop_url)] if given.get("product_id") or given.get("sku") else []


def customer(
    known: Mapping[str, Any], told: Figures | None, predicted: Mapping[str, Sequence[float]]
) -> dict[str, Any]:
    """A customer: traits under their own names, and what Dangol knows."""
    traits = known["traits"]
    first, last = (_text(traits.get(camel) or traits.get(snake)) for camel, snake in NAMES)
    return {
        **traits,
        "traits": traits,
        "id": known["id"],
        "name": known["name"],
        "first_name": first or known["name"],
        "last_name": last,
        "email": known["email"],
        "phone": known["phone"],
        "language": known["language"],
        **(_figures(told) if told else {}),
        "predicted": {figure: quantiles[MEDIAN] for figure, quantiles in predicted.items()},
    }


NAMES = (("firstName", "first_name"), ("lastName", "last_name"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _figures(known: Figures) -> dict[str, Any]:
    return {
        "orders": known.orders,
        "revenue": str(known.net.normalize()) if known.net else "0",
        "average_gap_days": known.average_gap_days,
        "favourite_category": known.favourite_category,
        "last_viewed": known.last_viewed,
        "visits": known.visits,
        "first_touch": known.first_touch,
        "last_touch": known.last_touch,
        "first_order_at": known.first_order_at,
        "last_order_at": known.last_order_at,
    }


def event(context: Mapping[str, Any]) -> dict[str, Any]:
    """The fact that started the run: its properties by name, and `event`, `at` and `properties` themselves."""
    told = context.get("event") or {}
    properties = told.get("properties") or {}
    own = {"event": told.get("name", ""), "at": told.get("at", ""), "properties": properties}
    return {"name": told.get("name", "")} | properties | own


FREE_SHIPPING = {"ko": "무료 배송"}


def coupon(told: Any, language: str, zone: tzinfo) -> dict[str, Any]:
    """A coupon in a customer's language; its last day is one of the shop's calendar. Nothing where none was given."""
    if not isinstance(told, Mapping) or not told.get("code"):
        return {}
    locale = "ko_KR" if language[:2] == "ko" else "en_US"
    ends = datetime.fromisoformat(told["expires_at"]).astimezone(zone) if told.get("expires_at") else None
    last = (ends - timedelta(microseconds=1)).date() if ends else None
    return {
        "code": told["code"],
        "value": _value(told, locale, language),
        "expires": format_date(last, "long", locale=locale) if last else "",
        "expires_at": told.get("expires_at", ""),
        "offer": told.get("offer", ""),
        "name": told.get("name", ""),
    }


def _value(told: Mapping[str, Any], locale: str, language: str) -> str:
    match told.get("gives"):
        case "percent":
            return f"{told['worth']}%"
        case "amount":
            return str(format_currency(Decimal(told["worth"]), told["currency"], locale=locale))
        case "shipping":
            return FREE_SHIPPING.get(language[:2], "free shipping")
        case _:
            return str(told.get("product", ""))


def shop(row: Shop) -> dict[str, Any]:
    """The shop."""
    return {
        "name": row.name,
        "url": row.url,
        "currency": row.currency,
        "locale": row.locale,
        "phone": row.phone,
        "email": row.sender_email,
        "postal_address": row.postal_address,
        "address": row.postal_address,
    }


def zone(traits: Mapping[str, Any], row: Shop) -> tzinfo:
    """In which zone a customer reads the time: their own where a trait says it, else the shop's."""
    return told_zone(traits) or row.zone


def told_zone(traits: Mapping[str, Any]) -> tzinfo | None:
    """The zone that a trait names; None where none does."""
    told = traits.get("timezone")
    if isinstance(told, str) and 0 < len(told) <= 64:
        try:
            return ZoneInfo(told)
        except (ValueError, OSError):
            pass
    return None
