"""Faults around campaigns: refusals while one is planned (30), two tabs (48), slots missed (49), mail loops (50)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.campaign.entries import OUR_DOING
from dangol.campaign.models import Campaign, Wave
from dangol.campaign.parsing import parse
from dangol.collect import steps as collect
from dangol.deliver import marks, outcomes, returns, steps
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.deliver.outcomes import Outcome
from dangol.segment import steps as segments
from tests.campaign.ways import DAY, HOUR, begin, known, say
from tests.deliver.conftest import wire
from tests.deliver.post import Recorder
from tests.shopkit import Kit
from tests.web.api.conftest import Program, program, still

__all__ = ["program", "still", "wire"]  # fixtures

NEWS = {"key": "news", "send": {
    "channel": "email", "class": "marketing", "templates": {"en": {"subject": "News", "html": "<p>News</p>"}},
}}  # fmt: skip


def everybody(clock: SetClock) -> None:
    segments.save("all", {"name": "All", "where": {"trait": "email", "exists": True}}, clock.now())


# --- 30: refusals while a campaign is planned -------------------------------------------------------------------------


@pytest.mark.django_db
def test_30_whoever_refuses_while_a_broadcast_is_planned_gets_nothing(
    kit: Kit, clock: SetClock, wire: Recorder, seed: int
) -> None:
    """Planning goes on in small turns, letters leave in small parts, and customers refuse in between."""
    chance = random.Random(seed)
    everybody(clock)
    users = [f"u{number}" for number in range(60)]
    known(kit, *users)
    for user in users:
        kit.consent(user)
    kit.run()
    begin(clock, {"broadcast": "2026-11-24T15:00", "segment": "all"}, NEWS)
    clock.advance(3 * HOUR)
    refused: set[int] = set()
    quiet = 0
    while quiet < 3:
        done = loop.turn_once(kit.log, clock, at_once=5) + steps.work(clock, chance.randint(1, 4))
        quiet = 0 if done else quiet + 1
        waiting = [user for user in users if kit.customer(user) not in {*arrived(wire), *refused}]
        if waiting and len(refused) < 25:
            user = chance.choice(waiting)
            refuse(kit, user, clock, by_link=chance.random() < 0.5)
            refused.add(kit.customer(user))
    everyone = {kit.customer(user) for user in users}
    assert arrived(wire) == dict.fromkeys(everyone - refused, 1)
    assert len(refused) > 5, "there was something to see"
    assert set(Delivery.objects.filter(customer_id__in=refused).values_list("state", flat=True)) <= {"cancelled"}


def arrived(wire: Recorder) -> Counter[int]:
    homes = dict(Delivery.objects.values_list("pk", "customer_id"))
    return Counter(homes[pk] for pk, *_ in wire.arrived)


def refuse(kit: Kit, user: str, clock: SetClock, *, by_link: bool) -> None:
    """By a letter's link where one is planned, else by a word on consent, which counts once the loop has read it."""
    planned = Delivery.objects.filter(customer_id=kit.customer(user)).first()
    if by_link and planned:
        steps.unsubscribe(planned.pk, clock.now())
        return
    kit.consent(user, "withdrawn")
    collect.flush(kit.log)
    told = collect.end()
    while collect.position() < told:
        loop.turn_once(kit.log, clock, at_once=5)


# --- 48: two tabs -----------------------------------------------------------------------------------------------------


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    def alone(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(alone, calls))


def shape(name: str) -> dict[str, Any]:
    return {"name": name, "definition": {"entry": {"segment": "all"}, "include_existing": True, "steps": [say("hi")]}}


@pytest.mark.django_db(transaction=True)
def test_48_of_two_who_change_one_campaign_the_second_is_told(kit: Kit, program: Program, clock: SetClock) -> None:
    everybody(clock)
    assert program.put("/api/campaigns/mine", shape("First")).status == 200
    names = [f"Tab {number}" for number in range(6)]
    answers = at_once([
        lambda name=name: Program(program.secret).put("/api/campaigns/mine?version=1", shape(name)) for name in names
    ])  # fmt: skip
    assert sorted(answer.status for answer in answers) == [200, *[409] * 5]
    (winner,) = (name for name, answer in zip(names, answers, strict=True) if answer.status == 200)
    row = Campaign.objects.get()
    assert (row.version, row.name) == (2, winner)


