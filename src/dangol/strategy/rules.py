"""How plays are ranked: what one is expected to bring in a month, and how little is known about it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dangol.strategy.allotting import Need

LANGUAGES = ("en", "ko")
Z80 = 1.2815515655446004  # standard errors to either side of an 80 % range
USUAL_SPREAD = 0.8  # of order values, where too few orders are known to tell
STAGES = ("visitor", "new", "promising", "loyal", "at-risk", "lost")


@dataclass(frozen=True, slots=True)
class Prior:
    """What a play adds per treated customer before this shop has measured it: extra orders, with an 80 % range."""

    low: float
    mean: float
    high: float
    source: Mapping[str, str]  # language → where the numbers come from, in one sentence


@dataclass(frozen=True, slots=True)
class Measured:
    """What this shop has seen of a play so far."""

    lift: float  # extra buyers per treated customer, against the holdout
    error: float  # the standard error of that
    customers: int  # treated and held out, whose time is over


@dataclass(frozen=True, slots=True)
class Gain:
    """What a play gathers beside orders, per treated customer, with an 80 % range: an assumption."""

    what: str  # consent, profile, answers, reviews
    low: float
    mean: float
    high: float


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
    channel: str = "email"  # on which it first says something; task: nothing is sent, a person does it
    messages: int = 1  # that one customer gets on the way, at most
    minutes: float = 0.0  # of a person's time for each customer
    gathers: Gain | None = None
    facts: tuple[str, ...] = ()  # without which nobody comes its way
    traits: tuple[str, ...] = ()
    yearly: int = 0  # how often a year it happens, where that is not whenever somebody comes its way


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
    spread: float = USUAL_SPREAD  # standard deviation of an order's revenue, as a multiple of the average
    margin: float | None = None  # which part of it stays where goods' cost is known
    costed: float = 0.0  # the part of revenue of which that is known
    stock: int | None = None  # pieces that can be sold; None: nobody counts them


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a play should add in a month, with an 80 % range. Money is empty before the first order."""

    orders: float
    orders_low: float
    orders_high: float
    money: Decimal | None
    money_low: Decimal | None
    money_high: Decimal | None
    margin: Decimal | None = None  # what stays once goods, messages and those who leave are paid for
    margin_low: Decimal | None = None
    margin_high: Decimal | None = None
    cost: Decimal = Decimal(0)  # of messages
    lost: Decimal = Decimal(0)  # what those who leave for it would have brought
    messages: float = 0.0  # that count for a customer's caps
    minutes: float = 0.0  # of a person's time


