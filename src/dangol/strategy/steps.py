"""Strategy.

In: who the customers are (segments), what they bought, whom we may write to.
Out: the lifecycle in numbers, and plays ranked by what they should bring, with what is not known yet.
Promise: works for a shop without a customer; an estimate from a prior is never shown as a measurement.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Sum

from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.profile import steps as profile
from dangol.profile.models import Order, Profile
from dangol.segment import steps as segment
from dangol.segment.models import Member
from dangol.strategy import files, rules
from dangol.strategy.rules import Earnings, PlanRow, Play, Reach

__all__ = ["PlanRow", "Play", "ensure_ready", "lifecycle", "plan", "play", "plays"]

AT_ONCE = 1_000


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
    known = {found.key for found in segment.all_active()}
    for shape in files.segments():
        if shape["key"] not in known:
            segment.save(shape["key"], shape, now)


def lifecycle() -> dict[str, int]:
    """How many customers are in each stage of the lifecycle now."""
    counts = dict(
        Member.objects.filter(segment__key__in=rules.STAGES).values_list("segment__key").annotate(Count("customer_id"))
    )
    return {stage: counts.get(stage, 0) for stage in rules.STAGES}


def plan(now: datetime) -> list[PlanRow]:
    """All plays, those that should bring most first."""
    earnings = _earnings()
    return rules.rank([_row(found, earnings, now) for found in files.plays().values()])


def _row(found: Play, earnings: Earnings, now: datetime) -> PlanRow:
    reach = _reach(found, now)
    expected = rules.expect(found, reach, earnings)
    return PlanRow(
        play=found,
        reach=reach,
        expected=expected,
        unknown=rules.unknowns(found, reach, earnings),
        summary=rules.summarise(found, reach, expected),
    )


def _reach(found: Play, now: datetime) -> Reach:
    month = segment.evaluate(found.monthly, now)
    inside = segment.count(found.audience["where"], now) if found.audience else 0
    return Reach(now=inside, month=len(month), reachable=_reachable(found, month))


def _reachable(found: Play, customers: Collection[int]) -> int:
    ids = sorted(customers)
    parts = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
    addressed = {
        customer
        for part in parts
        for customer in Profile.objects.filter(pk__in=part).exclude(email="").values_list("customer_id", flat=True)
    }
    if found.message_class != "marketing":
        return len(addressed)
    states = profile.consent(addressed, "email", "marketing")
    return sum(states.get(customer) == "granted" for customer in addressed)


def _earnings() -> Earnings:
    told = Order.objects.filter(cancelled=False).aggregate(orders=Count("id"), money=Sum("revenue"))
    currency = Shop.objects.values_list("currency", flat=True).first() or ""
    return Earnings(told["orders"], told["money"] / told["orders"] if told["orders"] else None, currency)
