"""Every channel and provider: outcomes are right, nothing goes out twice, reports are booked once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.base.money import Money
from dangol.deliver import channels, reads, reports, steps
from dangol.deliver.kinds.note import TaskMessage
from dangol.deliver.models import Delivery, Subscription
from dangol.deliver.subscriptions import key_of
from dangol.profile.models import Consent
from tests.deliver.contract.providers import AUTH, BUSY, DIALECTS, LOST, NOBODY, P256DH, SETTINGS, Dialect, Fake
from tests.deliver.post import customer, facts, run, send

pytestmark = pytest.mark.django_db
REPORTING = [name for name, dialect in DIALECTS.items() if dialect.reports]


@dataclass
class Bench:
    """A shop with one customer, one channel and a provider that is only pretended."""

    clock: SetClock
    dialect: Dialect
    fake: Fake

    def plan(self, message_class: str = "") -> None:
        now = self.clock.now()
        message_class = message_class or self.dialect.message_class
        sent = send(1, now, channel=self.dialect.channel, message=self.dialect.message, message_class=message_class)
        steps.plan([sent], now)
        run(self.clock)

    def later(self, by: timedelta) -> None:
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.advance(timedelta(hours=1))
            run(self.clock)

    def fact(self, what: str) -> str:
        return f"Email {what}" if self.dialect.channel == "email" else f"Message {what}"

    def hear(self, kind: str) -> int:
        assert self.dialect.reports
        headers, body, path = self.dialect.reports(kind, self.fake.calls[0][3])
        return reports.receive(self.dialect.provider, headers, body, path, self.clock.now()).status


@pytest.fixture
def bench(
    request: pytest.FixtureRequest, shop: Shop, clock: SetClock, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:  # fmt: skip
    dialect: Dialect = DIALECTS[request.param]
    settings.DANGOL = replace(settings.DANGOL, **SETTINGS, email_provider=dialect.provider)
    fake = Fake([dialect.accepts])
    monkeypatch.setitem(channels.CHANNELS, dialect.channel, lambda config: dialect.opens(config, fake))
    now = clock.now()
    customer(1, now, phone="+821012345678", name="Minji")
    agreed = {"state": "granted", "at": now - timedelta(days=9), "position": 2, "source": "site"}
    Consent.objects.get_or_create(customer_id=1, channel=dialect.channel, purpose="marketing", defaults=agreed)
    endpoint = "https://fcm.googleapis.com/fcm/send/abc"
    Subscription.objects.create(
        key=key_of(endpoint), endpoint=endpoint, p256dh=P256DH, auth=AUTH, customer_id=1, home=1, at=now
    )
    return Bench(clock, dialect, fake)


def every(names: object = tuple(DIALECTS)) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", names, indirect=True)


def state() -> str:
    return Delivery.objects.get().state


@every()
def test_what_is_taken_is_accepted_once_and_costs_what_the_list_says(bench: Bench) -> None:
    bench.plan()
    bench.later(timedelta(hours=3))
    row = Delivery.objects.get()
    assert (row.state, len(bench.fake.calls)) == ("accepted", 1), row.outcome
    assert (row.cost, row.currency) == (Decimal(bench.dialect.cost), "KRW")
    assert reads.costs("news") == [Money(Decimal(bench.dialect.cost), "KRW")]
    assert [fact["properties"]["channel"] for fact in facts("Message Sent")] == [bench.dialect.channel]


@every()
def test_what_is_refused_ends_and_is_not_tried_again(bench: Bench) -> None:
    bench.fake.answers = [bench.dialect.rejects]
    bench.plan()
    bench.later(timedelta(hours=6))
    assert (state(), len(bench.fake.calls)) == (bench.dialect.rejected, 1)
    assert not facts("Message Sent")
    assert Delivery.objects.get().cost is None


@every([name for name in DIALECTS if name != "solapi-alimtalk"])  # which never advertises: the gate sees to it
def test_marketing_whose_answer_is_lost_is_never_sent_twice(bench: Bench) -> None:
    bench.fake.answers = [LOST, bench.dialect.accepts]
    bench.plan("marketing")
    bench.later(timedelta(hours=6))
    if not bench.dialect.again:
        assert (state(), len(bench.fake.calls)) == ("unknown", 1)
        return
    ids = {call[2]["webhook-id"] for call in bench.fake.calls}
    assert (state(), len(bench.fake.calls), len(ids)) == ("accepted", 2, 1)


@every()
def test_a_transactional_message_whose_answer_is_lost_goes_once_more_at_most(bench: Bench) -> None:
    bench.fake.answers = [LOST]
    bench.plan("transactional")
    bench.later(timedelta(hours=1))
    assert len(bench.fake.calls) <= 2 or bench.dialect.again


@every()
def test_what_cannot_be_put_into_a_request_fails_and_nothing_leaves(bench: Bench) -> None:
    channel = channels.open_channel(bench.dialect.channel, django_settings.DANGOL)
    nonsense = TaskMessage(to="1", at=bench.clock.now(), kind="call", title="t", text="")
    assert channel.hand_over(Delivery(pk=1), nonsense).state == "failed"
    assert not bench.fake.calls


@every()
def test_where_nobody_answers_the_door_it_is_tried_later(bench: Bench) -> None:
    bench.fake.answers = [NOBODY, bench.dialect.accepts]
    bench.plan()
    assert state() == "deferred"
    bench.later(timedelta(hours=2))
    assert (state(), len(bench.fake.calls)) == ("accepted", 2)


@every()
def test_a_provider_that_asks_for_patience_gets_it(bench: Bench) -> None:
    bench.fake.answers = [BUSY, bench.dialect.accepts]
    began = bench.clock.now()
    bench.plan()
    assert (state(), Delivery.objects.get().due_at) == ("deferred", began + timedelta(hours=1))
    bench.later(timedelta(hours=2))
    assert (state(), len(bench.fake.calls)) == ("accepted", 2)


@every(REPORTING)
def test_a_report_counts_once_however_often_it_comes(bench: Bench) -> None:
    bench.plan()
    assert [bench.hear("delivered") for _ in range(3)] == [200, 200, 200]
    assert state() == "accepted"
    assert len(facts(bench.fact("Delivered"))) == 1


@every(REPORTING)
def test_a_failure_reported_before_or_after_stands(bench: Bench) -> None:
    bench.plan()
    bench.hear("bounced")
    bench.hear("delivered")
    bench.hear("bounced")
    assert state() == "bounced"
    assert (len(facts(bench.fact("Bounced"))), len(facts(bench.fact("Delivered")))) == (1, 0)


@every(REPORTING)
def test_a_report_on_a_lost_answer_makes_it_known_and_spares_the_repetition(bench: Bench) -> None:
    bench.fake.answers = [LOST, bench.dialect.accepts]
    bench.plan("transactional")
    bench.hear("delivered")
    bench.later(timedelta(hours=2))
    assert (state(), len(bench.fake.calls)) == ("accepted", 1)
    assert len(facts("Message Sent")) == len(facts(bench.fact("Delivered"))) == 1


@every(REPORTING)
def test_a_forged_report_changes_nothing(bench: Bench) -> None:
    assert bench.dialect.reports
    bench.plan()
    headers, body, path = bench.dialect.reports("bounced", bench.fake.calls[0][3])
    forged = dict.fromkeys(headers, "0" * 40)
    assert reports.receive(bench.dialect.provider, forged, body, path, bench.clock.now()).status == 401
    assert state() == "accepted"


@pytest.mark.parametrize("channel", sorted(channels.CHANNELS))
def test_without_a_provider_every_kind_stays_at_home(channel: str, shop: Shop, settings: Any) -> None:
    opened = channels.open_channel(channel, settings.DANGOL)
    assert opened.local
    opened.close()
