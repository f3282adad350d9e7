"""Correction, restriction, objection, a word on consent: ordinary facts, and a line in the log of accesses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dangol.base.errors import Invalid, NotFound
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.deliver.models import Delivery
from dangol.identity.models import Customer
from dangol.privacy import audit, rights
from dangol.privacy.audit import Actor
from dangol.privacy.models import Access, Restriction
from dangol.profile import consents, restrictions
from dangol.profile import topics as words
from dangol.profile.models import Fact, Profile
from dangol.segment import asking, topics
from dangol.segment import steps as segment
from dangol.segment.models import Member
from tests.privacy.test_erasure import LETTER
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
ANN = Actor("ann@staff.example", "192.0.2.7")


@pytest.fixture
def customer(kit: Kit) -> int:
    kit.identify("c", {"email": "c@mail.example", "city": "Busan", "age": 30})
    kit.consent("c")
    kit.run()
    return kit.customer("c")


def test_a_correction_is_a_fact_with_its_actor(kit: Kit, customer: int) -> None:
    rights.correct(customer, {"city": "Seoul", "age": None}, kit.clock.now(), ANN, "on the telephone")
    kit.run()
    assert Profile.objects.get(pk=customer).traits == {"email": "c@mail.example", "city": "Seoul"}
    fact = Fact.objects.get(customer_id=customer, type="identify", source="dangol")
    assert '"actor":"ann@staff.example"' in fact.context
    line = Access.objects.get(what="correction")
    assert (line.who, line.ip, line.customer_id, line.reason) == (ANN.name, ANN.ip, customer, "on the telephone")
    assert line.detail == {"traits": ["age", "city"]}, "the values are in the fact, which can be erased"


@pytest.mark.parametrize("traits", [{}, {" ": 1}, {"x" * 201: 1}, {str(n): n for n in range(101)}])
def test_a_correction_without_sense_is_refused(kit: Kit, customer: int, traits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        rights.correct(customer, traits, kit.clock.now(), ANN)
    assert not Access.objects.exists()


def test_an_objection_ends_marketing_on_every_channel(kit: Kit, customer: int) -> None:
    kit.consent("c", channel="kakao")
    kit.run()
    kit.clock.advance(timedelta(seconds=1))
    assert rights.object_to_marketing(customer, kit.clock.now(), ANN) == ["email", "kakao", "sms"]
    kit.run()
    for channel in ("email", "kakao", "sms"):
        assert consents.states([customer], channel, "marketing") == {customer: "withdrawn"}


def test_what_was_said_to_the_staff_needs_its_proof(kit: Kit, customer: int) -> None:
    kit.clock.advance(timedelta(seconds=1))
    with pytest.raises(Invalid):
        rights.say(customer, "sms", "marketing", "granted", kit.clock.now(), ANN)
    with pytest.raises(Invalid):
        rights.say(customer, "pigeon", "marketing", "granted", kit.clock.now(), ANN, evidence="x")
    with pytest.raises(Invalid):
        rights.say(customer, "sms", "marketing", "pending", kit.clock.now(), ANN, evidence="x")
    rights.say(customer, "email", "marketing", "withdrawn", kit.clock.now(), ANN, evidence="called on Monday")
    kit.run()
    newest = consents.history(customer)[0]
    assert (newest.state, newest.evidence) == ("withdrawn", {"text": "called on Monday", "agent": ANN.name})
    assert Access.objects.get().detail["before"] == "granted"


def test_a_restricted_customer_is_kept_and_not_used(kit: Kit, customer: int) -> None:
    now = kit.clock.now()
    segment.save("everybody", {"key": "everybody", "name": "All", "where": {"trait": "city", "is": "Busan"}}, now)
    campaign.put("thanks-at-once", {"name": "Thanks", "definition": LETTER}, now)
    campaign.activate("thanks-at-once", now)
    kit.run()
    assert Member.objects.filter(customer_id=customer).exists()
    assert rights.restrict(customer, now, ANN, "asked by letter")
    assert not rights.restrict(customer, now, ANN)
    assert not Member.objects.filter(customer_id=customer).exists()
    kit.order("c", "o1", 10)
    kit.run()
    assert not Run.objects.filter(customer_id=customer).exists()
    assert customer not in asking.evaluate({"trait": "city", "is": "Busan"}, now)
    assert Fact.objects.filter(customer_id=customer, name="Order Completed").exists(), "kept"
    assert rights.lift(customer, now, ANN)
    assert not rights.lift(customer, now, ANN)
    assert Member.objects.filter(customer_id=customer).exists()
    assert Restriction.objects.get().until == now
    kit.order("c", "o2", 10)
    kit.run()
    assert Run.objects.filter(customer_id=customer).count() == 1


def test_a_message_that_waits_is_stopped_at_the_gate(kit: Kit, customer: int) -> None:
    now = kit.clock.now()
    waits = {**LETTER, "steps": [{**step, "wait": "1h"} for step in LETTER["steps"]]}
    campaign.put("later", {"name": "Later", "definition": waits}, now)
    campaign.activate("later", now)
    kit.order("c", "o1", 10)
    kit.run()
    rights.restrict(customer, now, ANN)
    kit.pass_time(timedelta(hours=2))
    delivery = Delivery.objects.get(customer_id=customer)
    assert (delivery.state, delivery.decision[-1]["rules"]) == ("cancelled", ["restricted"])


def test_a_restriction_goes_along_with_a_merge_and_back(kit: Kit, customer: int) -> None:
    other = Customer.objects.create(created_at=kit.clock.now())
    rights.restrict(customer, kit.clock.now(), ANN)
    Customer.objects.filter(pk=customer).update(merged_into=other)
    assert restrictions.restricted() == {other.pk}
    Customer.objects.filter(pk=customer).update(merged_into=None)
    assert restrictions.restricted() == {customer}


def test_nobody_has_this_id(kit: Kit) -> None:
    for do in (rights.restrict, rights.lift, rights.object_to_marketing):
        with pytest.raises(NotFound):
            do(99, kit.clock.now(), ANN)


# --- the log of accesses --------------------------------------------------------------------------------------------


def noted(count: int, kit: Kit) -> None:
    for n in range(count):
        audit.note(ANN, "export", kit.clock.now(), customer=n, reason="r", detail={"b": 1, "a": [n, "한"]})


def test_the_log_of_accesses_is_a_chain(kit: Kit) -> None:
    assert audit.verify().lines == 0
    noted(5, kit)
    found = audit.verify()
    assert (found.lines, found.broken_at, found.last) == (5, None, audit.lines(1)[0].hash)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: Access.objects.filter(pk=line.pk).update(who="somebody else"),
        lambda line: Access.objects.filter(pk=line.pk).update(detail={"a": 1}),
        lambda line: Access.objects.filter(pk=line.pk).update(customer_id=None),
        lambda line: line.delete(),
        lambda line: Access.objects.filter(pk=line.pk).update(hash="0" * 64),
    ],
)
def test_a_change_is_found(kit: Kit, change: Any) -> None:
    noted(5, kit)
    change(Access.objects.order_by("pk")[2])
    assert audit.verify().broken_at is not None


def test_a_line_that_was_made_to_fit_breaks_the_next(kit: Kit) -> None:
    noted(5, kit)
    line = Access.objects.order_by("pk")[2]
    line.who = "somebody else"
    line.hash = audit.hash_of(line)
    line.save()
    found = audit.verify()
    assert (found.lines, found.why) == (3, "a line before it was removed or put in")


def test_what_was_said_of_a_topic_is_a_fact_with_who_wrote_it_down(kit: Kit, customer: int) -> None:
    topics.save("news", {"name": {"en": "News"}, "kind": "opt_out"}, kit.clock.now())
    for wrong in (("none", "on the telephone", "/topic"), ("news", " ", "/reason")):
        key, reason, at = wrong
        with pytest.raises(Invalid) as refused:
            rights.say_of_topic(customer, key, False, kit.clock.now(), ANN, reason)
        assert [fault.path for fault in refused.value.faults] == [at]
    rights.say_of_topic(customer, "news", False, kit.clock.now(), ANN, "on the telephone")
    [stands] = words.standing(customer)
    assert (stands.subscribed, stands.said_at) == (False, kit.clock.now())
    kit.run()
    told = msgspec.json.decode(Fact.objects.get(name="Topic Changed").properties)
    assert (told["form"], told["agent"], told["text"]) == ("staff", ANN.name, "on the telephone")
    line = Access.objects.get(what="topic")
    assert (line.reason, line.detail) == ("on the telephone", {"topic": "news", "before": True, "after": False})
