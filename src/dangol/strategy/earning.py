"""What a play should leave in a month once goods, messages and those who leave are paid for, with a range. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from dangol.strategy.rules import Z80, Earnings, Expectation, Play, Prior, Reach, expect, rounded, treated

USUAL_MARGIN = (0.15, 0.35, 0.55)  # of revenue, where nobody said what goods cost: an assumption with an 80 % range
OWNER_DOUBT = 0.05  # how far the owner's usual margin may be off, to either side
YEAR = 12  # months for which somebody who left would have been there


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the stages behind strategy know, and the limits that people set."""

    margin: float | None = None  # the owner's usual margin, of one
    prices: Mapping[str, Decimal] = field(default_factory=dict)  # channel → what a message costs
    contacts: float | None = None  # messages to a customer in 30 days
    budget: Decimal | None = None  # of messages in 30 days
    minutes: float | None = None  # of staff in 30 days


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of revenue stays once goods are paid, with an 80 % range, and on what that rests."""

    low: float
    mean: float
    high: float
    basis: str  # orders, owner, assumed


@dataclass(frozen=True, slots=True)
class Harm:
    """The share of treated customers who leave for it: who would not have unsubscribed, complained or been annoyed."""

    mean: float = 0.0
    high: float = 0.0
    clear: bool = False  # whether there is any beyond doubt
    treated: int = 0  # of whom that is known
    annoyed: int = 0  # of them, who did


@dataclass(frozen=True, slots=True)
class Worth:
    """What a play should leave in a month, with an 80 % range, and what it takes."""

    margin: Decimal | None  # goods, messages and those who leave paid; empty before the first order
    low: Decimal | None
    high: Decimal | None
    cost: Decimal  # of its messages
    lost: Decimal  # what those who leave for it would have brought
    messages: float  # marketing messages that count for the customer's cap
    minutes: float  # of a person
    doubts: Mapping[str, float]  # where the doubt comes from: uplift, value, margin → its part of the standard error


NO_HARM = Harm()


def share_of(earnings: Earnings, told: Circumstances) -> Share:
    """The margin: of orders whose goods' cost is known, for the rest the owner's word, else an assumption."""
    low, mean, high = USUAL_MARGIN
    basis = "assumed"
    if told.margin is not None:
        low, mean, high, basis = told.margin - OWNER_DOUBT, told.margin, told.margin + OWNER_DOUBT, "owner"
    if earnings.margin is None or earnings.costed <= 0:
        return Share(low, mean, high, basis)
    known, rest = earnings.margin, 1 - earnings.costed
    low, mean, high = (earnings.costed * known + rest * one for one in (low, mean, high))
    return Share(low, mean, high, basis="orders" if rest < 0.5 else basis)


def worth(
    play: Play, reach: Reach, earnings: Earnings, uplift: Prior, told: Circumstances, harm: Harm = NO_HARM,
    contact: float = 0.0,
) -> Worth:  # fmt: skip
    """The expectation in margin. `contact` is what a customer who may be written to brings in a month.

    Extra orders × an order's value × what stays of it, less messages and who leaves. Doubts of the three factors and of
    the harm are added as squares. No more can be sold than there is in stock.
    """
    people = treated(play, reach)
    price = told.prices.get(play.channel, Decimal(0))
    cost = rounded(price * Decimal(people * play.messages))
    counted = people * play.messages if play.message_class == "marketing" and play.channel != "onsite" else 0.0
    lost, lost_high = (people * one * contact * YEAR for one in (harm.mean, harm.high))
    used = {"messages": counted, "minutes": people * play.minutes}
    if earnings.average is None:
        return Worth(None, None, None, cost, rounded(Decimal(lost)), doubts={}, **used)
    share, value = share_of(earnings, told), float(earnings.average)
    orders = [people * one for one in (uplift.low, uplift.mean, uplift.high)]
    if earnings.stock is not None:
        orders = [min(one, float(earnings.stock)) for one in orders]
    low, mean, high = (one * value * share.mean for one in orders)
    of_value = abs(mean) * Z80 * earnings.spread / math.sqrt(max(earnings.orders, 1))
    of_share = abs(orders[1]) * value * (share.high - share.low) / 2
    down = math.hypot(mean - low, of_value, of_share, lost_high - lost)
    up = math.hypot(high - mean, of_value, of_share)
    paid = float(cost) + lost
    end = max(mean - down, 0.0) if low >= 0 and lost_high <= lost else mean - down
    doubts = {"uplift": (high - low) / 2 / Z80, "value": of_value / Z80, "margin": of_share / Z80}
    return Worth(
        margin=_amount(mean - paid), low=_amount(end - paid), high=_amount(mean + up - paid),
        cost=cost, lost=_amount(lost), doubts=doubts, **used,
    )  # fmt: skip


def contact_worth(worths: Mapping[str, Worth], plays: Mapping[str, Play], readers: int) -> float:
    """What one customer who may be written to brings in a month: the margin of marketing over all of them."""
    total = sum(
        float(one.margin) for key, one in worths.items()
        if one.margin is not None and one.margin > 0 and plays[key].message_class == "marketing"
    )  # fmt: skip
    return total / readers if readers else 0.0


def expectation(play: Play, reach: Reach, earnings: Earnings, uplift: Prior, found: Worth) -> Expectation:
    """Everything that is expected of a play in a month."""
    return replace(
        expect(play, reach, earnings, uplift), margin=found.margin, margin_low=found.low, margin_high=found.high,
        cost=found.cost, lost=found.lost, messages=found.messages, minutes=found.minutes,
    )  # fmt: skip


def _amount(value: float) -> Decimal:
    return rounded(Decimal(value))
