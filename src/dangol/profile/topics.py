"""Topics that customers may subscribe to, and what each customer said of them.

In: topics that the shop declares; `Topic Changed` facts, and words said on our own pages. Out: who is subscribed to
what.
Promise: the newest word stands, in any order of arrival; without one, nobody is subscribed to a topic but one that is
opt-out. A word said here counts from the moment it is said, before its fact has come round.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from dangol.base import texts
from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.parts import parts
from dangol.collect import steps as collect
from dangol.collect.facts import OWN, Fact
from dangol.profile import rows
from dangol.profile.models import Topic, TopicWord

CHANGED = "Topic Changed"
KINDS = {"opt_in": False, "opt_out": True}
WORDS = ("key", "name", "description", "kind", "place")
LONGEST_NAME, LONGEST_DESCRIPTION = 100, 400
LAST_PLACE = 9_999
_KEY = re.compile(r"[a-z0-9-]{1,64}")


def everything() -> list[Topic]:
    """The topics that customers can choose, in the shop's order."""
    return list(Topic.objects.filter(archived_at=None).order_by("place", "key"))


def get(key: str) -> Topic:
    """One topic, also an archived one. Raises NotFound."""
    found = Topic.objects.filter(key=key).first()
    if found is None:
        raise NotFound(f"no topic {key}; there are {', '.join(row.key for row in everything()) or 'none'}")
    return found


def opt_out() -> frozenset[str]:
    """The topics to which everybody is subscribed who did not say no."""
    return frozenset(Topic.objects.filter(opt_out=True).values_list("key", flat=True))


def faults(asked: Mapping[str, str]) -> list[Fault]:
    """Those of some keys (key → where it stands) that are no topic, each with the topics there are."""
    there = [row.key for row in everything()] if asked else []
    allowed = f"a topic: {', '.join(there)}" if there else "a topic, of which there is none yet"
    return [Fault(at, repr(key), allowed) for key, at in asked.items() if key not in there]


def called(row: Topic, *languages: str) -> str:
    """A topic's name in the first of these languages that it has, else in any."""
    return texts.said(row.name, *languages) or row.key


def described(row: Topic, *languages: str) -> str:
    """Its sentence more, likewise; empty where it has none."""
    return texts.said(row.description, *languages)


# --- what the shop declares -----------------------------------------------------------------------------------------


def written(row: Topic) -> dict[str, Any]:
    """A topic as files and the API have it, beside its key."""
    kind = "opt_out" if row.opt_out else "opt_in"
    return {"name": row.name, "description": row.description, "kind": kind, "place": row.place}


def check(key: str, shape: object) -> dict[str, Any]:
    """What a shape says a topic is, as `written` has it. Raises Invalid with every fault."""
    if not isinstance(shape, Mapping):
        raise Invalid([Fault("", type(shape).__name__, "an object with name and kind")])
    found = [Fault(f"/{word}", str(word), ", ".join(WORDS)) for word in shape if word not in WORDS]
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        found.append(Fault("/key", repr(key), "1 to 64 of a-z, 0-9 and -"))
    kind, place = shape.get("kind", "opt_in"), shape.get("place", 0)
    if kind not in KINDS:
        found.append(Fault("/kind", repr(kind), " or ".join(KINDS)))
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place <= LAST_PLACE:
        found.append(Fault("/place", repr(place), f"a whole number from 0 to {LAST_PLACE}"))
    name = texts.read(shape.get("name"), "/name", LONGEST_NAME, found)
    if not name and not any(one.path.startswith("/name") for one in found):
        found.append(Fault("/name", "no name", "a name in at least one language"))
    description = texts.read(shape.get("description", {}), "/description", LONGEST_DESCRIPTION, found)
    if found:
        raise Invalid(found)
    return {"name": name, "description": description, "kind": kind, "place": place}


def put(key: str, shape: object, now: datetime, filed: Mapping[str, Any] | None = None) -> Topic:
    """Declare a topic, or declare it otherwise; one that was archived comes back. Raises Invalid with every fault.

    Who goes by topics beside customers is told by segment.topics, which calls this.
    """
    row = Topic.objects.filter(key=key).first()
    given = dict(shape) if isinstance(shape, Mapping) else shape
    if isinstance(given, dict) and given.get("place") is None:
        last = Topic.objects.aggregate(last=Max("place"))["last"]
        given["place"] = row.place if row else 0 if last is None else min(last + 1, LAST_PLACE)
    told = check(key, given)
    row = row or Topic(key=key, created_at=now)
    row.name, row.description, row.place = told["name"], told["description"], told["place"]
    row.opt_out, row.archived_at, row.updated_at = KINDS[told["kind"]], None, now
    row.filed = row.filed if filed is None else dict(filed)
    row.save()
    return row


