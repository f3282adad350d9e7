"""All orders of a time as columns of numbers, for pages that look at many at once. Reads only.

Read by hand: through the ORM 100,000 orders took a second, so they take a fifth of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from django.db import connection

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.harvest.margins import Costing

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
Items = dict[str, tuple[int, int | None]]  # product → pieces, and what they come to in ten-thousandths

SCALE = 10_000.0  # an amount as the tables keep it
WHOLE = 10**15  # what a refund without an amount gives back: all there was
RETURNED = f"""SELECT source, order_id, SUM(COALESCE(amount, {WHOLE})) AS back FROM profile_refund WHERE at <= %s
    GROUP BY source, order_id"""  # noqa: S608 - a constant
ITEMS = "CAST(o.items AS TEXT)"  # else PostgreSQL's driver would take it apart, slowly
ORDERS = f"""SELECT o.customer_id, o.at, o.revenue, COALESCE(r.back, 0), o.cost, o.channel, o.currency, o.cancelled,
    {{items}} FROM profile_order o LEFT JOIN ({RETURNED}) r ON r.source = o.source AND r.order_id = o.order_id
    WHERE o.completed AND o.at >= %s AND o.at < %s ORDER BY o.at"""  # noqa: S608 - names of our own
decode = msgspec.json.Decoder(Items).decode


@dataclass(frozen=True, slots=True)
class Orders:
    """One element for each order, by time; amounts in the shop's currency."""

    customers: Ints
    at: Ints  # microseconds since 1970
    revenue: Floats  # as it was told; 0 of orders in another currency
    net: Floats  # … less what was given back for it
    margin: Floats  # what is left once goods are paid; NaN where their cost is not known and no usual margin is told
    known: Marks  # whether the cost of its goods is known
    channel: npt.NDArray[np.str_]
    cancelled: Marks
    items: Sequence[Items]  # empty unless asked for

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: Marks) -> Orders:
        return Orders(
            self.customers[chosen], self.at[chosen], self.revenue[chosen], self.net[chosen], self.margin[chosen],
            self.known[chosen], self.channel[chosen], self.cancelled[chosen],
            [one for one, fits in zip(self.items, chosen, strict=True) if fits] if self.items else [],
        )  # fmt: skip

    def standing(self) -> Orders:
        """Without those that were cancelled."""
        return self.where(~self.cancelled)


def read(since: datetime | None, until: datetime, known: Costing, *, items: bool = False) -> Orders:
    """Orders from `since` (empty: the first ever) up to before `until`; refunds count as far as they are known then."""
    wanted = items or bool(known.pieces)
    with connection.cursor() as cursor:
        begins = to_us(since) if since else -(2**62)
        told = ITEMS if items else f"CASE WHEN o.cost IS NULL THEN {ITEMS} ELSE '' END" if known.pieces else "''"
        cursor.execute(ORDERS.format(items=told), [to_us(until), begins, to_us(until)])
        rows = cursor.fetchall()
    return _columns(rows, known, wanted)


def _columns(rows: Sequence[tuple[Any, ...]], known: Costing, wanted: bool) -> Orders:
    who, at, paid, back, cost, channel, currency, cancelled, told = zip(*rows, strict=True) if rows else ((),) * 9
    ours = _ours(currency)
    revenue = np.array(paid, np.float64) / SCALE * ours
    net = np.maximum(revenue - np.array(back, np.float64) / SCALE, 0)
    items = [decode(one) if one else {} for one in told] if wanted else []
    goods = _goods(cost, items, known)
    has = ~np.isnan(goods)
    kept = np.divide(net, revenue, out=np.ones_like(net), where=revenue > 0)
    usual = float(known.usual_percent) / 100 if known.usual_percent is not None else np.nan
    return Orders(
        np.array(who, np.int64), np.array(at, np.int64), revenue, net, np.where(has, net - goods * kept, net * usual),
        has, np.array(channel, np.str_), np.array(cancelled, np.bool_), items,
    )  # fmt: skip


def _ours(currencies: Sequence[str]) -> Floats:
    """1 for the shop's own currency, 0 for another: nobody knows the rate of that day."""
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    return np.array([one in {"", money} for one in currencies], np.float64)


def _goods(costs: Sequence[int | None], items: Sequence[Items], known: Costing) -> Floats:
    """What the goods of each order cost: by its own word, else by the catalogue where that knows all of them."""
    found = np.array([np.nan if cost is None else cost / SCALE for cost in costs], np.float64)
    pieces = {key: float(cost) for key, cost in known.pieces.items()}
    for place in np.flatnonzero(np.isnan(found)) if items and pieces else ():
        sold = items[int(place)]
        if sold and all(key in pieces for key in sold):
            found[place] = sum(pieces[key] * told[0] for key, told in sold.items())
    return found
