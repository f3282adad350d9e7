"""Drafts, archives, computing in the background beside the live path, and sizes day by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.campaign.models import Campaign
from dangol.profile.models import Fact
from dangol.segment import active, asking, computing, everybody, live, reads, steps
from dangol.segment.models import Computation, Day, Flip, Member, Segment, Touched
from tests.shopkit import Kit

BUYERS = {"where": {"event": "Order Completed"}}
RECENT = {"where": {"event": "Order Completed", "within": "30d"}}
VIEWERS = {"where": {"event": "Seen"}}


def members(key: str) -> list[int]:
    return [row.customer_id for row in asking.members(key)]


def told() -> list[tuple[str, int]]:
    rows = Fact.objects.filter(name__in=("Segment Entered", "Segment Left")).order_by("position")
    return [(row.name.split()[1], row.customer_id) for row in rows]


def during(monkeypatch: pytest.MonkeyPatch, what: Callable[[], Any]) -> None:
    """Let something happen while a computation has read everything and has written nothing."""
    plain = everybody.judge

    def judged(plan: Any, t: int, columns: Any) -> Any:
        found = list(plain(plan, t, columns))
        monkeypatch.setattr(everybody, "judge", plain)
        what()
        return iter(found)

    monkeypatch.setattr(everybody, "judge", judged)


def test_a_draft_has_no_members_until_it_is_activated(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    saved = steps.save("buyers", {**BUYERS, "state": "draft"}, clock.now())
    assert (saved.state, reads.size("buyers"), reads.active()) == ("draft", 0, [])
    with pytest.raises(Invalid, match="active segment"):
        steps.save("others", {"where": {"segment": "buyers"}}, clock.now())
    assert steps.save("buyers", RECENT, clock.now()).state == "draft", "an edited draft stays one"
    assert steps.activate("buyers", clock.now()).state == "active"
    assert members("buyers") == [kit.customer("u1")]
    assert steps.save("buyers", {**BUYERS, "state": "draft"}, clock.now()).state == "draft"
    assert not Member.objects.exists()


def test_an_archived_segment_comes_back_as_it_was(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("buyers", BUYERS, clock.now())
    steps.archive("buyers", clock.now())
    assert [row.key for row in reads.listed("archived")] == ["buyers"]
    with pytest.raises(NotFound):
        steps.archive("buyers", clock.now())
    back = steps.activate("buyers", clock.now())
    assert (back.rule, members("buyers")) == (BUYERS["where"], [kit.customer("u1")])


@pytest.mark.parametrize("away", ["archive", "draft"])
def test_members_of_a_large_segment_are_taken_away_in_parts(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    for n in range(3):
        kit.order(f"u{n}", f"o{n}", 10)
    kit.run()
    steps.save("buyers", BUYERS, clock.now())
    monkeypatch.setattr(steps, "SMALL", 0)
    if away == "archive":
        steps.archive("buyers", clock.now())
    else:
        steps.save("buyers", {**BUYERS, "state": "draft"}, clock.now())
    assert (Member.objects.count(), reads.size("buyers")) == (3, 0)
    assert asking.keys_of(list(Member.objects.values_list("customer_id", flat=True))) == {}
    assert reads.history("buyers", 1, clock.now())[-1].size == 0
    assert computing.sweep(2)
    assert Member.objects.count() == 1
    steps.activate("buyers", clock.now(), wait=True)
    assert (len(members("buyers")), Member.objects.count()) == (3, 3)


def test_a_segment_that_a_campaign_stands_on_stays_at_work(kit: Kit, clock: SetClock) -> None:
    steps.save("buyers", BUYERS, clock.now())
    definition = {"entry": {"segment": "buyers"}}
    Campaign.objects.create(key="thanks", name="x", state="active", definition=definition, created_at=clock.now())
    with pytest.raises(Conflict, match="used by campaign thanks"):
        steps.archive("buyers", clock.now())
    with pytest.raises(Conflict, match="used by campaign thanks"):
        steps.save("buyers", {**BUYERS, "state": "draft"}, clock.now())
    assert active.get("buyers").state == "active"
    Campaign.objects.update(state="archived")
    steps.archive("buyers", clock.now())


def test_a_large_shop_answers_at_once_and_keeps_the_old_members_until_the_new_are_whole(
    kit: Kit, clock: SetClock
) -> None:
    kit.order("u1", "o1", 10)
    kit.track("u2", "Seen")
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    began = clock.now()
    steps.save("chosen", BUYERS, began)
    steps.save("rest", {"where": {"segment": "chosen", "is": False}}, began)
    clock.advance(timedelta(days=1))
    saved = steps.save("chosen", VIEWERS, clock.now(), wait=False)
    assert (saved.rule, saved.version) == (VIEWERS["where"], 2)
    computation = reads.computation("chosen")
    assert computation is not None
    assert (computation.state, computation.done, computation.of) == ("queued", 0, 2)
    assert reads.computation("rest") is not None, "what refers to it is computed with it"
    assert (members("chosen"), members("rest")) == ([u1], [u2])
    assert active.get("chosen").rule == BUYERS["where"]
    computing.work(clock.now)
    assert (members("chosen"), members("rest"), reads.computation("chosen")) == ([u2], [u1], None)
    assert list(Computation.objects.order_by("pk").values_list("state", flat=True))[-1] == "done"
    assert Computation.objects.count() == 1, "of those before nothing is left to say"
    assert not Segment.objects.exclude(state="active").exists()
    assert set(Member.objects.values_list("segment__key", flat=True)) == {"chosen", "rest"}
    kit.run()
    assert told() == []


def test_who_stays_in_an_edited_segment_has_been_in_it_since_before(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    began = clock.now()
    steps.save("buyers", BUYERS, began)
    clock.advance(timedelta(days=1))
    steps.save("buyers", RECENT, clock.now())
    assert Member.objects.get().since == began


def test_facts_that_arrive_during_a_computation_are_not_lost_to_what_it_read_before(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.track("u1", "Seen")
    kit.track("u2", "Seen")
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    steps.save("quiet", {"where": {"event": "Order Completed", "count": 0}}, clock.now())
    began = clock.now()
    clock.advance(timedelta(hours=1))
    saw: list[list[int]] = []

    def happens() -> None:
        kit.order("u1", "o1", 10)
        kit.run()
        saw.append(members("quiet"))

    during(monkeypatch, happens)
    steps.save("quiet", {"where": {"none": [{"event": "Order Completed"}, {"event": "Gone"}]}}, clock.now())
    assert saw == [[u2]], "the version before is live meanwhile"
    assert members("quiet") == [u2]
    assert told() == [("Left", u1)], "of the version before, and nothing of the one that was not whole"
    assert Member.objects.get().since == began
    assert not Touched.objects.exists()


def test_a_flip_during_a_computation_counts_for_both_versions(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("recent", RECENT, clock.now())
    end = clock.now() + timedelta(days=40)

    def happens() -> None:
        clock.set(end)
        kit.run()

    during(monkeypatch, happens)
    steps.save("recent", {"where": {"event": "Order Completed", "within": "35d"}}, clock.now())
    assert members("recent") == []
    kit.run()
    assert told() == [("Left", kit.customer("u1"))]
    assert not Flip.objects.exists()


def test_a_customer_who_becomes_part_of_another_during_a_computation_does_not_come_back(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.send({"type": "track", "anonymousId": "x", "event": "Seen"})
    kit.track("u1", "Other")
    kit.run()

    def happens() -> None:
        kit.send({"type": "identify", "anonymousId": "x", "userId": "u1", "traits": {}})
        kit.run()

    during(monkeypatch, happens)
    steps.save("viewers", VIEWERS, clock.now())
    assert members("viewers") == [kit.customer("u1")]
    assert set(Member.objects.values_list("customer_id", flat=True)) == {kit.customer("u1")}


def test_a_second_edit_supersedes_the_first_while_it_is_computed(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.order("u1", "o1", 10)
    kit.track("u2", "Seen")
    kit.run()
    during(monkeypatch, lambda: steps.save("chosen", VIEWERS, clock.now(), wait=False))
    steps.save("chosen", BUYERS, clock.now(), wait=False)
    steps.save("others", BUYERS, clock.now(), wait=False)
    computing.work(clock.now)
    assert (members("chosen"), members("others")) == ([kit.customer("u2")], [kit.customer("u1")])
    assert active.get("chosen").version == 2
    assert Segment.objects.count() == 2


def test_a_restart_goes_on_behind_the_last_customer_written(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        kit.order(f"u{n}", f"o{n}", 10)
    kit.run()
    steps.save("buyers", BUYERS, clock.now(), wait=False)
    monkeypatch.setattr(computing, "AT_ONCE", 2)
    written: list[int] = []
    plain = computing.writing.write

    def write(part: Any, *rest: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(part.high)
        plain(part, *rest)

    monkeypatch.setattr(computing.writing, "write", write)
    with pytest.raises(KeyboardInterrupt):
        computing.work(clock.now)
    first = list(written)
    assert members_of_all() == 4
    assert not computing.go_on(clock.now), "whoever was at it may still be"
    clock.advance(timedelta(minutes=2))
    written.clear()
    computing.work(clock.now)
    assert min(written) > max(first)
    assert len(members("buyers")) == 6


def members_of_all() -> int:
    return Member.objects.count()


def test_a_failure_is_said_and_the_old_version_stays(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("buyers", BUYERS, clock.now())

    def fails() -> None:
        raise ArithmeticError("no number")

    during(monkeypatch, fails)
    steps.save("buyers", VIEWERS, clock.now())
    found = reads.computation("buyers")
    assert found is not None
    assert (found.state, found.error) == ("failed", "ArithmeticError: no number")
    assert (members("buyers"), active.newest("buyers").rule) == ([kit.customer("u1")], VIEWERS["where"])
    kit.order("u2", "o2", 10)
    kit.run()
    assert len(members("buyers")) == 2, "and live"
    steps.save("buyers", VIEWERS, clock.now())
    assert (members("buyers"), reads.computation("buyers")) == ([], None)


def test_a_segment_that_is_being_computed_may_be_archived(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("new", BUYERS, clock.now(), wait=False)
    steps.archive("new", clock.now())
    computing.work(clock.now)
    assert (reads.active(), Segment.objects.get().state, Member.objects.count()) == ([], "archived", 0)


def test_sizes_go_by_the_shops_days_and_agree_with_the_facts(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    steps.save("recent", RECENT, clock.now())
    clock.advance(timedelta(days=2))
    kit.order("u2", "o2", 10)
    kit.track("u3", "Order Completed", {"order_id": "o3"}, imported=True)
    kit.run()
    clock.advance(timedelta(days=31))
    kit.run()
    sizes = {one.on: (one.size, one.entered, one.left) for one in reads.history("recent", 40, clock.now())}
    assert len(sizes) == 40
    assert sizes[date(2026, 11, 23)] == (0, 0, 0)
    assert sizes[date(2026, 11, 24)] == (1, 0, 0), "the first members are there without a word"
    assert sizes[date(2026, 11, 26)] == (3, 1, 0)
    assert sizes[date(2026, 12, 24)] == (2, 0, 1)
    assert sizes[date(2026, 12, 26)] == (0, 0, 2)
    days = Day.objects.filter(key="recent")
    entered, left = sum(day.entered for day in days), sum(day.gone for day in days)
    assert [name for name, _ in told()].count("Entered") == entered == 1
    assert [name for name, _ in told()].count("Left") == left == 3


def test_sizes_follow_archives_merges_and_erasures(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.order("u2", "o2", 10)
    kit.run()
    steps.save("buyers", BUYERS, clock.now())
    clock.advance(timedelta(days=1))
    loop.join(kit.customer("u1"), kit.customer("u2"), clock.now())
    clock.advance(timedelta(days=1))
    live.forget([kit.customer("u1")], clock.now())
    clock.advance(timedelta(days=1))
    steps.save("buyers", VIEWERS, clock.now())
    steps.archive("buyers", clock.now())
    assert [one.size for one in reads.history("buyers", 5, clock.now())] == [0, 2, 1, 0, 0]


def test_a_version_that_failed_waits_and_does_not_stop_the_others(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.order("u1", "o1", 10)
    kit.run()

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("an engine's limit")

    with monkeypatch.context() as patched:
        patched.setattr(computing, "_compute", broken)
        steps.save("odd", {"where": {"event": "A", "count": 0}}, clock.now())
    assert reads.computation("odd").error == "ValueError: an engine's limit"
    steps.save("buyers", BUYERS, clock.now())
    assert members("buyers") == [kit.customer("u1")]
    assert reads.computation("odd").state == "failed", "and why is still there to be read"
    steps.save("odd", {"where": {"event": "A", "count": 0}}, clock.now())
    assert members("odd") == [kit.customer("u1")]


def test_imported_facts_tell_nobody_also_where_a_flip_was_due(kit: Kit, clock: SetClock) -> None:
    """Time may have come for the same customer: what the import changed is told to nobody all the same."""
    kit.track("u1", "Visited")
    kit.run()
    steps.save("buyer", BUYERS, clock.now())
    steps.save("visited", {"where": {"event": "Visited", "within": "1h"}}, clock.now())
    clock.advance(timedelta(hours=2))
    order = {"type": "track", "userId": "u1", "event": "Order Completed", "properties": {"order_id": "1"}}
    kit.send({**order, "timestamp": (clock.now() - timedelta(days=3)).isoformat()}, imported=True)
    kit.run()
    told = [f.properties for f in Fact.objects.filter(name="Segment Entered")]
    assert not any("buyer" in one for one in told)
    assert members("buyer") == [kit.customer("u1")]
    assert members("visited") == []