@dataclass(frozen=True, slots=True)
class Ready:
    """One kind of data that a play needs."""

    what: str  # the name of a fact or trait, or of a consent
    kind: str  # fact, trait, consent
    customers: int  # of whom there is any


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One play in the ranked plan."""

    play: Play
    reach: Reach
    expected: Expectation
    unknown: tuple[Mapping[str, str], ...]  # what is not known yet, by language
    summary: Mapping[str, str]
    seen: Measured | None = None  # what this shop has measured of it, if anything
    short: str = ""  # the limit that leaves no room for it: contacts, budget, minutes; nothing: it brings nothing
    helps: Mapping[str, str] | None = None  # the one thing that would help most to know
    ready: tuple[Ready, ...] = ()  # the data it needs, and whether there is any
    annoyed: Mapping[str, str] | None = None  # who left for it, where that is known
    annoys: bool = False  # beyond doubt

    @property
    def brings(self) -> float:
        """What it should bring in a month: margin, or extra orders while no order is known."""
        return self.expected.orders if self.expected.margin is None else float(self.expected.margin)


def learn(prior: Prior, seen: Measured | None) -> Prior:
    """The prior after what this shop has seen: a normal prior and a normal measurement, each weighed by its precision.

    The range keeps its shape and shrinks by √(1 - weight); without a measurement nothing changes.
    """
    if seen is None or seen.error <= 0:
        return prior
    weight = weight_of(prior, seen)
    mean, shrunk = prior.mean + weight * (seen.lift - prior.mean), math.sqrt(1 - weight)
    low, high = mean - shrunk * (prior.mean - prior.low), mean + shrunk * (prior.high - prior.mean)
    per_cent = {"weight": round(100 * weight), "customers": seen.customers}
    return Prior(low, mean, high, {language: text.format(**per_cent) for language, text in LEARNT.items()})


def spread_of_prior(prior: Prior) -> float:
    """The standard deviation of a prior whose 80 % range is known."""
    return (prior.high - prior.low) / (2 * Z80)


def weight_of(prior: Prior, seen: Measured) -> float:
    """The share of what was seen in what is expected, from 0 to 1."""
    spread = spread_of_prior(prior)
    return spread**2 / (spread**2 + seen.error**2)


def expect(play: Play, reach: Reach, earnings: Earnings, prior: Prior | None = None) -> Expectation:
    """Extra orders and revenue of the next month: those reachable, less the holdout, times the uplift.

    `prior` is the play's own unless the shop has learnt better. The range of money also holds how little is known
    about an order's value.
    """
    uplift = prior or play.prior
    people = treated(play, reach)
    mean, low, high = (people * rate for rate in (uplift.mean, uplift.low, uplift.high))
    if earnings.average is None:
        return Expectation(mean, low, high, None, None, None)
    doubt = abs(mean) * Z80 * earnings.spread / math.sqrt(max(earnings.orders, 1))
    ends = mean - math.hypot(mean - low, doubt), mean + math.hypot(high - mean, doubt)
    least = 0.0 if low >= 0 else ends[0]  # more orders bring no less money, however little is known of their value
    told = [rounded(earnings.average * Decimal(orders)) for orders in (mean, max(ends[0], least), ends[1])]
    return Expectation(mean, low, high, money=told[0], money_low=told[1], money_high=told[2])


def treated(play: Play, reach: Reach) -> float:
    """Customers in a month who get it; of a play that happens on days of the year, the twelfth of a year."""
    held_out = float(play.definition.get("holdout_percent") or 0) / 100
    return reach.reachable * (1 - held_out) * (play.yearly / 12 if play.yearly else 1.0)


def spread_of(revenues: Sequence[Decimal]) -> float:
    """How much order values differ: standard deviation by average; the usual one where fewer than ten are known."""
    amounts = [float(revenue) for revenue in revenues]
    average = sum(amounts) / len(amounts) if amounts else 0.0
    if len(amounts) < 10 or average <= 0:
        return USUAL_SPREAD
    return math.sqrt(sum((amount - average) ** 2 for amount in amounts) / (len(amounts) - 1)) / average


def rounded(amount: Decimal) -> Decimal:
    """To hundredths, as amounts are told."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def rank(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """What fits the limits and should bring most first; plays that reach nobody keep the order to begin in."""
    return sorted(rows, key=lambda row: (bool(row.short), -row.brings))


def with_limit(row: PlanRow, short: str) -> PlanRow:
    """The row with the limit that leaves no room for it."""
    return replace(row, short=short)


def need(row: PlanRow) -> Need:
    """What a row brings, and what it takes of what is scarce."""
    takes = {
        "contacts": row.expected.messages,
        "budget": float(row.expected.cost),
        "minutes": row.expected.minutes,
    }
    return Need(row.play.key, row.brings, takes)


def with_seen(row: PlanRow, seen: Measured | None, annoyed: int, treated: int, *, annoys: bool) -> PlanRow:
    """The row with what this shop has seen: what it added, and who left for it."""
    if not treated:
        return replace(row, seen=seen)
    told = {language: text.format(annoyed=annoyed, treated=treated) for language, text in ANNOYED.items()}
    return replace(row, seen=seen, annoyed=told, annoys=annoys)


def unknowns(play: Play, reach: Reach, earnings: Earnings, prior: Prior | None = None) -> tuple[Mapping[str, str], ...]:
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
    told.append((prior or play.prior).source)
    return tuple(told)


def summarise(play: Play, reach: Reach, expected: Expectation) -> Mapping[str, str]:
    """The plan's sentence about a play."""
    kind = "waiting" if not reach.reachable else "some" if expected.orders > 0 else "nothing"
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


ANNOYED = {
    "en": "{annoyed} of {treated} who got it unsubscribed, complained or answered that they were dissatisfied.",
    "ko": "받은 고객 {treated}명 중 {annoyed}명이 수신을 거부하거나 신고했거나 불만족하다고 답했습니다.",
}
LEARNT = {
    "en": "{customers} customers of this shop, some of them held out, weigh {weight} % in this rate; "
    "the rest is a cautious prior.",
    "ko": "이 비율에는 대조군을 포함한 이 가게 고객 {customers}명의 결과가 {weight}% 반영되어 있고, "
    "나머지는 조심스러운 사전 추정치입니다.",
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
        "nothing": "{reachable} of the {month} who came this way in the last 30 days could be reached, "
        "but so far it has added nothing in this shop.",
        "waiting": "Nobody can be reached yet. Switched on now, it greets the first who can.",
    },
    "ko": {
        "some": "최근 30일 동안 해당한 {month}명 중 {reachable}명에게 보낼 수 있으며, "
        "월 {low:.1f}~{high:.1f}건의 주문이 늘어날 것으로 봅니다.",
        "nothing": "최근 30일 동안 해당한 {month}명 중 {reachable}명에게 보낼 수 있지만, "
        "이 가게에서는 지금까지 늘어난 주문이 없습니다.",
        "waiting": "아직 보낼 수 있는 고객이 없습니다. 지금 켜 두면 첫 고객부터 챙깁니다.",
    },
}