@pytest.mark.django_db(transaction=True)
def test_48_activated_twice_it_begins_once(kit: Kit, program: Program, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann", "bob")
    assert program.put("/api/campaigns/mine", shape("Mine")).status == 200
    key = {"Idempotency-Key": "one"}
    answers = at_once([
        *[lambda: Program(program.secret).post("/api/campaigns/mine/activate") for _ in range(4)],
        *[lambda: Program(program.secret).post("/api/campaigns/mine/activate", **key) for _ in range(2)],
    ])  # fmt: skip
    assert {answer.status for answer in answers} <= {200, 409}, "409: the first with this key is under way"
    assert [answer.status for answer in answers[:4]] == [200] * 4
    kit.run()
    assert Wave.objects.count() == 1
    assert Counter(Delivery.objects.values_list("customer_id", "state")) == {
        (kit.customer("ann"), "accepted"): 1, (kit.customer("bob"), "accepted"): 1,
    }  # fmt: skip


# --- 49: a stop over slots --------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("step", [say("daily"), NEWS])
def test_49_of_slots_that_passed_while_nothing_ran_the_last_one_is_made_good(
    kit: Kit, clock: SetClock, step: dict[str, Any]
) -> None:
    everybody(clock)
    known(kit, "ann")
    kit.consent("ann")
    kit.run()
    begin(clock, {"schedule": "FREQ=DAILY", "start": "2026-11-01T11:00", "segment": "all"}, step)
    kit.pass_time(DAY, HOUR)
    assert Delivery.objects.count() == 1
    clock.advance(3 * DAY)
    kit.run()
    assert Delivery.objects.count() == 2, "three passed, the last is sent"
    kit.pass_time(2 * DAY, HOUR)
    assert Delivery.objects.filter(state="accepted").count() == 4, "and it goes on as before"


@pytest.mark.django_db
def test_49_what_waited_for_a_worker_too_long_is_marked_as_expired(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann")
    step = say("daily")
    step["send"]["keeps"] = "20h"
    begin(clock, {"schedule": "FREQ=DAILY", "start": "2026-11-01T11:00", "segment": "all"}, step)
    for _ in range(3):
        clock.advance(DAY)
        loop.settle(kit.log, clock)
    assert Delivery.objects.filter(state="planned").count() == 3
    kit.run()
    states = list(Delivery.objects.order_by("due_at").values_list("state", flat=True))
    assert states == ["expired", "expired", "accepted"]
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_49_advertising_that_waited_does_not_arrive_all_at_once(kit: Kit, clock: SetClock) -> None:
    everybody(clock)
    known(kit, "ann")
    kit.consent("ann")
    kit.run()
    begin(clock, {"schedule": "FREQ=DAILY", "start": "2026-11-01T11:00", "segment": "all"}, NEWS)
    for _ in range(3):
        clock.advance(DAY)
        loop.settle(kit.log, clock)
    kit.run()
    assert OutboxMessage.objects.count() == 1, "one a day"


# --- 50: mail loops ---------------------------------------------------------------------------------------------------


def reply(to: int, number: int, **more: str) -> bytes:
    """A mail of the customer's, to the address that failures and answers of this letter go to."""
    made = marks.return_path(replace(settings.DANGOL, bounce_address="bounces@shop.example"))
    assert made
    mail = EmailMessage()
    given = {"From": "ann@example.com", "To": made(to), "Subject": "Re: hi", "Message-ID": f"<{number}@example.com>"}
    for name, value in (given | more).items():
        mail[name.replace("_", "-")] = value
    mail.set_content("I am away until Monday.")
    return mail.as_bytes()


@pytest.fixture
def answering(kit: Kit, clock: SetClock, wire: Recorder) -> list[bytes]:
    """A shop that answers every mail by a campaign, and has answered one that Ann wrote herself; what has left."""
    left: list[bytes] = []

    def keep(delivery: Delivery, letter: Letter) -> Outcome:
        left.append(letter.as_bytes())
        return outcomes.accepted("250 ok")

    wire.answer = keep
    known(kit, "ann")
    begin(clock, {"fact": "Seen"}, say("hi"), key="first")
    begin(clock, {"fact": "Message Received"}, say("thanks"), key="answers")
    kit.track("ann", "Seen")
    kit.run()
    assert returns.take(reply(wire.arrived[-1][0], 0), clock.now()) == ["replied"]
    kit.run()
    assert len(left) == 2
    return left


@pytest.mark.django_db
@pytest.mark.parametrize(
    "mark",
    [
        {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated"}, {"Precedence": "vacation"},
        {"Precedence": "bulk"}, {"X_Autoreply": "yes"},
    ],
)  # fmt: skip
def test_50_what_a_program_answers_is_never_answered(
    kit: Kit, clock: SetClock, wire: Recorder, answering: list[bytes], mark: dict[str, str]
) -> None:
    for number in range(1, 21):
        assert returns.take(reply(wire.arrived[-1][0], number, **mark), clock.now()) == []
        kit.run()
    assert len(answering) == 2


@pytest.mark.django_db
def test_50_two_shops_that_answer_every_mail_write_to_each_other_once(
    kit: Kit, clock: SetClock, wire: Recorder, answering: list[bytes]
) -> None:
    """What the other shop sends is what this one sends: its letter, from Ann's address."""
    theirs = answering[-1].replace(b"hello@shop.example", b"ann@example.com")
    heard = reply(wire.arrived[-1][0], 1).partition(b"\nTo: ")[2].partition(b"\n")[0]
    heard = b"Delivered-To: " + heard + b"\r\n" + theirs
    assert returns.take(heard, clock.now()) == []
    kit.run()
    assert len(answering) == 2
    unmarked = heard.replace(b"Auto-Submitted: auto-generated\r\n", b"")
    assert returns.take(unmarked, clock.now()) == ["replied"], "it is the mark that tells"


@pytest.mark.django_db
def test_50_a_letter_asks_programs_not_to_answer_it(kit: Kit, clock: SetClock) -> None:
    known(kit, "ann")
    begin(clock, {"fact": "Seen"}, say("hi"))
    kit.track("ann", "Seen")
    kit.run()
    headers = OutboxMessage.objects.get().headers
    assert (headers["Auto-Submitted"], headers["X-Auto-Response-Suppress"]) == ("auto-generated", "OOF, AutoReply")


@pytest.mark.parametrize("name", sorted(OUR_DOING))
def test_50_what_a_letter_causes_starts_no_letter(name: str) -> None:
    with pytest.raises(Invalid):
        parse({"entry": {"fact": name}, "steps": [say("hi")]})
