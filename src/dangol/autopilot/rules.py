"""What the autopilot wishes to do with the plan as it stands, within the owner's limits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

OFF, PROPOSES, ACTS = MODES = ("off", "proposes", "acts")
ACTIVATE, PAUSE = "activate", "pause"
AT_ONCE = 3  # plays begun in one look: more at a time, and nobody can tell what each of them did
SULKS = timedelta(days=30)  # what somebody declined or took back is not proposed again for so long


@dataclass(frozen=True, slots=True)
class Bounds:
    """The owner's limits."""

    plays: Collection[str] = ()  # empty: every play
    contacts: float | None = None  # marketing messages to a customer in 30 days
    budget: Decimal | None = None  # of messages in 30 days
    discount: float = 0.0  # per cent

    def allows(self, play: str) -> bool:
        return not self.plays or play in self.plays


@dataclass(frozen=True, slots=True)
class Standing:
    """A play as it stands in the plan, which is ranked: the most worthwhile first."""

    play: str
    state: str  # of its campaign; empty: there is none
    worth: float  # what it should bring in a month: margin, or orders where no order is known
    low: float
    high: float
    messages: float = 0.0  # marketing messages a month
    people: int = 0  # whom it reaches in a month
    cost: Decimal = Decimal(0)  # of its messages a month
    discount: float = 0.0  # the greatest it gives, in per cent
    annoys: bool = False  # more left or complained than would have without it, beyond doubt
    useful: bool = True  # it is worth its messages: the plan took it
    ours: bool = False  # whoever changed its state last was the autopilot
    refused_at: datetime | None = None  # when somebody last declined an act or took one back


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to do, and why."""

    play: str
    verb: str
    why: str

    @property
    def reason(self) -> Mapping[str, str]:
        return REASONS[self.why]


def wishes(standings: Sequence[Standing], bounds: Bounds, now: datetime) -> list[Wish]:
    """What to pause, then what to begin: at most AT_ONCE plays, the most worthwhile first, within the limits."""
    pauses = [Wish(one.play, PAUSE, why) for one in standings if (why := _stops(one, bounds))]
    stopped = {wish.play for wish in pauses}
    running = [one for one in standings if one.state == "active" and one.play not in stopped]
    pauses += [Wish(one.play, PAUSE, "budget") for one in _too_dear(running, bounds)]
    stopped = {wish.play for wish in pauses}
    running = [one for one in running if one.play not in stopped]
    return [*pauses, *_begins(standings, running, bounds, now)]


def _stops(one: Standing, bounds: Bounds) -> str:
    """Why a running play is to be paused; empty where it is not."""
    if one.state != "active":
        return ""
    if one.annoys:
        return "annoys"
    if one.high < 0:
        return "loses"
    if one.ours and not bounds.allows(one.play):
        return "not_allowed"
    if one.ours and one.discount > bounds.discount:
        return "discount"
    return ""


def _too_dear(running: Sequence[Standing], bounds: Bounds) -> Iterator[Standing]:
    """What the autopilot began itself and the budget does not bear any more, the least worthwhile first."""
    if bounds.budget is None:
        return
    spent = sum((one.cost for one in running), Decimal(0))
    for one in reversed(running):
        if spent <= bounds.budget:
            return
        if one.ours and one.cost:
            spent -= one.cost
            yield one


def _begins(
    standings: Sequence[Standing], running: Sequence[Standing], bounds: Bounds, now: datetime
) -> Iterator[Wish]:
    held, begun = list(running), 0
    for one in standings:
        if begun == AT_ONCE:
            return
        if _may_begin(one, bounds, now) and _fits([*held, one], bounds):
            held.append(one)
            begun += 1
            yield Wish(one.play, ACTIVATE, "earns" if one.people else "waits")


def _may_begin(one: Standing, bounds: Bounds, now: datetime) -> bool:
    if one.state not in ("", "draft") and not (one.state == "paused" and one.ours):
        return False  # staff paused it, or let it end: that is theirs to change
    if one.refused_at is not None and now - one.refused_at < SULKS:
        return False
    good = one.useful and not one.annoys and one.high >= 0 and (one.worth > 0 or not one.people)
    return good and bounds.allows(one.play) and one.discount <= bounds.discount


def _fits(running: Sequence[Standing], bounds: Bounds) -> bool:
    if bounds.budget is not None and sum((one.cost for one in running), Decimal(0)) > bounds.budget:
        return False
    people = max((one.people for one in running), default=0)
    return bounds.contacts is None or sum(one.messages for one in running) <= bounds.contacts * people or not people


REASONS: Mapping[str, Mapping[str, str]] = {
    "earns": {
        "en": "By what is known it should bring more than it costs, and it fits the limits you set.",
        "ko": "지금까지 알려진 바로는 비용보다 많은 이익이 기대되며, 정해 두신 한도 안에 있습니다.",
    },
    "waits": {
        "en": "Nobody came this way yet, so it costs nothing; it is ready for the first who does.",
        "ko": "아직 해당하는 고객이 없어 비용이 들지 않으며, 첫 고객을 맞을 준비를 해 둡니다.",
    },
    "loses": {
        "en": "What this shop has measured says that it brings in less than it costs.",
        "ko": "이 가게에서 측정한 결과, 비용보다 이익이 적습니다.",
    },
    "annoys": {
        "en": "Who got it unsubscribed, complained or was dissatisfied more often than who was left alone.",
        "ko": "받은 고객이 대조군보다 수신 거부, 스팸 신고, 불만족 응답을 더 많이 했습니다.",
    },
    "budget": {
        "en": "The messages of all running plays cost more than your budget; this one brings least for its cost.",
        "ko": "실행 중인 전략의 발송 비용이 예산을 넘었고, 그중 비용 대비 이익이 가장 적습니다.",
    },
    "not_allowed": {
        "en": "You took this play out of those that the autopilot may run.",
        "ko": "자동 운영이 실행할 수 있는 전략에서 제외하셨습니다.",
    },
    "discount": {
        "en": "It gives a greater discount than you allow.",
        "ko": "허용하신 할인율보다 큰 할인을 제공합니다.",
    },
}
