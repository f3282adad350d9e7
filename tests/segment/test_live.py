"""The live path: whatever the order in which facts come and time passes, it says what all rules over all facts say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.base.clock import SetClock, from_us, to_us
from dangol.base.models import Shop
from dangol.collect.facts import OWN, Fact
from dangol.identity.rules import Moves
from dangol.profile import rows
from dangol.profile.models import Fact as Row
from dangol.profile.models import Profile
from dangol.segment import asking, closing, groups, judging, live, long, standing
from dangol.segment.models import Flip, Member, Segment, Summary
from tests.segment import strategies
from tests.segment.reference import Asked, Told, holds

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
MICRO = timedelta(microseconds=1)


def put(key: str, where: Any, now: datetime) -> None:
    Segment.objects.create(key=key, name=key, rule=where, created_at=now, updated_at=now)


def fact_of(told: Told) -> Fact:
    return Fact(
        told.position, OWN if told.own else "site", f"m{told.position}", told.type, told.name, from_us(told.at),
        from_us(told.at), properties=dict(told.properties), traits=dict(told.traits), context=dict(told.context),
    )  # fmt: skip


def arrive(customer: int, facts: Sequence[Fact], now: datetime) -> None:
    rows.insert([(fact, customer, None) for fact in facts])
    before = Profile.objects.filter(pk=customer).values_list("first_seen_at", flat=True).first()
    first = Row.objects.filter(customer_id=customer).order_by("at")[0].at
    Profile.objects.update_or_create(customer_id=customer, defaults={"first_seen_at": first, "last_seen_at": first})
    same = before == first and all(fact.own and fact.type != "identify" for fact in facts)
    live.refresh([customer], now, facts=[(customer, fact) for fact in facts], same=[customer] if same else [])


def clear() -> None:
    for model in (Row, Profile, Segment, Member, Flip):
        model.objects.all().delete()
    standing.Standing.objects.all().delete()


@pytest.mark.usefixtures("shop")
@settings(max_examples=25, deadline=None, suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
@given(
    wheres=st.lists(st.one_of(strategies.rules, strategies.timed_rules), min_size=3, max_size=3),
    histories=st.lists(strategies.histories(), min_size=2, max_size=2),
    instants=st.lists(strategies.instants, min_size=3, max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_it_says_what_the_reference_says(
    shop: Shop, wheres: list[Any], histories: list[tuple[Told, ...]], instants: list[int], order: random.Random
) -> None:
    clear()
    segments = {f"s{n}": where for n, where in enumerate(wheres)}
    segments["z"] = {"exactly": {"k": 1, "of": [{"segment": "s0"}, {"none": [{"segment": "s1"}]}, wheres[2]]}}
    for key, where in segments.items():
        put(key, where, from_us(strategies.START))
    coming = [(customer, told) for customer, facts in enumerate(histories, 1) for told in facts]
    order.shuffle(coming)
    known: dict[int, list[Told]] = {1: [], 2: []}
    for t in sorted(instants):
        while live.wake(from_us(t)):
            pass
        some, coming = coming[: len(coming) // 2 + 1], coming[len(coming) // 2 + 1 :]
        for customer in known:
            mine = [told for whose, told in some if whose == customer]
            known[customer] += mine
            if mine:
                arrive(customer, [fact_of(told) for told in mine], from_us(t))
        for customer, facts in known.items():
            held = set(asking.keys_of([customer]).get(customer, ()))
            asked = Asked(tuple(facts), t, customer, shop.zone, segments)
            assert held == {key for key, where in segments.items() if facts and holds(where, asked)}, (facts, t)


@pytest.mark.parametrize("block", [1, 3])
@pytest.mark.usefixtures("shop")
@settings(max_examples=12, deadline=None, suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
@given(wheres=st.lists(strategies.summed_leaves, min_size=4, max_size=4), coming=strategies.arrivals())
def test_a_past_that_is_summed_up_says_what_all_facts_say(
    shop: Shop, wheres: list[Any], coming: list[tuple[int, tuple[Told, ...]]], block: int
) -> None:
    clear()
    segments = {f"s{n}": where for n, where in enumerate(wheres)}
    for key, where in segments.items():
        put(key, where, from_us(strategies.START))
    known: list[Told] = []
    with patch.object(long, "LONG", 1), patch.object(closing, "BLOCK", block):
        for t, facts in coming:
            while live.wake(from_us(t)):
                pass
            known += facts
            arrive(1, [fact_of(told) for told in facts], from_us(t))
            asked = Asked(tuple(known), t, 1, shop.zone, segments)
            held = set(asking.keys_of([1]).get(1, ()))
            assert held == {key for key, where in segments.items() if holds(where, asked)}, (known, t)
            assert stands(1) == judged_whole(1, t), (known, t)
        told = asking.explain("s0", 1, from_us(t))
    whole = asking.explain("s0", 1, from_us(t))
    assert (told.changes_at, told.certain) == (whole.changes_at, whole.certain), (known, t)


Leaves = dict[int, tuple[bytes, int | None]]


def stands(customer: int) -> Leaves:
    """What each group of leaves said, and its next flip; where a first event settles it, that it is settled."""
    found = standing.read([customer])[customer].groups
    return {key: (one.holds, one.flip if one.settled is None else one.settled) for key, one in found.items()}


def judged_whole(customer: int, t: int) -> Leaves:
    at_work = live._active()
    assert at_work is not None
    found = judging.judge(at_work, {customer: t}, None)[customer].now.groups
    return {key: (one.holds, one.flip if one.settled is None else one.settled) for key, one in found.items()}


@pytest.mark.usefixtures("shop")
def test_a_summed_up_past_is_dropped_with_what_stood(clock: SetClock) -> None:
    now = clock.now()
    put("many", {"event": "A", "count": {"at_least": 12}}, now)
    put("kinds", {"event": "A", "distinct": {"of": "p", "at_least": 9}}, now)
    put("worth", {"event": "A", "sum": {"of": "p", "over": 40}, "within": "10d"}, now)
    with patch.object(long, "LONG", 1), patch.object(closing, "BLOCK", 2):
        for n in range(8):
            for customer in (1, 2):
                at = now + timedelta(hours=n)
                arrive(customer, [track(10 * n + customer, "A", at, p=n + 10 * (customer - 1))], at)
        assert set(Summary.objects.values_list("customer_id", flat=True)) == {1, 2}
        assert asking.keys_of([1, 2]) == {2: ["worth"]}
        Row.objects.filter(customer_id=2).update(customer_id=1)
        Profile.objects.filter(customer_id=2).delete()
        live.rehome(Moves(homes=[(2, 2, 1)]), now)
        assert not Summary.objects.exists()
        now += timedelta(days=1)
        live.refresh([1], now)
        arrive(1, [track(100, "B", now)], now)
        assert asking.keys_of([1, 2]) == {1: ["kinds", "many", "worth"]}
        live.wake(now + timedelta(days=30))
        assert asking.keys_of([1]) == {1: ["kinds", "many"]}
        live.forget([1], now)
    assert not Summary.objects.exists()


@pytest.mark.usefixtures("shop")
def test_one_long_history_does_not_make_others_of_the_same_customer_long(clock: SetClock) -> None:
    now = clock.now()
    put("views", {"event": "A", "count": {"at_least": 12}}, now)
    put("orders", {"event": "B", "count": {"at_least": 2}}, now)
    with patch.object(long, "LONG", 4), patch.object(closing, "BLOCK", 2):
        for n in range(12):
            at = now + timedelta(hours=n)
            arrive(1, [track(n, "A" if n % 5 else "B", at)], at)
    of_orders = next(group.key for group in live._active().groups if any("'B'" in rule for rule in group.rules))  # type: ignore[union-attr]
    kept = {key: one.kept for key, one in standing.read([1])[1].groups.items()}
    assert kept.pop(of_orders) is None
    assert set(Summary.objects.values_list("group", flat=True)) == {key for key, until in kept.items() if until}


@pytest.mark.usefixtures("shop")
def test_what_was_summed_up_for_a_rule_goes_with_the_rule(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(live, "TIDIED_AT_ONCE", 2)
    put("views", {"event": "A", "count": {"at_least": 12}}, now)
    put("orders", {"event": "B", "count": {"at_least": 12}}, now)
    with patch.object(long, "LONG", 1), patch.object(closing, "BLOCK", 2):
        for n in range(8):
            for customer in (1, 2, 3):
                at = now + timedelta(hours=n)
                arrive(customer, [track(20 * n + customer, "A", at), track(20 * n + customer + 9, "B", at)], at)
    tidied = live.tidy(None)
    assert Summary.objects.count() == 6
    Segment.objects.filter(key="views").update(rule={"event": "A", "count": {"at_least": 3}}, version=2)
    assert live.tidy(tidied) is None
    assert Summary.objects.count() == 4, "some at a time"
    live.tidy(live.tidy(None))
    (left,) = set(Summary.objects.values_list("group", flat=True))
    assert left == next(group.key for group in live._active().groups if any("'B'" in rule for rule in group.rules))  # type: ignore[union-attr]


def track(position: int, name: str, at: datetime, **properties: Any) -> Fact:
    return Fact(position, "site", f"m{position}", "track", name, at, at, properties=properties)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The leaves' names that were judged anew, one set for every group."""
    found: list[set[str]] = []
    whole = judging._ask

    def ask(group: groups.Group, customers: Any) -> Any:
        found.append({name.text for name in group.needs.names})
        return whole(group, customers)

    monkeypatch.setattr(judging, "_ask", ask)
    return found


