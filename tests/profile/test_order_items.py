"""What an order keeps of its fact: its products, where it was placed, and a revenue that is net of discounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dangol.profile import rules
from dangol.profile.models import Order
from tests.shopkit import Kit

CUPS = {"product_id": "cup", "quantity": 2, "price": "4.50"}


@pytest.mark.parametrize(
    ("products", "items"),
    [
        ([CUPS], {"cup": [2, 90_000]}),
        ([CUPS, CUPS], {"cup": [4, 180_000]}),
        ([{"sku": "S-1", "price": 3}], {"S-1": [1, 30_000]}),
        ([{"product_id": 7}], {"7": [1, None]}),  # no price
        ([{"product_id": "cloth", "quantity": 0.5, "price": 10}], {"cloth": [1, 50_000]}),
        ([{"product_id": "cup", "quantity": 0}, {"product_id": "cup", "quantity": -1}], {}),
        ([{"name": "nameless"}, "cup", None], {}),
        ([{"product_id": "cup", "quantity": 9_999_999, "price": 0}], {"cup": [1_000_000, 0]}),
    ],
)
def test_an_order_keeps_its_products(products: Any, items: dict[str, Any]) -> None:
    assert rules.items_of({"products": products}) == items


@pytest.mark.parametrize(
    ("told", "net"),
    [
        ({"revenue": 25, "shipping": 3, "tax": 2, "discount": 2.5, "total": 27.5}, "22.5"),  # Segment's own example
        ({"revenue": 25, "shipping": 3, "tax": 2, "discount": 2.5, "total": 30}, "25"),  # taken off already
        ({"revenue": 25, "discount": 2.5}, "25"),  # nobody says: as most shops tell it
        ({"revenue": 25, "discount": 25, "total": 0}, "0"),
        ({"revenue": 25, "discount": 30, "total": -5}, "25"),
    ],
)
def test_revenue_is_net_of_discounts(told: dict[str, Any], net: str) -> None:
    assert rules.amount_of(told) == Decimal(net)


@pytest.mark.django_db
def test_a_later_report_without_products_takes_none_away(kit: Kit) -> None:
    kit.track(
        "ann", "Order Completed", {"order_id": "a", "revenue": 9, "products": [CUPS]}, context={"channel": "Store"}
    )
    kit.track("ann", "Order Updated", {"order_id": "a", "revenue": 8})
    kit.run()
    order = Order.objects.get()
    assert (order.items, order.channel, order.revenue) == ({"cup": [2, 90_000]}, "store", 8)
