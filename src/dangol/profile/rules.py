"""What one fact says about a customer. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dangol.base.money import parse_amount
from dangol.collect.facts import Fact

CHANNELS = {"email", "sms", "push", "webpush", "kakao", "phone", "onsite"}
STATES = ("granted", "denied", "withdrawn")
STRICTNESS = {"granted": 0, "denied": 1, "withdrawn": 2}  # which state stands when two customers become one


@dataclass(frozen=True, slots=True)
class OrderFact:
    """What an order fact says: `amount` is empty where it names none."""

    order_id: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """What a `Consent Changed` fact says."""

    channel: str
    purpose: str
    state: str
    basis: str
    evidence: dict[str, Any]


def order_of(fact: Fact) -> OrderFact:
    """The order that a fact is about; without an id of its own it goes by its message's."""
    properties = fact.properties
    order_id = str(properties.get("order_id") or properties.get("orderId") or fact.message_id)[:200]
    return OrderFact(order_id, amount_of(properties), str(properties.get("currency") or "")[:3].upper())


def amount_of(properties: Mapping[str, Any]) -> Decimal | None:
    """What an order brings: `revenue` (without shipping and tax), else `total`, else its products; never negative."""
    for key in ("revenue", "total", "value"):
        amount = parse_amount(properties.get(key))
        if amount is not None and amount >= 0:
            return amount
    products = properties.get("products")
    if not isinstance(products, list):
        return None
    amounts = [_product_amount(product) for product in products if isinstance(product, dict)]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _product_amount(product: Mapping[str, Any]) -> Decimal | None:
    price, quantity = parse_amount(product.get("price")), parse_amount(product.get("quantity", 1))
    return price * quantity if price is not None and quantity is not None and price >= 0 and quantity >= 0 else None


def consent_of(fact: Fact) -> ConsentFact | None:
    """The consent that a fact changes; None where it does not say channel and state as the language knows them."""
    properties = fact.properties
    channel, state = properties.get("channel"), properties.get("state")
    if channel not in CHANNELS or state not in STATES:
        return None
    told = {"channel", "purpose", "state", "basis"}
    return ConsentFact(
        channel=channel,
        purpose=str(properties.get("purpose") or "marketing")[:16],
        state=state,
        basis=str(properties.get("basis") or "explicit")[:32],
        evidence={key: value for key, value in properties.items() if key not in told},
    )


def with_traits(
    traits: dict[str, Any], versions: dict[str, list[int]], new: Mapping[str, Any], version: tuple[int, int]
) -> None:
    """Set traits in place: the newest timestamp wins, ties go to the later position; null unsets.

    `versions` keeps (at in µs, position) of each key, also of unset ones, so that an older value cannot come back.
    """
    for key, value in new.items():
        if list(version) >= versions.get(key, [-(2**63), 0]):
            versions[key] = list(version)
            if value is None:
                traits.pop(key, None)
            else:
                traits[key] = value


def display_name(traits: Mapping[str, Any]) -> str:
    """What to call a customer: `name`, or first and last name."""
    name = traits.get("name")
    if isinstance(name, str) and name.strip():
        return name.strip()[:300]
    parts = [traits.get(key) for key in ("firstName", "first_name", "lastName", "last_name")]
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())[:300]


def language(traits: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The customer's language as two letters, from traits before the browser's."""
    for value in (traits.get("language"), traits.get("locale"), context.get("locale")):
        if isinstance(value, str) and len(value) >= 2 and value[:2].isalpha():
            return value[:2].lower()
    return ""


def average_gap_days(orders: int, first: datetime | None, last: datetime | None) -> float | None:
    """Days between orders on average; None before the second."""
    if orders < 2 or first is None or last is None:
        return None
    return (last - first).total_seconds() / 86_400 / (orders - 1)