@pytest.mark.usefixtures("shop")
def test_only_leaves_that_a_fact_can_change_are_judged_anew(clock: SetClock, asked: list[set[str]]) -> None:
    now = clock.now()
    put("both", {"all": [{"event": "A"}, {"event": "B", "within": "1d"}]}, now)
    arrive(1, [track(1, "A", now)], now)
    assert sorted(map(sorted, asked)) == [["A"], ["B"]], "nothing stood yet"
    asked.clear()
    arrive(1, [track(2, "C", now)], now)
    assert asked == []
    arrive(1, [track(3, "B", now)], now)
    assert asked == [{"B"}]
    assert asking.keys_of([1]) == {1: ["both"]}
    asked.clear()
    live.wake(now + timedelta(days=1) + MICRO)
    assert asked == [{"B"}]
    assert asking.keys_of([1]) == {}


@pytest.mark.usefixtures("shop")
def test_facts_of_our_own_that_no_leaf_looks_at_touch_nothing(
    clock: SetClock, asked: list[set[str]], django_assert_max_num_queries: Any
) -> None:
    now = clock.now()
    put("welcomed", {"event": "Welcomed"}, now)
    arrive(1, [track(1, "A", now)], now)
    asked.clear()
    own = [Fact(n, OWN, f"m{n}", "track", name, now, now) for n, name in ((2, "Segment Entered"), (3, "Welcomed"))]
    with django_assert_max_num_queries(2):  # which segments there are, and where the shop is
        live.refresh([1], now, facts=[(1, own[0])], same=[1])
    arrive(1, own[1:], now)
    assert asked == [{"Welcomed"}]
    assert asking.keys_of([1]) == {1: ["welcomed"]}


