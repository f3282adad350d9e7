"""What a rehearsal needs of a real shop, written into a file: facts, segments, lists, topics, campaigns. Only reads.

Facts that Dangol wrote itself are of two kinds. What customers did (a consent, an answer, a click) is told again, under
an identifier of theirs; what the stages made of it (who entered which segment, what was sent) is left out, because the
rehearsal makes it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.campaign.models import Campaign
from dangol.campaign.templates import copying
from dangol.collect.facts import OWN
from dangol.collect.log import Entry, FileLog
from dangol.identity import steps as identity
from dangol.offer import offers
from dangol.profile import topics
from dangol.segment import active
from dangol.segment.models import List

AT_ONCE = 5_000
MADE_ANEW = frozenset(
    {
        "Segment Entered", "Segment Left", "Journey Entered", "Journey Left", "Message Sent", "Email Delivered",
        "Email Bounced", "Survey Asked", "Conversation Opened",
    }
)  # fmt: skip
SHOP = (
    "name", "timezone", "currency", "locale", "country", "url", "sender_name", "sender_email", "postal_address",
    "phone",
)  # fmt: skip
Progress = Callable[[str, int, int | None], None]


class Spooled(msgspec.Struct):
    """A fact of the log, ready to be told again."""

    source: str
    message_id: str
    received_us: int
    body: msgspec.Raw
    imported: bool = False


class Scene(msgspec.Struct):
    """All but the facts."""

    shop: dict[str, str]
    segments: list[dict[str, Any]]
    lists: list[dict[str, Any]]
    topics: dict[str, dict[str, Any]]  # by key, as files have them
    templates: list[dict[str, Any]]  # those that staff keep
    offers: list[dict[str, Any]]  # those that give something
    others: list[dict[str, Any]]  # campaigns that ran beside
    key: str  # of the campaign that is rehearsed
    name: str
    definition: dict[str, Any]
    begins_us: int
    ends_us: int


def scene(key: str, name: str, definition: Mapping[str, Any], begins: datetime, ends: datetime) -> Scene:
    """What the rehearsal of a definition begins with. Campaigns that run now are taken to have run all the time."""
    shop = Shop.objects.get()
    running = Campaign.objects.filter(state="active").exclude(key=key).order_by("key")
    return Scene(
        shop={word: str(getattr(shop, word)) for word in SHOP},
        segments=[{"key": row.key, "name": row.name, "where": row.rule} for row in active.visible()],
        lists=[{"key": row.key, "making": row.making} for row in List.objects.filter(removed_at=None)],
        topics={row.key: topics.written(row) for row in topics.everything()},
        templates=copying.everything(),
        offers=offers.rehearsed(),
        others=[{"key": row.key, "name": row.name, "definition": row.definition} for row in running],
        key=key,
        name=name,
        definition=dict(definition),
        begins_us=to_us(begins),
        ends_us=to_us(ends),
    )


def spool(log: FileLog, to: Path, until: datetime, progress: Progress) -> int:
    """Write the facts received up to an instant, one on a line, in the order of the log; how many."""
    after, count, end = 0, 0, log.end()
    encoder = msgspec.json.Encoder()
    with to.open("wb") as file:
        while entries := log.read(after, AT_ONCE):
            after = entries[-1].position
            for one in _told(entries, to_us(until)):
                file.write(encoder.encode(one) + b"\n")
                count += 1
            progress("reading the facts", after, end)
    return count


def _told(entries: list[Entry], until: int) -> Iterator[Spooled]:
    own = {one.position: msgspec.json.decode(one.body) for one in entries if one.source == OWN}
    names = _names({int(event.get("customerId") or 0) for event in own.values()})
    for one in entries:
        if one.received_us > until:
            continue
        if one.source != OWN:
            yield Spooled(one.source, one.message_id, one.received_us, msgspec.Raw(one.body), one.imported)
            continue
        event = own[one.position]
        name = names.get(int(event.pop("customerId", 0) or 0))
        if name is None or event.get("event") in MADE_ANEW:
            continue
        body = msgspec.json.encode({**event, **name, "messageId": one.message_id})
        yield Spooled("rehearsal", one.message_id, one.received_us, msgspec.Raw(body), one.imported)


def _names(customers: set[int]) -> dict[int, dict[str, str]]:
    """By which identifier each customer can be told again; those who have no such are missing."""
    current = {customer: identity.current(customer) or customer for customer in customers - {0}}
    known = identity.identifiers(set(current.values()))
    found: dict[int, dict[str, str]] = {}
    for customer, now in current.items():
        by_kind = dict(reversed(known.get(now, [])))
        for kind in ("userId", "anonymousId"):
            if kind in by_kind:
                found[customer] = {kind: by_kind[kind]}
                break
    return found
