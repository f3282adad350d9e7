"""Neither order of arrival nor repetition changes who is who, and an undone merge leaves no mark.

The whole shop is told a story in one order, then in another: the same customers come out of it with the same traits,
figures and segments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.instants import iso
from dangol.base.models import Shop
from dangol.identity import reads
from dangol.identity.models import Identifier, Merge
from dangol.profile import steps as profile
from dangol.profile.models import Fact, Profile
from dangol.segment import steps as segment
from dangol.segment.models import Member
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
Event = dict[str, Any]
SEGMENTS = {
    "buyers": {"event": "Order Completed", "count": {"at_least": 2}},
    "seoul": {"trait": "city", "is": "Seoul"},
}


@contextmanager
def told(events: Sequence[Event], at_once: int = 500) -> Iterator[Kit]:
    """A shop that was told these events, in this order; rolled back at the end."""
    with TemporaryDirectory() as folder, transaction.atomic():
        Shop.objects.create(name="Shop", timezone="Asia/Seoul", currency="KRW", locale="ko", country="KR")
        for key, where in SEGMENTS.items():
            segment.save(key, {"key": key, "name": key, "where": where}, NOON - timedelta(days=90))
        clock = SetClock(NOON)
        kit = Kit(Path(folder), clock)
        try:
            for number, event in enumerate(events):
                kit.send({**event, "messageId": event.get("messageId", f"x{number}")})
            while loop.turn_once(kit.log, clock, at_once):
                pass
            yield kit
        finally:
            kit.close()
            transaction.set_rollback(True)


Picture = dict[frozenset[tuple[str, str]], dict[str, Any]]


def picture() -> Picture:
    """What the shop knows, by the identifiers of each customer, without the numbers it gave them."""
    keys: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for row in Identifier.objects.filter(seen=True):
        keys[row.customer_id].add((row.kind, row.value))
    segments: dict[int, set[str]] = defaultdict(set)
    for member in Member.objects.select_related("segment"):
        segments[member.customer_id].add(member.segment.key)
    facts: dict[int, list[str]] = defaultdict(list)
    for fact in Fact.objects.filter(own=False).order_by("at", "message_id"):
        facts[fact.customer_id].append(fact.message_id)
    return {
        frozenset(keys[one.customer_id]): {
            "traits": one.traits,
            "figures": (one.orders, one.revenue, one.refunded, one.first_order_at, one.last_order_at, one.margin),
            "shown": (one.email, one.phone, one.name, one.user_id, one.language),
            "tally": {name: part[1] if _versioned(part) else _bare(name, part) for name, part in one.tally.items()},
            "seen": one.first_seen_at,
            "segments": segments[one.customer_id],
            "facts": facts[one.customer_id],
        }
        for one in Profile.objects.all()
    }


def assert_alike(one: Picture, other: Picture) -> None:
    assert set(one) == set(other)
    for keys, known in one.items():
        for name, value in known.items():
            assert (sorted(keys), name, value) == (sorted(keys), name, other[keys][name])


def _versioned(part: Any) -> bool:
    return isinstance(part, list)


def _bare(name: str, part: Any) -> Any:
    return part["items"] if name == "cart" else part


users = st.sampled_from(["", "", "ann", "bob", "cat"])
browsers = st.sampled_from(["", "a", "b", "tablet"])
emails = st.sampled_from(["", "", "ann@shop.kr", "family@shop.kr"])
PRODUCTS = [
    {"product_id": "p1", "category": "Tea", "price": 3000, "cost": 1000},
    {"product_id": "p2", "category": "Cup"},
]


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Events of a few people on shared devices, each at a time of its own, with a message id of its own."""
    minutes = draw(st.lists(st.integers(0, 5_000), min_size=2, max_size=9, unique=True))
    return [draw(_event(minute, f"m{number}")) for number, minute in enumerate(minutes)]


