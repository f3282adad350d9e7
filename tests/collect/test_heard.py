"""What was heard of each source, day by day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.collect import heard, steps
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def test_facts_are_counted_by_the_shops_days(kit: Kit, clock: SetClock, shop: Shop) -> None:
    clock.set(clock.now().replace(hour=14, minute=30))  # 23:30 in Seoul
    kit.track("a", "Seen")
    kit.send({"type": "track", "event": "Seen", "userId": "b"}, source="app")
    kit.run()
    kit.pass_time(timedelta(hours=1))
    for n in range(3):
        kit.track(f"c{n}", "Seen")
        kit.run()
    pulse = heard.pulse("site", clock.now(), shop.zone)
    assert [count for _, count in pulse.days] == [0] * 12 + [1, 3]
    assert (pulse.total, pulse.newest_at, pulse.quiet(clock.now())) == (4, clock.now(), None)
    assert heard.pulse("app", clock.now(), shop.zone).total == 1


def test_a_source_that_falls_silent_is_noticed(kit: Kit, clock: SetClock, shop: Shop) -> None:
    assert heard.pulse("site", clock.now(), shop.zone).quiet(clock.now()) is None, "it never spoke"
    kit.track("a", "Seen")
    kit.run()
    for days, silent in ((2, None), (3, timedelta(days=3)), (40, timedelta(days=40))):
        later = clock.now() + timedelta(days=days)
        assert heard.pulse("site", later, shop.zone).quiet(later) == silent
    assert heard.pulse("site", later, shop.zone).total == 0


def test_a_turn_that_fails_counts_nothing(
    kit: Kit, clock: SetClock, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.track("a", "Seen")
    with monkeypatch.context() as broken:
        broken.setattr(steps, "advance", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kit.run()
    assert heard.pulse("site", clock.now(), shop.zone).total == 0
    kit.run()
    assert heard.pulse("site", clock.now(), shop.zone).total == 1
