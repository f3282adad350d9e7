"""Points and tiers: how a scheme is written, what an order earns, what expires when, which tier that is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from dangol.base.errors import Invalid
from dangol.offer.parsing import KEY, Reader

YEAR = timedelta(days=365)
KNOWN = ("earn", "facts", "expires_days", "spend", "tiers", "tiers_by")
POINTS, SPEND = TIERS_BY = ("points", "spend")
MOST_POINTS = 10**9
OURS = ("Tier Changed", "Coupon Issued")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that earns points."""

    points: int
    once: bool = False  # for each customer, ever


@dataclass(frozen=True, slots=True)
class Tier:
    key: str
    at_least: Decimal  # points earned, or money spent, in 365 days


@dataclass(frozen=True, slots=True)
class Rules:
    """A scheme."""

    points: int = 0  # for each `each` of an order's net revenue
    each: Decimal = Decimal(1)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    expires_days: int | None = None
    spend: Mapping[str, int] = field(default_factory=dict)  # offer → points
    tiers: tuple[Tier, ...] = ()  # the lowest first
    tiers_by: str = POINTS


def parse(given: object, at: str = "") -> Rules:
    """Read a scheme. Raises Invalid with every fault."""
    read = Reader()
    shape = read.mapping(given, at, KNOWN)
    earn = read.mapping(shape.get("earn") or {}, f"{at}/earn", ("points", "each"))
    told = shape.get("expires_days")
    found = Rules(
        points=read.whole(earn.get("points", 1), f"{at}/earn/points", least=0, most=MOST_POINTS) if earn else 0,
        each=read.amount(earn.get("each"), f"{at}/earn/each") if earn else Decimal(1),
        facts=_facts(read, shape.get("facts") or {}, f"{at}/facts"),
        expires_days=None if told is None else read.whole(told, f"{at}/expires_days", least=1, most=3650),
        spend=_spend(read, shape.get("spend") or {}, f"{at}/spend"),
        tiers=_tiers(read, shape.get("tiers") or {}, f"{at}/tiers"),
        tiers_by=read.choice(shape.get("tiers_by", POINTS), f"{at}/tiers_by", TIERS_BY),
    )
    if read.faults:
        raise Invalid(read.faults)
    return found


def _facts(read: Reader, given: object, at: str) -> dict[str, Fact]:
    """`{Survey Answered: 50, Signed Up: {points: 100, once: true}}`"""
    if not isinstance(given, Mapping):
        read.fault(at, given, "points by the name of a fact")
        return {}
    found = {}
    for name, told in given.items():
        shape = told if isinstance(told, Mapping) else {"points": told}
        read.mapping(shape, f"{at}/{name}", ("points", "once"))
        if name in OURS or str(name).startswith("Order "):
            read.fault(f"{at}/{name}", str(name), "a fact that points do not cause; orders earn by earn")
        points = read.whole(shape.get("points"), f"{at}/{name}/points", least=1, most=MOST_POINTS)
        found[str(name)] = Fact(points, read.flag(shape, "once", f"{at}/{name}"))
    return found


def _spend(read: Reader, given: object, at: str) -> dict[str, int]:
    """`{offer: points}`"""
    if not isinstance(given, Mapping):
        read.fault(at, given, "points by the key of an offer")
        return {}
    return {str(key): read.whole(points, f"{at}/{key}", least=1, most=MOST_POINTS) for key, points in given.items()}


def _tiers(read: Reader, given: object, at: str) -> tuple[Tier, ...]:
    """`{silver: 1000, gold: 5000}`"""
    if not isinstance(given, Mapping):
        read.fault(at, given, "an amount by the key of a tier")
        return ()
    for key in given:
        if not KEY.fullmatch(str(key)):
            read.fault(f"{at}/{key}", str(key), "1 to 64 of a-z, 0-9 and -")
    found = [Tier(str(key), read.amount(least, f"{at}/{key}")) for key, least in given.items()]
    return tuple(sorted(found, key=lambda tier: tier.at_least))


# --- counting -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """A movement of points, as far as counting goes."""

    at: datetime
    points: int
    expires_at: datetime | None = None
    earned: bool = False  # counts for the tier, what is taken back of it too


def earns(rules: Rules, revenue: Decimal, refunded: Decimal, *, cancelled: bool) -> int:
    """What an order is worth in points now: whole ones, for its revenue net of refunds."""
    net = Decimal(0) if cancelled else max(revenue - refunded, Decimal(0))
    return int((net * rules.points / rules.each).to_integral_value(ROUND_DOWN))


def balance(moves: Iterable[Move]) -> int:
    return sum(move.points for move in moves)


def expiring(moves: Sequence[Move], now: datetime) -> int:
    """How many points are over now and were not spent: whatever was taken, was taken from the oldest first."""
    over = sum(move.points for move in moves if move.points > 0 and move.expires_at and move.expires_at <= now)
    taken = -sum(move.points for move in moves if move.points < 0)
    return max(0, min(over - taken, balance(moves)))


def in_a_year(moves: Iterable[Move], now: datetime) -> int:
    """Points that were earned in 365 days, less what was taken back of orders in that time."""
    return max(0, sum(move.points for move in moves if move.earned and move.at > now - YEAR))


def tier_of(tiers: Sequence[Tier], amount: Decimal) -> str:
    """The highest tier that an amount reaches; empty: none."""
    reached = [tier.key for tier in tiers if amount >= tier.at_least]
    return reached[-1] if reached else ""


def next_change(moves: Sequence[Move], spent_at: Iterable[datetime], now: datetime) -> datetime | None:
    """When time alone may change the balance or the tier next."""
    ends = [move.expires_at for move in moves if move.points > 0 and move.expires_at]
    years = [move.at + YEAR for move in moves if move.earned] + [at + YEAR for at in spent_at]
    return min((at for at in [*ends, *years] if at > now), default=None)


def as_typed(rules: Mapping[str, Any]) -> dict[str, str]:
    """A scheme as the lines of a form, in an order of their own: a database need not keep that of a JSON object."""
    lines = {
        name: "\n".join(f"{key}: {_one(value)}" for key, value in sorted((rules.get(name) or {}).items()))
        for name in LINES
    }
    earn = rules.get("earn") or {}
    return lines | {
        "points": str(earn.get("points", "")), "each": str(earn.get("each", "")),
        "expires_days": str(rules.get("expires_days") or ""), "tiers_by": str(rules.get("tiers_by", POINTS)),
    }  # fmt: skip


LINES = ("facts", "spend", "tiers")


def _one(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value.get('points')}{' once' if value.get('once') else ''}"
    return str(value)


def from_typed(told: Mapping[str, str]) -> dict[str, Any]:
    """A scheme out of the lines of a form; what cannot be read stays as it was typed, and the reader says so."""
    rules: dict[str, Any] = {"tiers_by": told.get("tiers_by") or POINTS}
    if told.get("each"):
        rules["earn"] = {"points": _number(told.get("points") or "1"), "each": _number(told["each"])}
    if told.get("expires_days"):
        rules["expires_days"] = _number(told["expires_days"])
    for name in LINES:
        lines = [line.rpartition(":") for line in told.get(name, "").splitlines() if line.strip()]
        if lines:
            rules[name] = {key.strip(): _typed(value.strip()) for key, _, value in lines}
    return rules


def _typed(text: str) -> Any:
    number, once, rest = text.partition(" once")
    return {"points": _number(number), "once": True} if once and not rest else _number(text)


def _number(text: str) -> Any:
    try:
        found = float(text.replace(",", ""))
    except ValueError:
        return text
    return int(found) if found.is_integer() and abs(found) < 10**15 else found
