"""What people look at: what is expected of a customer, and how the shop's forecast came about. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dangol.base.models import Shop
from dangol.profile import restrictions
from dangol.value import rules, steps, words
from dangol.value.models import Buyer, Forecast
from dangol.value.words import Learned, Range, Words


@dataclass(frozen=True, slots=True)
class Horizon:
    """What is expected within so many days; money None where nothing is known of it."""

    days: int
    orders: Range
    orders_words: Words
    money: Range | None
    money_words: Words | None


@dataclass(frozen=True, slots=True)
class NextOrder:
    """When a customer orders again, if at all."""

    chance: float  # within two years
    likely_on: date | None  # as likely before as after
    earliest_on: date | None  # 10 %
    latest_on: date | None  # 90 %
    words: Words


@dataclass(frozen=True, slots=True)
class Worth:
    """What is expected of one customer; everything but `words` is empty where nothing can be said."""

    made_at: datetime | None  # of the shop's forecast it follows
    horizons: list[Horizon]
    churn: Range | None
    churn_words: Words | None
    next_order: NextOrder | None
    words: Words  # why there is nothing, or the one sentence that says most


def of_customer(customer_id: int, now: datetime) -> Worth:
    """A customer's worth today, worked out anew."""
    buyer, newest = Buyer.objects.filter(pk=customer_id).first(), steps.latest()
    if buyer is None or customer_id in restrictions.restricted():
        return _nothing(words.NO_ORDER)
    if newest is None:
        return _nothing(words.NOT_YET)
    shop = Shop.objects.get()
    from dangol.value import telling  # noqa: PLC0415 - numpy and scipy: only who asks waits for them

    today = rules.today(now, shop.zone)
    sheet = telling.sheet(newest, buyer, today)
    horizons = [_horizon(days, sheet.orders[days], sheet.value.get(days), shop.currency) for days in sheet.orders]
    last = horizons[-1]
    return Worth(
        newest.made_at, horizons, sheet.churn, words.churn(sheet.churn),
        _next(sheet.again, sheet.when, date.fromordinal(today)), last.money_words or last.orders_words,
    )  # fmt: skip


def _nothing(why: Words) -> Worth:
    return Worth(None, [], None, None, None, why)


def _horizon(days: int, orders: Range, money: Range | None, currency: str) -> Horizon:
    said = words.money(days, money, currency) if money else None
    return Horizon(days, orders, words.orders(days, orders), money, said)


def _next(chance: float, when: tuple[float, float, float] | None, today: date) -> NextOrder:
    said = words.next_order(chance, today, when)
    if when is None:
        return NextOrder(chance, None, None, None, said)
    middle, low, high = (today + timedelta(days=round(one)) for one in when)
    return NextOrder(chance, middle, low, high, said)


@dataclass(frozen=True, slots=True)
class Past:
    """What came of one past forecast."""

    on: date
    days: int
    score: Mapping[str, Any]  # scoring.Score

    @property
    def held(self) -> bool:
        return bool(self.score["low"] <= self.score["came"] <= self.score["high"])


@dataclass(frozen=True, slots=True)
class Card:
    """How the shop's forecast came about and how far to trust it."""

    forecast: Forecast
    ahead: list[tuple[int, Range]]  # days → all customers' orders
    learned: list[Learned]
    past: list[Past]  # newest first
    scored: int
    held: int
    caveats: list[Words]


SHOWN = 12  # past forecasts


def card() -> Card | None:
    """The newest forecast of the shop with its record; None before the first."""
    newest = steps.latest()
    if newest is None:
        return None
    from dangol.value import learned  # noqa: PLC0415 - as above

    past = [
        Past(date.fromordinal(one.day), int(days), one.scores[days])
        for one in Forecast.objects.exclude(scores={}).order_by("-day")
        for days in sorted(one.scores, key=int)
    ]
    held = sum(one.held for one in past)
    ahead = [(int(days), Range(told[0], told[1], told[3])) for days, told in newest.totals.items()]
    return Card(
        newest, ahead, learned.numbers(newest), past[:SHOWN], len(past), held,
        words.caveats(newest.repeaters, newest.span_days, len(past), held),
    )  # fmt: skip
