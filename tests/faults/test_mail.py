"""Faults of mail servers, and what the ledger makes of them: the numbers are those of the fault matrix.

21 to 27, 29, 37 and 39 here; kill -9 (4 to 6) is in tests/deliver/test_crash.py and below, failures that come back (28)
in tests/deliver/test_returns.py, the clock (17, 18) in test_clock_jumps.py and tests/deliver/may_send.yaml,
refusals (29) in test_refusals.py, carriers of texts (31, 32) in test_providers.py, webhooks (33) in test_webhooks.py,
campaigns (30, 48 to 50) in test_campaigns.py.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.collect import steps as collect
from dangol.collect.log import open_log
from dangol.deliver import channels, steps
from dangol.deliver.channels.email import Smtp
from dangol.deliver.models import Act, Delivery, Suppression
from tests.conftest import NOON
from tests.deliver.conftest import wire
from tests.deliver.post import Recorder, customer, run, send
from tests.faults.mta import HANG_UP, Answers, Mta

__all__ = ["wire"]  # the fixture

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def mta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mta]:
    """The shop's mail server, over three connections."""
    server = Mta()
    url = f"smtp://127.0.0.1:{server.port}"
    monkeypatch.setitem(channels.CHANNELS, "email", lambda settings: Smtp(url, starttls=False, lanes=3))
    yield server
    server.close()


def plan(customers: range, clock: SetClock, **changes: object) -> None:
    for number in customers:
        customer(number, clock.now())
    steps.plan([send(number, clock.now(), **changes) for number in customers], clock.now())


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def once(server: Mta, customers: range) -> bool:
    return Counter(to for to, _ in server.got) == {f"c{number}@example.com": 1 for number in customers}


def only_for(to: str, stage: str, reply: str) -> Answers:
    return lambda at, who: reply if (at, who) == (stage, to) else ""


@pytest.mark.django_db
def test_21_greylisted_letters_come_a_little_later(shop: Shop, clock: SetClock, mta: Mta) -> None:
    mta.answers = lambda stage, to: "451 4.7.1 greylisted" if stage == "rcpt" else ""
    plan(range(1, 21), clock)
    run(clock)
    assert (states(), mta.got) == (Counter(deferred=20), [])
    mta.answers = lambda stage, to: ""
    clock.advance(4 * MINUTE)
    run(clock)
    assert not mta.got
    clock.advance(MINUTE)
    run(clock)
    assert (states(), once(mta, range(1, 21))) == (Counter(accepted=20), True)


@pytest.mark.django_db
@pytest.mark.parametrize("down", ["421", "nobody"])
def test_22_and_37_nothing_is_taken_for_hours(shop: Shop, clock: SetClock, mta: Mta, down: str) -> None:
    """A server that turns everybody away is asked now and then, not by every letter; nothing bounces."""
    customers = range(1, 61)
    mta.answers = lambda stage, to: ("421 4.3.2 too busy" if down == "421" else HANG_UP) if stage == "hello" else ""
    plan(customers, clock, message_class="transactional")
    for _ in range(12):
        run(clock)
        clock.advance(30 * MINUTE)
    assert set(states()) <= {"planned", "deferred"}
    assert mta.connections <= 12 * 3, "one attempt on each of three lanes, then nothing for a while"
    mta.answers = lambda stage, to: ""
    for _ in range(5):
        run(clock)
        clock.advance(HOUR)
    assert (states(), once(mta, customers)) == (Counter(accepted=60), True)


@pytest.mark.django_db
def test_23_nobody_lives_there(shop: Shop, clock: SetClock, mta: Mta) -> None:
    mta.answers = only_for("c2@example.com", "rcpt", "550 5.1.1 no such user")
    plan(range(1, 6), clock)
    run(clock)
    assert states() == {"accepted": 4, "bounced": 1}
    steps.plan([send(2, clock.now(), trigger="again", message_class="transactional")], clock.now())
    assert Delivery.objects.get(trigger="again").decision[-1]["rules"] == ["suppressed_hard_bounce"]


