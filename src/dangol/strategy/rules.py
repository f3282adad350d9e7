"""How plays are ranked: what one is expected to bring in a month, and how little is known about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

LANGUAGES = ("en", "ko")
STAGES = ("visitor", "new", "promising", "loyal", "at-risk", "lost")


@dataclass(frozen=True, slots=True)
class Prior:
    """What a play adds per treated customer before this shop has measured it: extra orders, with an 80 % range."""

    low: float
    mean: float
    high: float
    source: Mapping[str, str]  # language → where the numbers come from, in one sentence


@dataclass(frozen=True, slots=True)
class Play:
    """A ready strategy."""

    key: str
    name: Mapping[str, str]  # by language, like every text of a play
    reason: Mapping[str, str]
    audience: Mapping[str, Any]  # a segment's shape, or empty where a fact starts the play
    monthly: Mapping[str, Any]  # a rule: who came its way in the last 30 days
    definition: Mapping[str, Any]  # of its campaign, templates filled in
    message_class: str
    prior: Prior
    needs: Mapping[str, str]
    law: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reach:
    """How many a play would reach."""

    now: int  # in its audience at this moment
    month: int  # came its way in the last 30 days
    reachable: int  # of those of the month, with an address and the consent the play needs


@dataclass(frozen=True, slots=True)
class Earnings:
    """What orders of this shop look like so far."""

    orders: int
    average: Decimal | None  # revenue of an order; None before the first
    currency: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a play should add in a month, with an 80 % range. Money is empty before the first order."""

    orders: float
    orders_low: float
    orders_high: float
    money: Decimal | None
    money_low: Decimal | None
    money_high: Decimal | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One play in the ranked plan."""

    play: Play
    reach: Reach
    expected: Expectation
    unknown: tuple[Mapping[str, str], ...]  # what is not known yet, by language
    summary: Mapping[str, str]


def expect(play: Play, reach: Reach, earnings: Earnings) -> Expectation:
    """Extra orders and revenue of the next month: those reachable, less the holdout, times the prior's uplift."""
    held_out = float(play.definition.get("holdout_percent") or 0) / 100
    treated = reach.reachable * (1 - held_out)
    orders = [treated * rate for rate in (play.prior.mean, play.prior.low, play.prior.high)]
    money = [None if earnings.average is None else _round(earnings.average * Decimal(n)) for n in orders]
    return Expectation(*orders, *money)


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def rank(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """The most expected extra orders first; plays that reach nobody yet keep the order a new shop should start in."""
    return sorted(rows, key=lambda row: -row.expected.orders)


def unknowns(play: Play, reach: Reach, earnings: Earnings) -> tuple[Mapping[str, str], ...]:
    """What stands between this estimate and knowledge, most important first."""
    told: list[Mapping[str, str]] = []
    if earnings.average is None:
        told.append(NO_ORDERS)
    elif earnings.orders < 30:
        told.append({language: text.format(orders=earnings.orders) for language, text in FEW_ORDERS.items()})
    if reach.month == 0:
        told.append(NOBODY_YET)
    elif reach.reachable == 0:
        told.append(NO_CONSENT if play.message_class == "marketing" else NO_ADDRESS)
    told.append(play.prior.source)
    return tuple(told)


def summarise(play: Play, reach: Reach, expected: Expectation) -> Mapping[str, str]:
    """The plan's sentence about a play."""
    kind = "some" if reach.reachable else "waiting"
    return {
        language: SUMMARIES[language][kind].format(
            now=reach.now,
            month=reach.month,
            reachable=reach.reachable,
            low=max(expected.orders_low, 0),
            high=expected.orders_high,
        )
        for language in LANGUAGES
    }


NO_ORDERS = {
    "en": "There is no order yet, so nothing can be said in money.",
    "ko": "아직 주문이 없어 금액으로는 말할 수 없습니다.",
}
FEW_ORDERS = {
    "en": "An order's value is the average of only {orders} so far.",
    "ko": "주문 금액은 지금까지 {orders}건의 평균일 뿐입니다.",
}
NOBODY_YET = {
    "en": "Nobody came this way in the last 30 days; switched on, it waits for the first.",
    "ko": "최근 30일 동안 해당하는 고객이 없었습니다. 켜 두면 첫 고객을 기다립니다.",
}
NO_CONSENT = {
    "en": "None of them has allowed marketing by e-mail yet; ask for it at sign-up and at checkout.",
    "ko": "아직 이메일 마케팅에 동의한 고객이 없습니다. 가입과 결제 단계에서 동의를 요청하세요.",
}
NO_ADDRESS = {
    "en": "None of them has an e-mail address yet.",
    "ko": "아직 이메일 주소가 있는 고객이 없습니다.",
}
SUMMARIES = {
    "en": {
        "some": "{reachable} of the {month} who came this way in the last 30 days could be reached; "
        "that should add {low:.1f} to {high:.1f} orders a month.",
        "waiting": "Nobody can be reached yet. Switched on now, it greets the first who can.",
    },
    "ko": {
        "some": "최근 30일 동안 해당한 {month}명 중 {reachable}명에게 보낼 수 있으며, "
        "월 {low:.1f}~{high:.1f}건의 주문이 늘어날 것으로 봅니다.",
        "waiting": "아직 보낼 수 있는 고객이 없습니다. 지금 켜 두면 첫 고객부터 챙깁니다.",
    },
}