def archive(key: str, now: datetime) -> None:
    """Offer a topic to nobody any more; what was said of it stays. Raises NotFound."""
    row = get(key)
    row.archived_at = row.archived_at or now
    row.save(update_fields=["archived_at"])


def move(key: str, by: int) -> None:
    """Show a topic so many places further down, or up. Raises NotFound."""
    get(key)
    keys = [row.key for row in everything()]
    if key not in keys:
        return
    at = keys.index(key)
    keys.insert(min(max(at + by, 0), len(keys) - 1), keys.pop(at))
    for place, one in enumerate(keys):
        Topic.objects.filter(key=one).update(place=place)


# --- what customers say ---------------------------------------------------------------------------------------------


def record(placed: Sequence[tuple[Fact, int]]) -> None:
    """Keep what `Topic Changed` facts say, each with its customer; one that says neither yes nor no says nothing."""
    told = [
        TopicWord(
            customer_id=customer, topic=key, subscribed=fact.properties["subscribed"], at=fact.at,
            position=fact.position, source=fact.source,
        )
        for fact, customer in placed
        if fact.type == "track"
        and isinstance(key := fact.properties.get("topic"), str) and len(key) <= 64
        and isinstance(fact.properties.get("subscribed"), bool)
    ]  # fmt: skip
    arrived = [fact.message_id for fact, _ in placed if fact.own]
    for part in parts(arrived):
        TopicWord.objects.filter(message_id__in=part, position=None).delete()
    TopicWord.objects.bulk_create(told, batch_size=200)


def say(customer_id: int, said: Mapping[str, bool], proof: Mapping[str, Any], now: datetime) -> int:
    """A customer, or somebody for them, says yes or no to topics; how many of these words are new.

    The facts are written with the proof, and count at once.
    """
    with transaction.atomic():
        stands = subscribed([customer_id], said)
        new = {key: wanted for key, wanted in said.items() if wanted != stands[customer_id, key]}
        for key, wanted in sorted(new.items()):
            message_id = f"topic:{key}:{customer_id}:{now.isoformat()}:{'on' if wanted else 'off'}"
            collect.emit(
                CHANGED, customer_id, {"topic": key, "subscribed": wanted, **proof}, message_id=message_id, at=now
            )
            word = {"customer_id": customer_id, "topic": key, "subscribed": wanted, "at": now, "source": OWN}
            TopicWord.objects.get_or_create(message_id=message_id, position=None, defaults=word)
    return len(new)


def subscribed(customer_ids: Collection[int], keys: Collection[str]) -> dict[tuple[int, str], bool]:
    """Whether each of these customers is subscribed to each of these topics, by (customer, topic)."""
    silent = opt_out()
    found = {(customer, key): key in silent for customer in customer_ids for key in keys}
    return found | {place: word.subscribed for place, word in words(customer_ids, keys).items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic as it stands for a customer."""

    topic: Topic
    subscribed: bool
    said_at: datetime | None  # empty where nothing was said of it


def standing(customer_id: int) -> list[Standing]:
    """Every topic that is offered, as it stands for a customer, in the shop's order."""
    rows = everything()
    said = {key: word for (_, key), word in words([customer_id], [row.key for row in rows]).items()}
    return [
        Standing(row, said[row.key].subscribed, said[row.key].at) if row.key in said
        else Standing(row, row.opt_out, None)
        for row in rows
    ]  # fmt: skip


def words(customer_ids: Collection[int], keys: Collection[str]) -> dict[tuple[int, str], TopicWord]:
    """The word that stands, by (customer, topic); where nothing was said, there is none."""
    wanted = sorted(set(keys))
    return {
        (word.customer_id, word.topic): word  # the last of several stands
        for part in parts(sorted(set(customer_ids)))
        for word in sorted(TopicWord.objects.filter(customer_id__in=part, topic__in=wanted), key=_order)
    }


def _order(word: TopicWord) -> tuple[datetime, bool, int]:
    """By time, then by place in the log; what is not there yet comes behind what is."""
    return word.at, word.position is None, word.position or 0


def follow(customer_ids: Collection[int]) -> None:
    """Words of these customers go where the facts that told them have gone."""
    rows.follow("profile_topicword", customer_ids)
