"""Topics as the shop keeps them: declared, put away; what a segment says of one follows what it is declared to be.

In: what people declare over the console, the API or files. Out: topics, and segments computed anew where one changed.
Promise: a topic that anything stands on is not put away; when what silence means is changed, every segment that asks
about the topic is right for everybody, and nobody is told: no customer did anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dangol.base.errors import Conflict
from dangol.base.turns import turn
from dangol.profile import topics
from dangol.profile.models import Topic
from dangol.segment import asking, computing, rules, steps
from dangol.segment.active import COMING, all_active, at_work
from dangol.segment.models import Segment
from dangol.segment.referring import named, referring


def save(
    key: str, shape: object, now: datetime, *, filed: Mapping[str, Any] | None = None, wait: bool | None = None
) -> Topic:
    """Declare a topic: `{name, description, kind, place}`, or declare it otherwise. Raises Invalid with every fault.

    The segments that ask about it are then right, or computed behind this: `wait` is that of segment.steps.save.
    """
    with turn():
        before = topics.opt_out()
        row = topics.put(key, shape, now, filed)
        if before != topics.opt_out():
            _compute_anew(key)
    steps.settle(wait, now)
    return row


def _compute_anew(key: str) -> None:
    if any(key in rules.named_in(row.rule, "topic") for row in at_work()):
        asking_it = [row for row in all_active() if key in rules.named_in(row.rule, "topic")]
        computing.begin([computing.version_of(row) for row in asking_it])


def archive(key: str, now: datetime) -> None:
    """Offer a topic to nobody any more. Raises NotFound; Conflict while a segment or a campaign stands on it."""
    with turn():
        topics.get(key)
        if users := used_by(key):
            raise Conflict(f"topic {key} is used by {', '.join(users)}; change that first")
        topics.archive(key, now)


def used_by(key: str) -> list[str]:
    """The segments, at work or being computed, and the campaigns under way that stand on a topic."""
    rows = Segment.objects.filter(state__in=("active", *COMING))
    others = named(row.stands_for or row.key for row in rows if key in rules.named_in(row.rule, "topic"))
    return sorted({*others, *referring("topic", key)})


def sizes(keys: Collection[str], now: datetime) -> dict[str, int]:
    """How many customers are subscribed to each of some topics."""
    found = asking.evaluate_all({key: {"topic": key} for key in keys}, now) if keys else {}
    return {key: len(customers) for key, customers in found.items()}
