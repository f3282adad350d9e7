"""Rows of a catalogue → products as they stand now; they belong to no customer. Pure.

Rows with the same product id are its variants: what is written once is the product's, what differs is the variant's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from dangol.base.instants import iso
from dangol.collect.files.shape import Told, Unusable, clean, digest, instant, message_id, number
from dangol.collect.files.values import Reader, known_id

TEXTS = {
    "product": "name", "category": "category", "brand": "brand", "sku": "sku", "url": "url", "image_url": "image_url",
    "product_status": "status", "variant": "variant",
}  # fmt: skip
AMOUNTS = {"price": "price", "cost": "cost", "stock": "stock"}
OF_VARIANT = ("sku", "variant", "price", "cost", "stock")
MOST_VARIANTS = 500
NAME = "Product Updated"

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Terms:
    """How this import reads a catalogue."""

    read: Reader
    now: datetime
    latest: datetime
    currency: str


def fact(rows: Sequence[Mapping[str, str]], terms: Terms) -> Told:
    """The product that these rows of one id are. Raises Unusable."""
    product_id = known_id(rows[0].get("product_id", ""))
    if not product_id:
        raise Unusable("product_id: found nothing; allowed: the product's number")
    if len(rows) > MOST_VARIANTS:
        raise Unusable(f"more than {MOST_VARIANTS} rows of the product {product_id!r}: is product_id the right column?")
    known = [_known(row) for row in rows]
    properties: dict[str, Any] = {"product_id": product_id[:300]}
    for one in known:
        for name, value in one.items():
            properties.setdefault(name, value)
    if not properties.keys() & {"name", "price", "category"}:
        raise Unusable("product: found no name, price or category; allowed: at least one of them")
    properties["currency"] = terms.currency
    variants = [{name: one[name] for name in OF_VARIANT if name in one} for one in known]
    if len(rows) > 1:
        properties["variants"] = [one for one in variants if one]
        properties.pop("variant", None)
    times = [instant(row, "updated_time", terms.read, terms.latest) for row in rows]
    at = max((time for time in times if time is not None), default=terms.now)
    event = {"type": "track", "event": NAME, "properties": properties, "timestamp": iso(at)}
    return Told(NAME, message_id("product", product_id, digest(properties)), _encoder.encode(event))


def _known(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: clean(row[name]) for name, key in {**TEXTS, "variant": "variant"}.items() if row.get(name)
    }
    for name, key in AMOUNTS.items():
        if (amount := number(row, name)) is not None:
            found[key] = amount
    return found