@pytest.mark.django_db
def test_24_a_full_mailbox_gets_a_rest_after_days(shop: Shop, clock: SetClock, mta: Mta) -> None:
    mta.answers = lambda stage, to: "552 5.2.2 mailbox full" if stage == "rcpt" else ""
    customer(1, clock.now())
    suppressed = []
    for day in range(5):
        steps.plan([send(1, clock.now(), trigger=f"day:{day}", message_class="transactional")], clock.now())
        run(clock)
        suppressed.append(list(Suppression.objects.values_list("reason", flat=True)))
        clock.advance(DAY)
    assert suppressed == [[], [], [], ["soft_bounce"], ["soft_bounce"]], "the third failure over 72 hours at the least"
    assert Suppression.objects.get().expires_at == NOON + 17 * DAY


@pytest.mark.django_db
def test_25_a_campaign_that_is_refused_for_its_content_is_paused(shop: Shop, clock: SetClock, mta: Mta) -> None:
    mta.answers = lambda stage, to: "554 5.7.1 this is spam" if stage == "end" else ""
    campaign.put("news", {"name": "News", "definition": NEWS}, clock.now())
    campaign.activate("news", clock.now())
    plan(range(1, 301), clock)
    run(clock)
    assert Campaign.objects.get().state == "paused"
    assert states()["bounced"] <= 100 + 50, "fifty are the sign, a window was under way"
    assert not Suppression.objects.exists()
    assert Act.objects.get().reason == "refused"


NEWS = {"entry": {"fact": "Asked"}, "steps": [{"key": "mail", "send": {
    "channel": "email", "class": "marketing", "templates": {"en": {"subject": "News", "html": "<p>News</p>"}},
}}]}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "copies", "state"), [("marketing", 1, "unknown"), ("transactional", 2, "unknown")])
def test_26_a_lost_answer(shop: Shop, clock: SetClock, mta: Mta, kind: str, copies: int, state: str) -> None:
    """The letter was taken and the answer lost: the letters beside it and behind it come to no harm."""
    mta.answers = only_for("c3@example.com", "end", HANG_UP)
    plan(range(1, 31), clock, message_class=kind)
    for _ in range(3):
        run(clock)
        clock.advance(10 * MINUTE)
    arrived = Counter(to for to, _ in mta.got)
    assert arrived.pop("c3@example.com") == copies
    assert set(arrived.values()) == {1}
    assert states() == {"accepted": 29, state: 1}
    assert len({letter.partition(b"Message-ID: ")[2].split(b"\r\n")[0] for to, letter in mta.got if "c3@" in to}) == 1