@pytest.mark.usefixtures("shop")
def test_a_first_event_is_settled_until_an_earlier_one_comes(clock: SetClock, asked: list[set[str]]) -> None:
    now = clock.now()
    put("new", {"first_event": "*", "within": "30d"}, now)
    arrive(1, [track(1, "A", now)], now)
    asked.clear()
    arrive(1, [track(2, "A", now + timedelta(seconds=1))], now + timedelta(seconds=1))
    assert asked == []
    arrive(1, [track(3, "A", now - timedelta(days=40))], now + timedelta(seconds=2))
    assert asked == [{""}]
    assert asking.keys_of([1]) == {}


@pytest.mark.usefixtures("shop")
def test_age_is_counted_from_a_fact_that_comes_late(clock: SetClock) -> None:
    now = clock.now()
    put("quiet", {"event": "A", "count": 0, "within": "7d", "minimum_age": "7d"}, now)
    arrive(1, [track(1, "B", now)], now)
    assert asking.keys_of([1]) == {}
    arrive(1, [track(2, "B", now - timedelta(days=8))], now)
    assert asking.keys_of([1]) == {1: ["quiet"]}


@pytest.mark.usefixtures("shop")
def test_a_segment_put_away_and_taken_up_again_knows_what_happened_meanwhile(clock: SetClock) -> None:
    now = clock.now()
    put("other", {"event": "B"}, now)
    put("a", {"event": "A"}, now)
    arrive(1, [track(1, "C", now)], now)
    Segment.objects.filter(key="a").update(state="archived")
    arrive(1, [track(2, "A", now)], now)
    Segment.objects.filter(key="a").update(state="active")
    arrive(1, [track(3, "C", now)], now)
    assert asking.keys_of([1]) == {1: ["a"]}
    Segment.objects.update(state="archived")
    arrive(1, [track(4, "B", now)], now)
    Segment.objects.update(state="active")
    arrive(1, [track(5, "C", now)], now)
    assert asking.keys_of([1]) == {1: ["a", "other"]}


@pytest.mark.usefixtures("shop")
def test_a_clock_that_was_set_back_judges_anew(clock: SetClock) -> None:
    now = clock.now()
    put("later", {"event": "A"}, now)
    arrive(1, [track(1, "B", now - timedelta(days=9)), track(2, "A", now)], now)
    assert asking.keys_of([1]) == {1: ["later"]}
    live.refresh([1], now - timedelta(days=1), facts=[])
    assert asking.keys_of([1]) == {}


@pytest.mark.usefixtures("shop")
def test_an_early_flip_costs_a_judgement_and_changes_nothing(clock: SetClock) -> None:
    now = clock.now()
    put("recent", {"event": "A", "within": "30d"}, now)
    arrive(1, [track(1, "A", now)], now)
    live.write_flips({1: to_us(now + timedelta(days=1))}, earlier_only=True)
    assert live.wake(now + timedelta(days=2)) == []
    assert live.next_flip() == now + timedelta(days=30) + MICRO
    assert asking.keys_of([1]) == {1: ["recent"]}


def test_bits_that_differ() -> None:
    assert judging.bits([0, 9], 10) == b"\x80\x40"
    assert list(judging.differing(b"\x80\x40", b"\x00\x60")) == [(0, False), (10, True)]


@pytest.mark.usefixtures("shop")
def test_an_address_that_comes_into_force_later_counts_from_then_on(clock: SetClock) -> None:
    now = clock.now()
    put("reached", {"reachable": "email"}, now)
    told = [
        Fact(1, "site", "m1", "identify", "", now, now, traits={"email": "a@b.kr"}),
        track(2, "Email Bounced", now, kind="hard", channel="email"),
        Fact(3, "site", "m3", "identify", "", now + timedelta(days=1), now, traits={"email": "c@d.kr"}),
    ]
    arrive(1, told, now)
    assert asking.keys_of([1]) == {}
    live.wake(now + timedelta(days=1))
    assert asking.keys_of([1]) == {1: ["reached"]}
