"""What came in over a stretch of the calendar: in all, by parts of it, by channel, product and segment. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from django.db import connection
from django.db.models import Sum

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.deliver.models import Delivery
from dangol.deliver.records import OF_EMAIL, OF_OTHERS
from dangol.harvest import history, touches
from dangol.harvest.history import RETURNED, SCALE, Marks, Orders
from dangol.harvest.margins import ALL, UNKNOWN_COST, USUAL, Costing
from dangol.harvest.periods import Period, edges
from dangol.harvest.touches import Credit, Touched
from dangol.offer.models import Product

MOST_PRODUCTS = 50
CLICKS = (OF_EMAIL["clicked"], OF_OTHERS["clicked"])
BY_SEGMENT = f"""SELECT s.key, COUNT(*), COUNT(DISTINCT o.customer_id),
    SUM(CASE WHEN COALESCE(r.back, 0) >= o.revenue THEN 0 ELSE o.revenue - COALESCE(r.back, 0) END)
    FROM profile_order o LEFT JOIN ({RETURNED}) r ON r.source = o.source AND r.order_id = o.order_id
    JOIN segment_member m ON m.customer_id = o.customer_id JOIN segment_segment s ON s.id = m.segment_id
    WHERE o.completed AND NOT o.cancelled AND o.at >= %s AND o.at < %s AND o.currency IN ('', %s)
    AND s.state = 'active' GROUP BY s.key"""  # noqa: S608 - constants
CLICKED = """SELECT o.id, o.at, o.revenue, f.at, f.properties FROM profile_order o JOIN profile_fact f
    ON f.customer_id = o.customer_id AND f.at <= o.at AND f.at >= o.at - %s AND f.type = 'track' AND f.name IN (%s, %s)
    WHERE o.completed AND NOT o.cancelled AND o.at >= %s AND o.at < %s ORDER BY o.id"""


@dataclass(frozen=True, slots=True)
class Sums:
    """What came in, in the shop's currency."""

    orders: int
    buyers: int
    revenue: float
    returned: float
    messages: float  # what messages cost that were handed over meanwhile
    margin: float | None  # goods paid; empty where that cannot be told
    basis: str  # all, usual, unknown
    known_share: float | None  # of the net revenue, that of orders whose goods' cost is known

    @property
    def net(self) -> float:
        return self.revenue - self.returned

    @property
    def left(self) -> float:
        """What is left: goods paid where that can be told, and messages paid."""
        return (self.net if self.margin is None else self.margin) - self.messages


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a breakdown."""

    key: str
    orders: int
    buyers: int
    net: float
    pieces: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sales:
    """A stretch of the calendar."""

    period: Period
    sums: Sums
    before: Sums  # of as long a stretch just before
    parts: list[tuple[date, int, float]]  # first day, orders, net
    channels: list[Part]
    products: list[Part]
    without_products: int  # orders that name none


def sales(period: Period, now: datetime, known: Costing) -> Sales:
    """Everything that came in, less what was given back of it up to now."""
    found = history.read(period.since, period.until, known, items=True, returned_by=max(now, period.until)).standing()
    products = _products(found)
    return Sales(
        period=period, sums=_sums(found, period.since, period.until, known),
        before=sums(period.before, Costing({}, known.usual_percent), now), parts=_by_part(found, period),
        channels=_by_channel(found), products=products, without_products=len(found) - len(np.unique(found.lines.order)),
    )  # fmt: skip


def sums(period: Period, known: Costing, now: datetime) -> Sums:
    """What came in, in all, less what was given back of it up to now. Without a catalogue in what is known, goods are
    paid by the orders' own word alone.
    """
    found = history.read(period.since, period.until, known, returned_by=max(now, period.until)).standing()
    return _sums(found, period.since, period.until, known)


def _sums(found: Orders, since: datetime, until: datetime, known: Costing) -> Sums:
    net = float(found.net.sum())
    basis = ALL if bool(found.known.all()) else USUAL if known.usual_percent is not None else UNKNOWN_COST
    told = basis != UNKNOWN_COST
    return Sums(
        orders=len(found), buyers=len(np.unique(found.customers)), revenue=float(found.revenue.sum()),
        returned=float(found.revenue.sum()) - net, messages=message_costs(since, until),
        margin=float(found.margin.sum()) if told else None, basis=basis,
        known_share=float(found.net[found.known].sum()) / net if net > 0 else None,
    )  # fmt: skip


def message_costs(since: datetime, until: datetime) -> float:
    """What messages cost by the price list, of those in the shop's currency that were handed over meanwhile."""
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    rows = Delivery.objects.filter(cost__isnull=False, finished_at__gte=since, finished_at__lt=until)
    return float(rows.filter(currency__in=("", money)).aggregate(sum=Sum("cost"))["sum"] or 0)


