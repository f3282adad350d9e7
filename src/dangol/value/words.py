"""Forecasts in plain words, in every language of the console. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Range:
    """A figure and the range that holds it in 8 of 10 cases."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Learned:
    """One number of the shop: what was believed before its data, and what is known with them."""

    name: str  # weeks_between, leaving, order_amount
    before: Range
    now: Range


ORDERS = {
    "en": "About {mean:.1f} orders in {days} days; between {low:.0f} and {high:.0f} in 8 of 10 cases.",
    "ko": "{days}일 동안 주문 약 {mean:.1f}건, 열에 여덟은 {low:.0f}~{high:.0f}건입니다.",
}
MONEY = {
    "en": "About {mean:,.0f} {currency} in {days} days; between {low:,.0f} and {high:,.0f} in 8 of 10 cases.",
    "ko": "{days}일 동안 약 {mean:,.0f} {currency}, 열에 여덟은 {low:,.0f}~{high:,.0f} {currency}입니다.",
}
CHURN = {
    "en": "Has stopped buying for good with a probability of {mean:.0f} % ({low:.0f} to {high:.0f} %).",
    "ko": "다시 구매하지 않을 확률이 {mean:.0f}%입니다({low:.0f}~{high:.0f}%).",
}
NEXT = {
    "en": "Orders again within two years with a probability of {chance:.0f} %; then most likely around {middle}, "
    "in 8 of 10 cases between {low} and {high}.",
    "ko": "2년 안에 다시 주문할 확률은 {chance:.0f}%이며, 주문한다면 {middle} 무렵입니다(열에 여덟은 {low} ~ {high}).",
}
NO_MORE = {
    "en": "Is hardly expected to order again: within two years with a probability of {chance:.0f} %.",
    "ko": "다시 주문할 가능성이 거의 없습니다. 2년 안에 주문할 확률은 {chance:.0f}%입니다.",
}
NO_ORDER = {
    "en": "Nothing is forecast before a first order.",
    "ko": "첫 주문이 있기 전에는 예측하지 않습니다.",
}
NOT_YET = {
    "en": "The first forecast is made within a minute of the first order.",
    "ko": "첫 주문 후 1분 안에 첫 예측이 만들어집니다.",
}

FEW = {
    "en": "Only {n} customers have bought more than once: most of this is an assumption, not yet this shop.",
    "ko": "두 번 이상 구매한 고객이 {n}명뿐입니다. 아직은 이 가게의 자료보다 가정이 대부분입니다.",
}
YOUNG = {
    "en": "The shop's history is {n} days long: no season has been seen twice, and a forecast of a year is far ahead.",
    "ko": "거래 기록이 {n}일치입니다. 같은 계절을 두 번 겪지 않았으므로 1년 예측은 멀리 내다본 것입니다.",
}
SEASON = {
    "en": "The model knows no season and no campaign: before a holiday it says too little, after it too much.",
    "ko": "이 모형은 계절과 캠페인을 모릅니다. 명절 전에는 적게, 지난 뒤에는 많게 예측합니다.",
}
MISSED = {
    "en": "Of {n} past forecasts only {held} held within their range: trust the order of customers more than the sums.",
    "ko": "지난 예측 {n}건 중 {held}건만 범위 안에 들었습니다. 합계보다 고객 순위를 믿으세요.",
}
ONE = {
    "en": "One customer's figure is a range. Sums over many customers are surer than any single one.",
    "ko": "고객 한 명의 값은 범위로 보세요. 여러 고객의 합계가 한 명의 값보다 확실합니다.",
}

FEW_REPEATERS, YEAR, FEWEST_SCORED, HELD_AT_LEAST = 30, 365, 5, 0.7


def orders(days: int, told: Range) -> Words:
    return _said(ORDERS, days=days, mean=told.mean, low=told.low, high=told.high)


def money(days: int, told: Range, currency: str) -> Words:
    return _said(MONEY, days=days, mean=told.mean, low=told.low, high=told.high, currency=currency)


def churn(told: Range) -> Words:
    return _said(CHURN, mean=100 * told.mean, low=100 * told.low, high=100 * told.high)


def next_order(chance: float, today: date, days: tuple[float, float, float] | None) -> Words:
    """`days` from today: as likely before as after, 10 %, 90 %; None where an order is hardly expected."""
    if days is None:
        return _said(NO_MORE, chance=100 * chance)
    middle, low, high = ((today + timedelta(days=round(one))).isoformat() for one in days)
    return _said(NEXT, chance=100 * chance, middle=middle, low=low, high=high)


def caveats(repeaters: int, span_days: int, scored: int, held: int) -> list[Words]:
    """When not to believe a forecast of this shop."""
    told = []
    if repeaters < FEW_REPEATERS:
        told.append(_said(FEW, n=repeaters))
    if span_days < 2 * YEAR:
        told.append(_said(YOUNG, n=span_days))
    if scored >= FEWEST_SCORED and held < HELD_AT_LEAST * scored:
        told.append(_said(MISSED, n=scored, held=held))
    return [*told, SEASON, ONE]


def _said(words: Words, **values: object) -> Words:
    return {language: text.format(**values) for language, text in words.items()}
