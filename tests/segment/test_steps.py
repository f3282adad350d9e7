"""Segments over a real shop: saved, entered, left at the right instant, archived, explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.base.models import Shop
from dangol.profile import predictions
from dangol.profile.models import Fact
from dangol.segment import active, asking, live, steps
from dangol.segment.models import Flip, Member, Segment
from tests.shopkit import Kit

MICRO = timedelta(microseconds=1)
RECENT = {"where": {"event": "Order Completed", "within": "30d"}}
LAPSED = {"where": {"all": [{"event": "Order Completed"}, {"event": "Order Completed", "count": 0, "within": "30d"}]}}


@pytest.fixture
def kit(shop: Shop, clock: SetClock, tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(tmp_path, clock)
    yield kit
    kit.close()


def members(key: str) -> list[int]:
    return [row.customer_id for row in asking.members(key)]


def told(customer: int, name: str) -> list[tuple[datetime, str]]:
    import json

    rows = Fact.objects.filter(customer_id=customer, name=name).order_by("at")
    return [(row.at, json.loads(row.properties)["segment"]) for row in rows]


def test_a_new_segment_holds_for_the_history_there_is_and_tells_nobody(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.track("u2", "Page Opened")
    kit.run()
    saved = steps.save("recent", RECENT, clock.now())
    assert (saved.key, saved.name, saved.version) == ("recent", "recent", 1)
    assert members("recent") == [kit.customer("u1")]
    kit.run()
    assert not Fact.objects.filter(name="Segment Entered").exists()


def test_entering_and_leaving_are_told_at_their_instants(kit: Kit, clock: SetClock) -> None:
    steps.save("recent", RECENT, clock.now())
    start = clock.now()
    kit.order("u1", "o1", 10)
    kit.run()
    u1 = kit.customer("u1")
    assert members("recent") == [u1]
    assert told(u1, "Segment Entered") == [(start, "recent")]
    edge = start + timedelta(days=30)
    clock.set(edge)
    kit.run()
    assert members("recent") == [u1], "the window's end is in it"
    assert live.next_flip() == edge + MICRO
    clock.set(edge + timedelta(hours=5))
    kit.run()
    assert members("recent") == []
    assert told(u1, "Segment Left") == [(edge + MICRO, "recent")], "left when it was over, not when it was noticed"


def test_flips_passed_while_nobody_looked_are_all_told(kit: Kit, clock: SetClock) -> None:
    rule = {"where": {"event": "A", "ago": ["1d", "2d"]}}
    steps.save("window", rule, clock.now())
    start = clock.now()
    kit.track("u1", "A")
    kit.run()
    clock.set(start + timedelta(days=9))
    assert [(c.entered, c.at) for c in live.wake(clock.now())] == [
        (True, start + timedelta(days=1)),
        (False, start + timedelta(days=2) + MICRO),
    ]
    assert live.next_flip() is None


def test_a_fact_that_comes_after_a_missed_flip_does_not_hide_it(kit: Kit, clock: SetClock) -> None:
    steps.save("window", {"where": {"event": "A", "ago": ["1d", "2d"]}}, clock.now())
    start = clock.now()
    kit.track("u1", "A")
    kit.run()
    clock.set(start + timedelta(days=9))
    kit.track("u1", "B")
    kit.run()
    u1 = kit.customer("u1")
    assert [at for at, _ in told(u1, "Segment Entered")] == [start + timedelta(days=1)]
    assert [at for at, _ in told(u1, "Segment Left")] == [start + timedelta(days=2) + MICRO]


def test_imported_facts_change_membership_and_tell_nobody(kit: Kit, clock: SetClock) -> None:
    steps.save("recent", RECENT, clock.now())
    kit.track("u1", "Order Completed", {"order_id": "o1"}, imported=True)
    kit.run()
    assert members("recent") == [kit.customer("u1")]
    assert not Fact.objects.filter(name="Segment Entered").exists()


def test_changes_of_imported_customers_are_marked(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.order("u2", "o2", 10)
    kit.run()
    steps.save("recent", RECENT, clock.now())
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    Member.objects.all().delete()
    changes = live.refresh([u1, u2], clock.now(), imported=[u2])
    assert {(c.customer_id, c.entered, c.imported) for c in changes} == {(u1, True, False), (u2, True, True)}


def test_an_edited_segment_is_computed_anew_and_so_are_those_that_refer_to_it(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.track("u2", "Page Opened")
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    steps.save("base", RECENT, clock.now())
    steps.save("others", {"where": {"segment": "base", "is": False}}, clock.now())
    assert (members("base"), members("others")) == ([u1], [u2])
    edited = steps.save("base", {"where": {"event": "Page Opened"}}, clock.now())
    assert edited.version == 2
    assert (members("base"), members("others")) == ([u2], [u1])


def test_saving_the_same_rule_again_changes_nothing_but_the_name(kit: Kit, clock: SetClock) -> None:
    steps.save("recent", RECENT, clock.now())
    again = steps.save("recent", {**RECENT, "name": "최근 구매"}, clock.now())
    assert (again.version, Segment.objects.get(key="recent").name) == (1, "최근 구매")


def test_a_refused_rule_changes_nothing(kit: Kit, clock: SetClock) -> None:
    steps.save("recent", RECENT, clock.now())
    with pytest.raises(Invalid) as refused:
        steps.save("recent", {"where": {"event": "A", "within": "0d"}}, clock.now())
    assert [fault.path for fault in refused.value.faults] == ["/where/within"]
    assert active.get("recent").rule == RECENT["where"]


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ({"segment": "nothing"}, "/where/segment", "the key of an active segment"),
        ({"all": [{"segment": "a"}]}, "/where/all/0/segment", "a segment that does not refer back to b"),
        ({"none": [{"segment": "b"}]}, "/where/none/0/segment", "a segment that does not refer back to b"),
    ],
)
def test_references_lead_to_segments_and_never_back(
    kit: Kit, clock: SetClock, rule: dict[str, Any], path: str, allowed: str
) -> None:
    steps.save("b", RECENT, clock.now())
    steps.save("a", {"where": {"segment": "b"}}, clock.now())
    with pytest.raises(Invalid) as refused:
        steps.save("b", {"where": rule}, clock.now())
    assert [(fault.path, fault.allowed) for fault in refused.value.faults] == [(path, allowed)]


def test_a_segment_in_use_is_not_archived(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("b", RECENT, clock.now())
    steps.save("a", {"where": {"segment": "b"}}, clock.now())
    with pytest.raises(Conflict, match="used by a"):
        steps.archive("b", clock.now())
    steps.archive("a", clock.now())
    steps.archive("b", clock.now())
    assert not Member.objects.exists()
    with pytest.raises(NotFound):
        active.get("b")
    assert steps.save("b", RECENT, clock.now()).version == 2
    assert members("b") == [kit.customer("u1")]


def test_no_flip_is_lost_when_a_segment_is_saved(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("long", {"where": {"event": "Order Completed", "within": "60d"}}, clock.now())
    steps.save("short", {"where": {"event": "Order Completed", "within": "10d"}}, clock.now())
    steps.save("middle", RECENT, clock.now())
    start = clock.now()
    assert live.next_flip() == start + timedelta(days=10) + MICRO
    clock.set(start + timedelta(days=90))
    left = [(c.segment, c.at) for c in live.wake(clock.now())]
    assert left == [
        (key, start + timedelta(days=days) + MICRO) for key, days in (("short", 10), ("middle", 30), ("long", 60))
    ]


def test_a_merged_customer_is_in_nothing_and_its_survivor_in_what_both_did(kit: Kit, clock: SetClock) -> None:
    steps.save("twice", {"where": {"event": "A", "count": {"at_least": 2}}}, clock.now())
    kit.send({"type": "track", "anonymousId": "x", "event": "A"})
    kit.track("u1", "A")
    kit.run()
    u1 = kit.customer("u1")
    assert members("twice") == []
    kit.send({"type": "identify", "anonymousId": "x", "userId": "u1", "traits": {}})
    kit.run()
    assert members("twice") == [u1]
    assert set(Member.objects.values_list("customer_id", flat=True)) == {u1}


def test_a_forgotten_customer_leaves_without_a_word(kit: Kit, clock: SetClock) -> None:
    steps.save("recent", RECENT, clock.now())
    kit.order("u1", "o1", 10)
    kit.run()
    u1 = kit.customer("u1")
    live.forget([u1], clock.now())
    kit.run()
    assert (members("recent"), Flip.objects.count()) == ([], 0)
    assert told(u1, "Segment Left") == []


def test_evaluate_counts_everybody_at_any_instant(kit: Kit, clock: SetClock) -> None:
    start = clock.now()
    kit.order("u1", "o1", 10)
    kit.order("u2", "o2", 10, start - timedelta(days=40))
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    assert sorted(asking.evaluate(LAPSED["where"], start)) == [u2]
    assert sorted(asking.evaluate(LAPSED["where"], start + timedelta(days=31))) == [u1, u2]
    assert asking.count("everyone", start - timedelta(days=1)) == 1, "u1 was not there yet"
    steps.save("recent", RECENT, start)
    assert asking.evaluate({"segment": "recent"}, start) == [u1]
    with pytest.raises(Invalid):
        asking.evaluate({"segment": "nothing"}, start)


def test_the_live_path_and_the_full_computation_agree(kit: Kit, clock: SetClock) -> None:
    steps.save("live", LAPSED, clock.now())
    for n in range(12):
        kit.order(f"u{n}", f"o{n}", 10, clock.now() - timedelta(days=5 * n))
    kit.run()
    for _ in range(8):
        clock.advance(timedelta(days=5))
        kit.run()
        assert members("live") == sorted(asking.evaluate(LAPSED["where"], clock.now()))


def test_members_come_in_pages(kit: Kit, clock: SetClock) -> None:
    for n in range(5):
        kit.order(f"u{n}", f"o{n}", 10)
    kit.run()
    steps.save("recent", RECENT, clock.now())
    everybody = members("recent")
    first = [row.customer_id for row in asking.members("recent", limit=2)]
    second = [row.customer_id for row in asking.members("recent", cursor=first[-1], limit=2)]
    assert (first, second) == (everybody[:2], everybody[2:4])
    assert asking.holding("recent", everybody[1:3]) == set(everybody[1:3])
    assert asking.holding("nothing", everybody) == set()
    assert asking.keys_of(everybody[:1]) == {everybody[0]: ["recent"]}


def test_the_explanation_says_what_decided_it_and_when_it_ends(kit: Kit, clock: SetClock) -> None:
    steps.save("recent", {"where": {"all": [RECENT["where"], {"trait": "plan", "is": "gold"}]}}, clock.now())
    start = clock.now()
    kit.identify("u1", {"plan": "gold"})
    kit.order("u1", "o1", 10)
    kit.run()
    said = asking.explain("recent", kit.customer("u1"), clock.now())
    assert (said.member, said.since) == (True, start)
    assert (said.changes_at, said.certain) == (start + timedelta(days=30) + MICRO, True)
    order, plan = said.leaves
    assert (order.pointer, order.holds, order.value) == ("/where/all/0", True, 1)
    assert [(fact.name, fact.at) for fact in order.facts] == [("Order Completed", start)]
    assert (plan.pointer, plan.holds, plan.value, plan.changes_at) == ("/where/all/1", True, "gold", None)
    assert plan.words == {"en": "plan is “gold”", "ko": "plan “gold”임"}
    assert said.words["en"] == "In; leaves at 2026-12-24 12:00:00 if nothing happens."
    assert said.words["ko"] == "속해 있음. 아무 일이 없으면 2026-12-24 12:00:00에 빠짐."


def test_the_explanation_of_a_sequence_shows_its_chain(kit: Kit, clock: SetClock) -> None:
    cart = {"sequence": [{"event": "Product Added"}, {"event": "Order Completed", "count": 0, "within": "1h"}]}
    start = clock.now()
    kit.track("u1", "Product Added")
    kit.run()
    steps.save("cart", {"where": cart}, clock.now())
    [leaf] = asking.explain("cart", kit.customer("u1"), clock.now()).leaves
    assert [(step.state, step.fact and step.fact.at) for step in leaf.steps] == [("met", start), ("waiting", None)]
    assert leaf.steps[0].words == {"en": "Product Added: happened", "ko": "Product Added: 일어남"}
    assert leaf.steps[1].words["ko"].startswith("Order Completed 없음 (1시간 동안): 아직 일어나지 않음")
    assert [fact.name for fact in leaf.facts] == ["Product Added"]
    clock.advance(timedelta(minutes=5))
    kit.order("u1", "o1", 10)
    kit.run()
    [leaf] = asking.explain("cart", kit.customer("u1"), clock.now()).leaves
    assert [step.state for step in leaf.steps] == ["met", "broken"]
    assert leaf.steps[1].fact is not None
    assert (leaf.steps[1].fact.name, leaf.steps[1].fact.at) == ("Order Completed", clock.now())


def test_the_explanation_of_a_forecast_shows_its_interval(kit: Kit, clock: SetClock) -> None:
    kit.track("u1", "Seen")
    kit.run()
    where = {"predicted": "value_365d", "at_least": 100, "confidence": 0.8}
    customer = kit.customer("u1")
    [leaf] = asking.explain_rule(where, customer, clock.now()).leaves
    assert leaf.forecast is not None
    assert leaf.forecast.words["en"] == "There is no forecast yet."
    predictions.put(clock.now(), [(customer, "value_365d", range(0, 210, 10))])
    [leaf] = asking.explain_rule(where, customer, clock.now()).leaves
    assert leaf.forecast is not None
    assert (leaf.holds, leaf.value, leaf.forecast.made_at) == (False, 100, clock.now())
    assert leaf.forecast.words["en"].startswith("Expected 100, 80% between 20 and 180; 50% likely to be so, 80% is")
    assert leaf.forecast.words["ko"] == "예상 100, 80% 구간 20~180. 조건에 맞을 확률 50%, 요구 확률 80%."


def test_the_explanation_of_one_who_is_not_in_it(kit: Kit, clock: SetClock) -> None:
    steps.save("lapsed", LAPSED, clock.now())
    kit.order("u1", "o1", 10)
    kit.run()
    said = asking.explain("lapsed", kit.customer("u1"), clock.now())
    assert (said.member, said.since, said.changes_at) == (False, None, clock.now() + timedelta(days=30) + MICRO)
    assert said.words["en"].startswith("Not in; enters at 2026-12-24")
    with pytest.raises(NotFound):
        asking.explain("nothing", kit.customer("u1"), clock.now())


def test_a_shop_without_segments_has_nothing_to_do(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    assert (live.refresh([kit.customer("u1")], clock.now()), live.wake(clock.now()), live.next_flip()) == (
        [],
        [],
        None,
    )
    Flip.objects.create(customer_id=1, at=clock.now())
    assert live.wake(clock.now()) == []
    assert live.next_flip() is None


def test_another_time_zone_moves_the_bounds_of_days(kit: Kit, shop: Shop, clock: SetClock) -> None:
    kit.track("u1", "A", at=datetime.fromisoformat("2026-11-20T20:00:00Z"))
    kit.run()
    steps.save("that-day", {"where": {"event": "A", "between": ["2026-11-21", "2026-11-21"]}}, clock.now())
    assert members("that-day") == [kit.customer("u1")], "it was the 21st in Seoul"
    Shop.objects.update(timezone="UTC")
    steps.recompute(clock.now())
    assert members("that-day") == []
