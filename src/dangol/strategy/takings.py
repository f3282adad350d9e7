"""What the shop's orders look like so far, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum

from dangol.base.models import Shop
from dangol.offer.models import Product
from dangol.profile.models import Order
from dangol.strategy.rules import Earnings, spread_of

ENOUGH_ORDERS = 1_000  # to see how much order values differ


def read() -> Earnings:
    """Orders that stand, what one is worth, and what of it stays where goods' cost is known."""
    orders = Order.objects.filter(cancelled=False)
    costed = Q(cost__isnull=False)
    told = orders.aggregate(
        orders=Count("id"), money=Sum("revenue"), costed=Sum("revenue", filter=costed),
        stays=Sum(F("revenue") - F("cost"), filter=costed),
    )  # fmt: skip
    currency = Shop.objects.values_list("currency", flat=True).first() or ""
    if not told["orders"]:
        return Earnings(0, None, currency)
    newest = orders.order_by("-at").values_list("revenue", flat=True)[:ENOUGH_ORDERS]
    known = float(told["costed"] or 0)
    return Earnings(
        told["orders"], told["money"] / told["orders"], currency, spread_of(list(newest)),
        margin=float(told["stays"]) / known if known > 0 else None,
        costed=known / float(told["money"]) if told["money"] else 0.0,
        stock=_stock(),
    )  # fmt: skip


def _stock() -> int | None:
    """Pieces that can be sold; None unless every product that is offered is counted."""
    offered = Product.objects.filter(offered=True, catalogued=True)
    if not offered.exists() or offered.filter(stock=None).exists():
        return None
    return int(offered.filter(stock__gt=0).aggregate(n=Sum("stock"))["n"] or 0)


def as_json(found: Earnings) -> dict[str, Any]:
    """As it is kept with the count."""
    return {
        "orders": found.orders, "average": None if found.average is None else str(found.average),
        "currency": found.currency, "spread": found.spread, "margin": found.margin, "costed": found.costed,
        "stock": found.stock,
    }  # fmt: skip


def of_json(told: Mapping[str, Any]) -> Earnings:
    """What was kept."""
    average = told.get("average")
    return Earnings(
        int(told["orders"]), None if average is None else Decimal(average), str(told["currency"]),
        float(told["spread"]), told.get("margin"), float(told["costed"]), told.get("stock"),
    )  # fmt: skip
