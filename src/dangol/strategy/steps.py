"""Strategy.

In: who the customers are (segments), what they bought, whom we may write to.
Out: the lifecycle in numbers, and plays ranked by what they should bring, with what is not known yet.
Promise: works for a shop without a customer; an estimate from a prior is never shown as a measurement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, Sum

from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.profile import consents
from dangol.profile.models import Order, Profile
from dangol.segment import active, asking
from dangol.segment import steps as segment
from dangol.segment.models import Member
from dangol.strategy import files, rules
from dangol.strategy.rules import Earnings, Measured, PlanRow, Play, Reach

__all__ = ["PlanRow", "Play", "ensure_ready", "lifecycle", "plan", "play", "plays"]

ENOUGH_ORDERS = 1_000  # to see how much order values differ


def plays() -> dict[str, Play]:
    """Every play by its key, in the order a new shop should begin with."""
    return files.plays()


def play(key: str) -> Play:
    """One play. Raises NotFound."""
    found = files.plays().get(key)
    if found is None:
        raise NotFound(f"no play is called {key}; there are {', '.join(files.plays())}")
    return found


def ensure_ready(now: datetime) -> None:
    """Save the segments every shop starts with, where they are not there yet."""
    known = {found.key for found in active.visible()}
    for shape in files.segments():
        if shape["key"] not in known:
            segment.save(shape["key"], shape, now)


def lifecycle() -> dict[str, int]:
    """How many customers are in each stage of the lifecycle now."""
    counts = dict(
        Member.objects.filter(segment__key__in=rules.STAGES).values_list("segment__key").annotate(Count("customer_id"))
    )
    return {stage: counts.get(stage, 0) for stage in rules.STAGES}


def plan(now: datetime, seen: Mapping[str, Measured] | None = None) -> list[PlanRow]:
    """All plays, those that should bring most first; `seen` is what the harvest has measured of them, by play."""
    plays, earnings, known = files.plays(), _earnings(), seen or {}
    asked = {f"{key}:month": found.monthly for key, found in plays.items()}
    asked |= {f"{key}:now": found.audience["where"] for key, found in plays.items() if found.audience}
    meant = asking.evaluate_all(asked, now)
    reaches = {key: _reach(found, meant[f"{key}:month"], meant.get(f"{key}:now", ())) for key, found in plays.items()}
    return rules.rank([_row(found, earnings, known.get(key), reaches[key]) for key, found in plays.items()])


def _row(found: Play, earnings: Earnings, seen: Measured | None, reach: Reach) -> PlanRow:
    prior = rules.learn(found.prior, seen)
    expected = rules.expect(found, reach, earnings, prior)
    return PlanRow(
        play=found,
        reach=reach,
        expected=expected,
        unknown=rules.unknowns(found, reach, earnings, prior),
        summary=rules.summarise(found, reach, expected),
        seen=seen,
    )


def _reach(found: Play, month: Collection[int], inside: Collection[int]) -> Reach:
    return Reach(now=len(inside), month=len(month), reachable=_reachable(found, month))


def _reachable(found: Play, customers: Collection[int]) -> int:
    addressed = {
        customer
        for part in parts(sorted(customers))
        for customer in Profile.objects.filter(pk__in=part).exclude(email="").values_list("customer_id", flat=True)
    }
    if found.message_class != "marketing":
        return len(addressed)
    states = consents.states(addressed, "email", "marketing")
    return sum(states.get(customer) == "granted" for customer in addressed)


def _earnings() -> Earnings:
    orders = Order.objects.filter(cancelled=False)
    told = orders.aggregate(orders=Count("id"), money=Sum("revenue"))
    currency = Shop.objects.values_list("currency", flat=True).first() or ""
    if not told["orders"]:
        return Earnings(0, None, currency)
    average = told["money"] / told["orders"]
    newest = orders.order_by("-at").values_list("revenue", flat=True)[:ENOUGH_ORDERS]
    return Earnings(told["orders"], average, currency, rules.spread_of(list(newest)))