@pytest.mark.django_db
def test_27_a_late_answer_is_waited_for(shop: Shop, clock: SetClock, mta: Mta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes in the product, a second here: longer than any other reply may take."""
    monkeypatch.setattr("dangol.deliver.channels.smtp.PATIENCE", 0.3)
    monkeypatch.setattr("dangol.deliver.channels.smtp.LAST_PATIENCE", 5.0)

    def late(stage: str, to: str) -> str:
        if stage == "end":
            time.sleep(0.6)
        return ""

    mta.answers = late
    plan(range(1, 3), clock)
    run(clock)
    assert (states(), once(mta, range(1, 3))) == (Counter(accepted=2), True)


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_connection_that_breaks_early_costs_nobody_a_letter(
    shop: Shop, clock: SetClock, mta: Mta, stage: str
) -> None:
    broken = Counter[str]()

    def sometimes(at: str, to: str) -> str:
        broken[at] += 1
        return HANG_UP if at == stage and broken[at] % 7 == 3 else ""

    mta.answers = sometimes
    plan(range(1, 41), clock)
    for _ in range(4):
        run(clock)
        clock.advance(HOUR)
    assert (states(), once(mta, range(1, 41))) == (Counter(accepted=40), True)


@pytest.mark.django_db
def test_39_a_poisonous_template_fails_alone(shop: Shop, clock: SetClock, mta: Mta) -> None:
    bomb = "{% for a in (1..9999) %}{% for b in (1..9999) %}x{% endfor %}{% endfor %}"
    plan(range(1, 4), clock)
    customer(4, clock.now())
    message = {"templates": {"en": {"subject": "Bang", "html": f"<p>{bomb}</p>"}}}
    steps.plan([send(4, clock.now(), message=message)], clock.now())
    run(clock)
    assert (states(), once(mta, range(1, 4))) == (Counter(accepted=3, failed=1), True)


@pytest.mark.django_db
def test_8_a_worker_that_stood_still_writes_nothing_over_the_others(
    shop: Shop, clock: SetClock, wire: Recorder
) -> None:
    """It stops between two letters for longer than its lease; another one takes what was not begun."""
    plan(range(1, 4), clock)
    inner = Recorder()

    def stand_still(delivery: Delivery, letter: object) -> object:
        if not inner.arrived:
            clock.advance(2 * MINUTE)
            wire.answer = inner.answer
            inner.arrived.append((delivery.pk, "", "", ""))
            run(clock)
        return inner.answer(delivery, letter)

    wire.answer = stand_still  # type: ignore[assignment]
    run(clock)
    assert Counter(pk for pk, *_ in wire.arrived) == dict.fromkeys(Delivery.objects.values_list("pk", flat=True), 1)
    assert states() == {"accepted": 3}


@pytest.fixture
def noon(tmp_path: Path) -> Iterator[datetime]:
    """Now, in a shop where it is about noon; facts of its own go to a log of its own."""
    now = datetime.now(UTC)
    Shop.objects.create(name="Shop", timezone=f"Etc/GMT{now.hour - 12:+d}", sender_email="hello@shop.example")
    with open_log(tmp_path) as log:
        collect.use_log(log)
        yield now
        collect.use_log(None)


def slowly(stage: str, to: str) -> str:
    if stage == "rcpt":
        time.sleep(0.004)
    return ""


@pytest.mark.django_db(transaction=True)
def test_29_nothing_begins_after_an_unsubscription(noon: datetime, mta: Mta) -> None:
    """What was marked as attempting before is on its way; everything else is kept back at that instant."""
    mta.answers = slowly
    plan(range(1, 151), SetClock(noon - MINUTE))
    with working():
        gone = unsubscribe_some()
    arrived = Counter(to for to, _ in mta.got)
    assert set(arrived.values()) == {1}
    for delivery in Delivery.objects.filter(customer_id__in=gone):
        assert delivery.state == ("accepted" if arrived[f"c{delivery.customer_id}@example.com"] else "cancelled")
    begun = dict(mta.begun)
    assert not [who for who, at in gone.items() if begun.get(f"c{who}@example.com", 0.0) > at + 1], "a window later"


@pytest.mark.django_db(transaction=True)
def test_a_paused_campaign_hands_nothing_over_a_second_later(noon: datetime, mta: Mta) -> None:
    mta.answers = slowly
    campaign.put("news", {"name": "News", "definition": NEWS}, noon)
    campaign.activate("news", noon)
    plan(range(1, 401), SetClock(noon - MINUTE))
    with working():
        while len(mta.got) < 30:
            time.sleep(0.005)
        campaign.pause("news", datetime.now(UTC))
        paused = time.time()
    assert not [to for to, at in mta.begun if at > paused + 1]
    assert states()["planned"] > 100, "they wait"


@contextlib.contextmanager
def working() -> Iterator[None]:
    """A delivery worker beside the test, waited for at the end."""
    worker = threading.Thread(target=lambda: (run(SetClock(datetime.now(UTC))), connection.close()))
    worker.start()
    yield
    worker.join()


def unsubscribe_some() -> dict[int, float]:
    """Customers who unsubscribed while letters left, and when they had their answer (time.time())."""
    gone: dict[int, float] = {}
    for delivery in Delivery.objects.filter(customer_id__gt=100).order_by("-pk")[:20]:
        steps.unsubscribe(delivery.pk, datetime.now(UTC))
        gone[delivery.customer_id] = time.time()
    return gone
