"""Lists kept by hand follow the customers who are on them through merges and their undoing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid
from dangol.identity import reads as identity
from dangol.profile import restrictions
from dangol.segment import asking, lists, steps
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def test_a_list_follows_merges_and_their_undoing(kit: Kit, clock: SetClock) -> None:
    kit.track("u1", "Seen")
    kit.track("u2", "Seen")
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    told = lists.change("vip", [f"{u2}", "userId:u2"], [], clock.now())
    assert (told.added, told.unknown) == (1, [])
    kit.run()
    assert lists.members("vip", clock.now()) == [u2]
    clock.advance(timedelta(hours=1))
    loop.join(u1, u2, clock.now())
    one = kit.customer("u1")
    assert lists.members("vip", clock.now()) == [one]
    assert lists.resolve([str(u1), str(u2)]) == {str(u1): one, str(u2): one}, "an old id names who they are now"
    [merge] = identity.merges()
    loop.part(merge.pk, clock.now())
    assert lists.members("vip", clock.now()) == [kit.customer("u2")]
    assert kit.customer("u2") != kit.customer("u1")


def test_who_is_put_on_and_taken_off_at_once_is_off(kit: Kit, clock: SetClock) -> None:
    kit.track("u1", "Seen")
    kit.run()
    told = lists.change("vip", ["userId:u1"], ["userId:u1"], clock.now())
    kit.run()
    assert (told.added, told.removed, lists.members("vip", clock.now())) == (0, 1, [])


def test_a_list_of_the_same_key_begins_empty(kit: Kit, clock: SetClock) -> None:
    """Also for who was restricted when the old one was removed, and for facts that the loop had not taken yet."""
    for user in ("u1", "u2", "u3"):
        kit.track(user, "Seen")
    kit.run()
    u1, u2, u3 = map(kit.customer, ("u1", "u2", "u3"))
    lists.change("vip", [f"{u1}", f"{u2}"], [], clock.now())
    kit.run()
    restrictions.restrict(u2, clock.now())
    lists.change("vip", [f"{u3}"], [], clock.now())
    lists.remove("vip", clock.now())
    restrictions.lift(u2)
    assert asking.evaluate({"list": "vip"}, clock.now()) == []
    lists.change("vip", [f"{u1}"], [], clock.now())
    kit.run()
    assert lists.members("vip", clock.now()) == [u1], "the facts of both lists are of the same instant"
    lists.change("vip", [], [f"{u1}"], clock.now() + timedelta(seconds=1))
    kit.run()
    assert lists.members("vip", clock.now() + timedelta(seconds=1)) == []


def test_a_segment_reads_the_list_that_is_there_now(kit: Kit, clock: SetClock) -> None:
    kit.track("u1", "Seen")
    kit.track("u2", "Seen")
    kit.run()
    lists.change("vip", ["userId:u1"], [], clock.now())
    kit.run()
    steps.save("vips", {"name": "V", "where": {"list": "vip"}}, clock.now())
    steps.archive("vips", clock.now())
    lists.remove("vip", clock.now())
    with pytest.raises(Invalid):
        steps.activate("vips", clock.now())
    lists.save("vip", "VIP", clock.now())
    steps.activate("vips", clock.now())
    assert asking.members("vips") == []
    lists.change("vip", ["userId:u2"], [], clock.now())
    kit.run()
    assert [one.customer_id for one in asking.members("vips")] == [kit.customer("u2")]


def test_who_fills_a_list_that_is_removed_meanwhile_is_told(kit: Kit, clock: SetClock) -> None:
    kit.track("u1", "Seen")
    kit.run()
    row = lists.save("vip", "VIP", clock.now())
    lists.remove("vip", clock.now())
    lists.save("vip", "VIP", clock.now())
    with pytest.raises(Conflict):
        lists._write(row, [kit.customer("u1")], clock.now(), member=True)