def _by_part(found: Orders, period: Period) -> list[tuple[date, int, float]]:
    parts = period.parts()
    place = np.searchsorted(np.array(edges(parts, period.zone), np.int64), found.at, side="right") - 1
    orders, net = (np.bincount(place, weights, minlength=len(parts)) for weights in (None, found.net))
    return [(day, int(orders[n]), float(net[n])) for n, day in enumerate(parts)]


def _by_channel(found: Orders) -> list[Part]:
    keys = [str(key) for key in np.unique(found.channel)]
    rows = [_part(key, found, found.channel == key) for key in keys]
    return sorted(rows, key=lambda row: -row.net)


def _part(key: str, found: Orders, chosen: Marks) -> Part:
    return Part(key, int(chosen.sum()), len(np.unique(found.customers[chosen])), float(found.net[chosen].sum()))


def _products(found: Orders) -> list[Part]:
    """The products that brought most. An order's money goes to its products as their own prices share it."""
    lines = found.lines
    if not len(lines.order):
        return []
    count, size = len(lines.keys), len(found)
    whole, alike = (np.bincount(lines.order, by, minlength=size)[lines.order] for by in (lines.amount, None))
    share = np.divide(lines.amount, whole, out=1 / alike, where=whole > 0)
    net = np.bincount(lines.product, found.net[lines.order] * share, minlength=count)
    pieces = np.bincount(lines.product, lines.pieces, minlength=count)
    orders = np.bincount(lines.product, minlength=count)
    bought = np.unique(np.stack([lines.product, found.customers[lines.order]]), axis=1)[0]
    buyers = np.bincount(bought, minlength=count)
    sold = [place for place in range(count) if orders[place]]
    best = sorted(sold, key=lambda place: (-net[place], lines.keys[place]))[:MOST_PRODUCTS]
    names = dict(Product.objects.filter(key__in=[lines.keys[n] for n in best]).values_list("key", "name"))
    return [
        Part(
            lines.keys[n], int(orders[n]), int(buyers[n]), float(net[n]), int(pieces[n]),
            names.get(lines.keys[n]) or lines.keys[n],
        )
        for n in best
    ]  # fmt: skip


def by_segment(period: Period, now: datetime) -> list[Part]:
    """What members of each active segment brought, by who is a member now; segments overlap."""
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    span = to_us(period.since), to_us(period.until)
    with connection.cursor() as cursor:
        cursor.execute(BY_SEGMENT, [to_us(max(now, period.until)), *span, money])
        rows = [Part(key, orders, buyers, float(net or 0) / SCALE) for key, orders, buyers, net in cursor.fetchall()]
    return sorted(rows, key=lambda row: (-row.net, row.key))


def buyers(period: Period, known: Costing, fits: Callable[[Orders], Marks]) -> list[int]:
    """Customers of the orders of a period that a test marks."""
    found = history.read(period.since, period.until, known, items=True).standing()
    return sorted(map(int, np.unique(found.customers[fits(found)])))


# --- a second look ----------------------------------------------------------------------------------------------------


def credited(period: Period) -> list[Credit]:
    """Orders of a period by the messages whose links were followed before them; what machines followed is left out."""
    return touches.credited(_touched(period))


def _touched(period: Period) -> Iterator[Touched]:
    window = int(touches.WINDOW.total_seconds()) * 1_000_000
    with connection.cursor() as cursor:
        cursor.execute(CLICKED, [window, *CLICKS, to_us(period.since), to_us(period.until)])
        rows = cursor.fetchall()
    clicks: dict[int, list[tuple[str, timedelta]]] = defaultdict(list)
    money: dict[int, float] = {}
    for order, ordered_at, paid, at, told in rows:
        campaign = _clicked(told)
        if campaign:
            money[order] = paid / SCALE
            clicks[order].append((campaign, timedelta(microseconds=ordered_at - at)))
    return (Touched(net, clicks[order]) for order, net in money.items())


def _clicked(properties: str) -> str:
    """The campaign of a message whose link a person followed; empty where a machine did."""
    told: Any = msgspec.json.decode(properties) if properties else {}
    return "" if told.get("machine") else str(told.get("campaign") or "")
