"""What a catalogue and customers tell of products, in a test's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.shopkit import Kit

DAY = timedelta(days=1)


def told(kit: Kit, key: str, *, ago: timedelta = timedelta(0), **properties: Any) -> None:
    """A catalogue says how a product stands."""
    at = (kit.clock.now() - ago).isoformat()
    shape = {"type": "track", "event": "Product Updated", "timestamp": at}
    kit.send(shape | {"properties": {"product_id": key, "currency": "KRW", **properties}}, source="shop")
    kit.run()


def bought(kit: Kit, user: str, *keys: str, ago: timedelta = DAY) -> None:
    products = [{"product_id": key, "name": f"Product {key}", "price": 10} for key in keys]
    at = (kit.clock.now() - ago).isoformat()
    kit.send({
        "type": "track", "userId": user, "event": "Order Completed", "timestamp": at,
        "properties": {"order_id": f"{user}-{'-'.join(keys)}", "revenue": 10, "products": products},
    })  # fmt: skip


def viewed(kit: Kit, user: str, key: str, ago: timedelta = DAY) -> None:
    kit.track(user, "Product Viewed", {"product_id": key, "name": f"Product {key}"}, kit.clock.now() - ago)