@st.composite
def _event(draw: st.DrawFn, minute: int, message_id: str) -> Event:
    who = {"userId": draw(users), "anonymousId": draw(browsers)}
    email = draw(emails)
    if not any(who.values()):
        who["anonymousId"] = "a"
    at = {"timestamp": iso(NOON - timedelta(days=4) + timedelta(minutes=minute)), "messageId": message_id}
    base = {**who, **at, "context": {"page": {"url": "https://shop.kr/"}, "traits": {"email": email} if email else {}}}
    kind = draw(st.sampled_from(["identify", "page", "alias", "add", "remove", "order", "cancel", "update", "refund"]))
    if kind == "identify":
        traits = {"city": draw(st.sampled_from(["Seoul", "Busan", None])), "plan": minute}
        return {**base, "type": "identify", "traits": traits}
    if kind == "alias":
        return {
            **base,
            "type": "alias",
            "userId": who["userId"] or "ann",
            "previousId": draw(st.sampled_from(["a", "bob"])),
        }
    if kind == "page":
        return {
            **base,
            "type": "page",
            "name": "Home",
            "context": {**base["context"], "campaign": {"source": f"s{minute}"}},
        }
    names = {
        "add": "Product Added", "remove": "Product Removed", "order": "Order Completed", "cancel": "Order Cancelled",
        "update": "Order Updated", "refund": "Order Refunded",
    }  # fmt: skip
    product = draw(st.sampled_from(PRODUCTS))
    about = (
        {"order_id": draw(st.sampled_from(["A", "B"])), "products": [product]}
        if kind not in {"add", "remove"}
        else product
    )
    if kind in {"order", "update"}:
        about = {**about, "revenue": minute}
    return {**base, "type": "track", "event": names[kind], "properties": about}


# Examples cost about a second, so that shrinking one would take minutes: a failure shows the whole story instead.
SLOW = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SLOW
@given(events=stories(), data=st.data())
def test_any_order_of_arrival_gives_the_same_customers(events: list[Event], data: st.DataObject) -> None:
    other = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=3))]))
    with told(events):
        straight = picture()
    with told(other, at_once=data.draw(st.sampled_from([1, 3, 500]))):
        assert_alike(picture(), straight)
        assert profile.differences(list(Profile.objects.values_list("pk", flat=True))) == {}


@SLOW
@given(before=stories(), after=stories())
def test_an_undone_merge_leaves_no_mark(before: list[Event], after: list[Event]) -> None:
    """Two people, each with a story; joined by staff, told more, and parted again."""
    ann = [_of(event, "ann", number) for number, event in enumerate(before)]
    bob = [_of(event, "bob", 100 + number) for number, event in enumerate(after)]
    half = [*ann[::2], *bob[::2]]
    rest = [*ann[1::2], *bob[1::2]]
    with told([*half, *rest]):
        apart = picture()
    with told(half) as kit:
        ids = [kit.customer(name) for name in ("ann", "bob")]
        loop.join(*ids, NOON)
        assert kit.customer("ann") == kit.customer("bob")
        for event in rest:
            kit.send(dict(event))
        loop.settle(kit.log, kit.clock)
        merge = Merge.objects.get(undone_at=None)
        loop.part(merge.pk, NOON)
        loop.settle(kit.log, kit.clock)
        assert_alike(picture(), apart)
        assert profile.differences(list(Profile.objects.values_list("pk", flat=True))) == {}
        assert [one.undone_at for one in reads.merges(customer=kit.customer("ann"))] in ([NOON], [])


def _of(event: Event, user: str, number: int) -> Event:
    """The event as one of this person's own, with nobody else's identifier on it."""
    context = {**event["context"], "traits": {}}
    if event["type"] == "alias":
        event = {**event, "type": "identify", "traits": {"city": "Seoul"}}
    properties = {**event.get("properties", {})}
    if "order_id" in properties:
        properties["order_id"] += user
    named = {"userId": user, "anonymousId": f"browser of {user}", "messageId": f"{user}{number}"}
    return {**event, **named, "properties": properties, "context": context}
