"""Counts values that messages print and that were not there: which, in what, for how many.

In: what was rendered, when a message is handed over for the first time. Out: what to give a fallback.
Promise: what is told is of the newest state that was sent, so that a gap that was closed is gone with the next message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from dangol.base.clock import to_us
from dangol.deliver.models import Delivery, Gap
from dangol.deliver.render import Rendered

ALL = ""  # the name under which every message of a state is counted
COUNT = """INSERT INTO deliver_gap
    (campaign, step, channel, content, variant, template, version, name, messages, last_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (campaign, step, channel, content, name)
    DO UPDATE SET messages = deliver_gap.messages + excluded.messages, last_at = excluded.last_at"""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What was missing in one state of a message."""

    step: str  # empty where it is about a template, whichever steps send it
    channel: str
    variant: str
    template: str
    version: int
    messages: int  # of this state
    names: tuple[tuple[str, int], ...]  # value → in how many of them it was not there, the most first


def count(begun: Iterable[tuple[Delivery, Rendered]], now: datetime) -> None:
    """Count what leaves for the first time, in the transaction that marks it."""
    counts = Counter(
        (*_state(delivery), name)
        for delivery, rendered in begun
        if delivery.attempts == 1
        for name in (ALL, *rendered.missing)
    )
    if counts:
        with connection.cursor() as cursor:
            cursor.executemany(COUNT, [(*key, messages, to_us(now)) for key, messages in sorted(counts.items())])


def _state(delivery: Delivery) -> tuple[str, str, str, str, str, str, int]:
    message = delivery.message
    return (
        delivery.campaign, delivery.step, delivery.channel, delivery.content, str(message.get("variant", "")),
        str(message.get("template", "")), int(message.get("version", 0)),
    )  # fmt: skip


def of_campaign(key: str) -> list[Gaps]:
    """What was missing in a campaign's messages, by step, channel and variant."""
    rows = list(Gap.objects.filter(campaign=key).order_by("step", "channel", "variant", "last_at", "pk"))
    newest = {(row.step, row.channel, row.variant): row.content for row in rows if row.name == ALL}
    found = (
        _gaps([row for row in rows if _place(row) == place and row.content == content], place[0])
        for place, content in newest.items()
    )
    return [one for one in found if one.names]


def of_template(key: str) -> Gaps | None:
    """What was missing in the newest version of a template that was sent; None where nothing was."""
    newest = Gap.objects.filter(template=key, name=ALL).order_by("-version").first()
    rows = list(Gap.objects.filter(template=key, version=newest.version)) if newest else []
    found = _gaps(rows, "") if rows else None
    return found if found and found.names else None


def _place(row: Gap) -> tuple[str, str, str]:
    return row.step, row.channel, row.variant


def _gaps(rows: Sequence[Gap], step: str) -> Gaps:
    one = rows[0]
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.name] += row.messages
    messages = counts.pop(ALL, 0)
    return Gaps(step, one.channel, one.variant, one.template, one.version, messages, tuple(_most_first(counts)))


def _most_first(counts: Counter[str]) -> Iterator[tuple[str, int]]:
    yield from sorted(counts.items(), key=lambda one: (-one[1], one[0]))
