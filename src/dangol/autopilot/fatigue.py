"""How much is too much: who answers and who leaves, by how many messages they had in the week before. Proposes a cap.

Not an experiment: who got more messages in a week differs from who got fewer, which the page says. Rates are shrunk to
each other (strategy/rates.py), so that a handful of messages claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from dangol.base.parts import parts
from dangol.deliver import gate, rules
from dangol.deliver.models import Delivery
from dangol.profile.models import Fact

LOOKS_BACK, WEEK = timedelta(days=180), timedelta(days=7)
NEWEST = 50_000  # messages
MOST = 5  # messages in a week before; more count as so many
WORSE = 2.0  # times the leaving of the first message of a week are too much
FEWEST = 200  # messages, below which nothing is proposed
LIKELY = 0.9
LEFT, ANSWERED = ("Unsubscribed", "Email Marked as Spam"), ("Email Link Clicked", "Message Link Clicked")


@dataclass(frozen=True, slots=True)
class Heard:
    """Messages to customers who had `before` others in the seven days before."""

    before: int
    messages: int
    answered: float  # shares, shrunk
    left: float
    left_low: float  # an 80 % range
    left_high: float


@dataclass(frozen=True, slots=True)
class Fatigue:
    """What was seen, and the cap per week that follows; empty where nothing does."""

    heard: list[Heard]
    cap: int | None  # messages a week
    cautious: int | None  # the least that the doubt allows
    bold: int | None  # the most; empty: no number was clearly too many


def measure(now: datetime) -> Fatigue:
    """What the newest marketing messages of 180 days say."""
    rows = Delivery.objects.filter(
        state__in=gate.MAY_HAVE_ARRIVED, message_class=rules.MARKETING, channel__in=rules.UNASKED,
        attempted_at__gte=now - LOOKS_BACK, attempted_at__lte=now,
    ).order_by("-attempted_at", "-pk")  # fmt: skip
    told = sorted(rows.values_list("customer_id", "attempted_at", "pk")[:NEWEST])
    ends = _ends({who for who, _, _ in told}, now)
    counts = [[0, 0, 0] for _ in range(MOST + 1)]
    for _, theirs in groupby(told, key=lambda row: row[0]):
        for before, pk in _befores([(at, pk) for _, at, pk in theirs if at is not None]):
            count = counts[before]
            count[0] += 1
            count[1] += ANSWERED[0] in ends.get(pk, ())
            count[2] += LEFT[0] in ends.get(pk, ())
    return judge([(messages, answered, left) for messages, answered, left in counts])


def _befores(messages: Sequence[tuple[datetime, int]]) -> Iterable[tuple[int, int]]:
    """For each message of one customer, in order: how many came in the week before, and its number."""
    first = 0
    for n, (at, pk) in enumerate(messages):
        while messages[first][0] <= at - WEEK:
            first += 1
        yield min(n - first, MOST), pk


def _ends(customers: set[int], now: datetime) -> Mapping[int, set[str]]:
    """What came of each message, by its number: whether somebody answered or left."""
    found: dict[int, set[str]] = {}
    for part in parts(sorted(customers)):
        facts = Fact.objects.filter(customer_id__in=part, name__in=(*LEFT, *ANSWERED), own=True, at__lte=now)
        for name, told in facts.filter(at__gte=now - LOOKS_BACK).values_list("name", "properties"):
            said = msgspec.json.decode(told) if told else {}
            if isinstance(said.get("delivery"), int) and not said.get("machine"):
                found.setdefault(said["delivery"], set()).add(LEFT[0] if name in LEFT else ANSWERED[0])
    return found


def judge(counts: Sequence[tuple[int, int, int]]) -> Fatigue:
    """From (messages, answered, left) by the number of messages in the week before. Pure."""
    from dangol.strategy import rates  # noqa: PLC0415 - numpy and scipy: only here

    kept = [(before, *count) for before, count in enumerate(counts) if count[0]]
    left = rates.rates([(gone, messages) for _, messages, _, gone in kept], usual=rates.RARE)
    answers = rates.rates([(answered, messages) for _, messages, answered, _ in kept])
    heard = [
        Heard(before, messages, said.mean, gone.mean, gone.quantile(1 - LIKELY), gone.quantile(LIKELY))
        for (before, messages, _, _), said, gone in zip(kept, answers, left, strict=True)
    ]
    if sum(one.messages for one in heard) < FEWEST or len(heard) < 2 or heard[0].before:
        return Fatigue(heard, None, None, None)
    most = WORSE * heard[0].left
    bold = _first(heard, [one.left_low for one in heard], most)
    cap = _first(heard, [one.left for one in heard], most)
    cautious = _first(heard, [one.left_high for one in heard], most)
    return Fatigue(heard, cap, cautious if cap is not None else None, bold)


def _first(heard: Sequence[Heard], rates: Sequence[float], most: float) -> int | None:
    """The first number of messages, behind none, at which a rate reaches `most`."""
    return next((one.before for one, rate in zip(heard[1:], rates[1:], strict=True) if rate >= most), None)
