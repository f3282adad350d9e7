"""What came of a shop, held against the truth: margins, contact limits, and intervals that should hold what is so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.deliver.models import OutboxMessage
from dangol.harvest import steps as harvest
from dangol.harvest.rules import Lift
from dangol.identity.models import Identifier
from dangol.simulation import rivals
from dangol.simulation.crowd import GIVEN_BACK, Crowd, margin
from dangol.simulation.driving import Ran
from dangol.simulation.kinds import World
from dangol.simulation.lives import Trip
from dangol.simulation.stories import Letter, Story, tell, without

ORDER = "Order Completed"
MAIL_COST = 0.0001  # of an order's usual value: what sending one letter costs the shop
NIGHT = (21, 8)  # hours of the shop's day between which no advertising may leave
Window = tuple[float, float]  # days: after the first, up to the second


@dataclass(frozen=True, slots=True)
class Claim:
    """One interval that the harvest reported, and the truth that it is about."""

    campaign: str
    of: str  # conversions, revenue or margin, per treated customer
    low: float
    high: float
    truth: float


@dataclass(frozen=True, slots=True)
class Judged:
    """One shop under all policies."""

    kind: str
    seed: int
    days: int
    visitors: float
    newcomers: int
    margins: Mapping[str, float]  # by policy, mail paid
    orders: Mapping[str, int]
    letters: Mapping[str, int]
    left: Mapping[str, int]  # who wanted no more advertising
    sent: Mapping[str, int] = field(default_factory=dict)  # by the system, by play
    accepted: Sequence[str] = ()
    broken: Sequence[str] = ()  # contact limits
    claims: Sequence[Claim] = ()

    def told(self) -> dict[str, Any]:
        return asdict(self)


def judge(world: World, ran: Ran | None, crowd: Crowd) -> Judged:
    """Every policy over the same lives; `ran` is what the system did with them, where it was asked."""
    policies = {
        "nothing": {number: (rivals.silent(world, life), list[Letter]()) for number, life in crowd.lives.items()},
        "plain": {number: rivals.fixed(world, life, rivals.NO_DISCOUNTS) for number, life in crowd.lives.items()},
        "fixed": {number: rivals.fixed(world, life) for number, life in crowd.lives.items()},
    }
    if ran is not None:
        policies["dangol"] = {n: (story, crowd.letters.get(n, [])) for n, story in crowd.stories.items()}
    sent = Counter(letter.play for letters in crowd.letters.values() for letter in letters)
    return Judged(
        kind=world.kind.key,
        seed=world.seed,
        days=world.days,
        visitors=world.visitors,
        newcomers=len(crowd.lives),
        margins={name: _margin(world, told.values()) for name, told in policies.items()},
        orders={name: sum(len(story.orders()) for story, _ in told.values()) for name, told in policies.items()},
        letters={name: sum(len(letters) for _, letters in told.values()) for name, told in policies.items()},
        left={name: sum(_left(story) for story, _ in told.values()) for name, told in policies.items()},
        sent=dict(sent.most_common()),
        accepted=ran.accepted if ran else (),
        broken=list(broken(ran)) if ran else (),
        claims=list(claims(ran)) if ran else (),
    )


def _margin(world: World, told: Any) -> float:
    """What stays of all orders when goods, discounts and mail are paid."""
    mail = MAIL_COST * world.kind.order_value
    return round(sum(sum(margin(world, one) for one in story.orders()) - mail * len(sent) for story, sent in told), 2)


def _left(story: Story) -> bool:
    return any(take.leaves is not None for take in story.takes)


# --- contact limits -------------------------------------------------------------------------------------------------


def broken(ran: Ran) -> Iterator[str]:
    """Every letter that should not have left, by what the world knows and what lies in the outbox: the ledger's own
    reasons are not asked."""
    zone, days = ZoneInfo(ran.world.kind.zone), Counter[tuple[int, str]]()
    rows = OutboxMessage.objects.filter(delivery__message_class="marketing").order_by("at")
    for to, at, key in rows.values_list("to", "at", "delivery__campaign"):
        number = ran.crowd.by_email[to]
        life, story, here = ran.crowd.lives[number], ran.crowd.stories[number], at.astimezone(zone)
        left = min((take.leaves for take in story.takes if take.leaves is not None), default=None)
        days[number, str(here.date())] += 1
        where = f"{key} to {number} at {here:%Y-%m-%d %H:%M}"
        if not life.agrees:
            yield f"{where}: never agreed"
        if left is not None and ran.crowd.instant(left) < at:
            yield f"{where}: wanted no more"
        if not NIGHT[1] <= here.hour < NIGHT[0]:
            yield f"{where}: at night"
        if days[number, str(here.date())] > 1:
            yield f"{where}: the second of a day"


# --- intervals ------------------------------------------------------------------------------------------------------


def claims(ran: Ran) -> Iterator[Claim]:
    """Every interval that the harvest reports now of campaigns that are for orders, with the truth."""
    people = _people(ran)
    for one in campaign.everyone():
        goal = campaigns.parse(one.definition).goal
        if not one.activated_at or (goal is not None and (goal.fact != ORDER or not goal.plain)):
            continue
        told = harvest.results(one.key, ran.ended)
        truth = _truth(ran, one.key, _windows(ran, one.pk, told.within, people))
        reported: dict[str, Lift] = {"conversions": told.conversion, "revenue": told.revenue, "margin": told.margin}
        for of, lift in reported.items():
            if lift.low is not None and lift.high is not None and truth is not None:
                yield Claim(one.key, of, lift.low, lift.high, truth[of])


def _people(ran: Ran) -> dict[int, int]:
    """Whom the system knows under which id: customer → person."""
    numbers = {who.anonymous_id: number for number, who in ran.crowd.people.items()}
    rows = Identifier.objects.filter(kind="anonymousId").values_list("customer_id", "value")
    return {customer: numbers[value] for customer, value in rows}


def _windows(ran: Ran, campaign_id: int, within: timedelta, people: Mapping[int, int]) -> dict[int, list[Window]]:
    """The goal windows of each treated person."""
    found: dict[int, list[Window]] = defaultdict(list)
    held_out: set[int] = set()
    rows = Run.objects.filter(campaign_id=campaign_id, entered_at__lte=ran.ended).order_by("entered_at", "id")
    for customer, arm, at in rows.values_list("customer_id", "arm", "entered_at"):
        number = people[customer]
        if number not in found and arm != campaigns.TREATED:
            held_out.add(number)
        if number not in held_out:
            start = ran.crowd.day(at)
            found[number].append((start, start + within / timedelta(days=1)))
    return dict(found)


def _truth(ran: Ran, key: str, windows: Mapping[int, Sequence[Window]]) -> dict[str, float] | None:
    """What the campaign's letters did, per treated customer: the story as it went, less the one without them."""
    if not windows:
        return None
    totals = {"conversions": 0.0, "revenue": 0.0, "margin": 0.0}
    world, end = ran.world, ran.crowd.day(ran.ended)
    for number, spans in windows.items():
        letters = ran.crowd.letters.get(number, [])
        rest = without(letters, key)
        if len(rest) == len(letters):
            continue
        otherwise = tell(world, ran.crowd.lives[number], rest)
        for sign, story in ((1, ran.crowd.stories[number]), (-1, otherwise)):
            counted = [trip for trip in story.orders() if any(a < trip.at <= b for a, b in spans) and trip.at <= end]
            totals["conversions"] += sign * bool(counted)
            totals["revenue"] += sign * sum(_paid(trip, end) for trip in counted)
            totals["margin"] += sign * sum(_kept(world, trip, end) for trip in counted)
    return {of: total / len(windows) for of, total in totals.items()}


def _given_back(trip: Trip, end: float) -> bool:
    return trip.refunded and trip.at + GIVEN_BACK <= end


def _paid(trip: Trip, end: float) -> float:
    return 0.0 if _given_back(trip, end) else trip.value * (1 - trip.discount)


def _kept(world: World, trip: Trip, end: float) -> float:
    return 0.0 if _given_back(trip, end) else trip.value * (world.kind.margin - trip.discount)
