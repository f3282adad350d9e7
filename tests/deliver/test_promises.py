"""Whatever happens in whatever order: at most one hand-over of marketing per key and one marketing message a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import channels, gate, handover, leasing, outcomes, records, rows, steps
from dangol.deliver.models import Delivery, Suppression
from dangol.profile.models import Consent, Profile
from tests.conftest import NOON
from tests.deliver.post import Crash, Recorder, customer, send

pytestmark = pytest.mark.django_db
CUSTOMERS = (1, 2)
KEYS = [(who, campaign, kind) for who in CUSTOMERS for campaign in "ab" for kind in ("marketing", "transactional")]

# Where the process may end: before and after each thing that a worker does to a delivery.
PLACES = [
    (leasing, "lease"),
    (handover, "_sift"),
    (handover, "_render"),
    (handover, "_begin"),
    (rows, "keep_links"),
    (handover, "_ours"),
    (gate, "decide"),
    (records, "record"),
    (records, "emit_all"),
]
ENDINGS = ["accepted", "deferred", "bounced", "soft", "unknown", "crash-before", "crash-after"]

EVENTS = st.one_of(
    st.tuples(st.just("plan"), st.sampled_from(KEYS)),
    st.tuples(st.just("work"), st.sampled_from(ENDINGS)),
    st.tuples(st.just("crash"), st.sampled_from(range(len(PLACES))), st.booleans()),
    st.tuples(st.just("recover")),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 60, 6 * 60, 24 * 60])),
    st.tuples(st.just("unsubscribe"), st.sampled_from(CUSTOMERS)),
)


class World:
    """One shop, its mail server, and what arrived there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for model in (Delivery, Suppression, Consent, Profile):
            model.objects.all().delete()
        self.clock = SetClock(NOON)
        self.wire = Recorder()
        self.handed: list[tuple[int, datetime]] = []
        self.monkeypatch = monkeypatch
        monkeypatch.setitem(channels.CHANNELS, "email", lambda settings: self.wire)
        self.unsubscribed: dict[int, int] = {}  # customer → how many hand-overs there were by then
        for number in CUSTOMERS:
            customer(number, NOON)

    def plan(self, key: tuple[int, str, str]) -> None:
        who, campaign, kind = key
        told = send(who, self.clock.now(), campaign=f"{campaign}-{kind[0]}", message_class=kind, expires_at=None)
        steps.plan([told], self.clock.now())

    def work(self, ending: str) -> None:
        def answer(delivery: Delivery, letter: object) -> outcomes.Outcome:
            if ending == "crash-before":
                raise Crash
            if ending in {"accepted", "unknown", "crash-after"}:
                self.handed.append((delivery.pk, self.clock.now()))
            if ending == "crash-after":
                raise Crash
            return {
                "accepted": outcomes.accepted("250 ok"),
                "deferred": outcomes.deferred("451 later"),
                "bounced": outcomes.of_reply("rcpt", 550, "5.1.1 gone"),
                "soft": outcomes.of_reply("end", 554, "5.7.1 spam"),
                "unknown": outcomes.unknown("lost"),
            }[ending]

        self.wire.answer = answer
        try:
            steps.work(self.clock, 10)
        except Crash:
            steps.recover(self.clock.now())

    def crash(self, place: int, after: bool) -> None:
        module, name = PLACES[place]
        whole = getattr(module, name)

        def broken(*given: object, **more: object) -> object:
            if after:
                whole(*given, **more)
            raise Crash

        with self.monkeypatch.context() as patch:
            patch.setattr(module, name, broken)
            self.work("accepted")
        steps.recover(self.clock.now())

    def recover(self) -> None:
        steps.recover(self.clock.now())

    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def unsubscribe(self, who: int) -> None:
        delivery = Delivery.objects.filter(customer_id=who).first()
        if delivery:
            steps.unsubscribe(delivery.pk, self.clock.now())
            self.unsubscribed.setdefault(who, len(self.handed))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.sampled_from(KEYS), min_size=3), st.lists(EVENTS, max_size=20))
def test_any_order_and_any_crash(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, first: set[tuple[int, str, str]], events: list[tuple]
) -> None:
    world = World(monkeypatch)
    for key in sorted(first):
        world.plan(key)
    for name, *arguments in events:
        getattr(world, name)(*arguments)
    for _ in range(8):  # and then everything that is still owed
        world.work("accepted")
        world.wait(12 * 60)
    check(world)


def check(world: World) -> None:
    rows = {row.pk: row for row in Delivery.objects.all()}
    assert len({(r.campaign, r.step, r.customer_id, r.trigger) for r in rows.values()}) == len(rows)
    days: dict[tuple[int, object], int] = defaultdict(int)
    for pk, times in Counter(pk for pk, _ in world.handed).items():
        assert times <= (1 if rows[pk].message_class == "marketing" else 2)
    for order, (pk, at) in enumerate(world.handed):
        row = rows[pk]
        if row.message_class == "marketing":
            local = at.astimezone(ZoneInfo("Asia/Seoul"))
            days[row.customer_id, local.date()] += 1
            assert 8 <= local.hour < 21
            assert order < world.unsubscribed.get(row.customer_id, len(world.handed))
    assert set(days.values()) <= {1}
    for row in rows.values():
        assert row.state not in {"leased", "attempting"}, "nothing is stuck"
        if row.state == "accepted":
            assert row.pk in {pk for pk, _ in world.handed}
