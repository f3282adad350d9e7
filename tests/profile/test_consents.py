"""Consent as evidence: every word is kept, and the present is what the words add up to."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.collect.facts import OWN, Fact
from dangol.collect.files.steps import Choices, Place, import_file
from dangol.identity.models import Customer
from dangol.profile import consenting, consents
from dangol.profile.models import Consent, ConsentChange
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = datetime.fromisoformat("2026-11-24T03:00:00+00:00")


def fact(position: int, state: str, ago: int = 0, **more: Any) -> Fact:
    about = {"channel": "email", "state": state, **more.pop("properties", {})}
    known = {"message_id": f"m{position}", "source": "site", "user_id": "u"}
    return Fact(
        position, type="track", name="Consent Changed", at=NOW - ago * DAY, received_at=NOW, properties=about,
        **{**known, **more},
    )  # fmt: skip


def record(*facts: Fact, customer: int = 1, identifier: int | None = None) -> None:
    consents.record([(one, customer, identifier) for one in facts])


def state(customer: int = 1) -> str:
    return consents.states([customer], "email", "marketing").get(customer, "")


def test_every_change_is_kept_with_its_proof(shop: Shop) -> None:
    shown = consents.add_wording("email", "marketing", "en", "Yes, write to me ", NOW)
    told = {
        "wording": "Yes, write to me", "ip": "203.0.113.7", "form": "footer", "basis": "kr_existing_trade",
        "effective_until": "2027-05-24T00:00:00Z",
    }  # fmt: skip
    record(fact(1, "granted", 3, properties=told, context={"userAgent": "Browser/1", "ip": "10.0.0.1"}), identifier=9)
    record(fact(2, "withdrawn", 1))
    newest, first = consents.history(1)
    assert (newest.state, newest.position) == ("withdrawn", 2)
    assert (first.state, first.basis, first.identifier_id) == ("granted", "kr_existing_trade", 9)
    assert (first.ip, first.user_agent, first.wording_id) == ("203.0.113.7", "Browser/1", shown.pk)
    assert first.evidence == {"wording": "Yes, write to me", "form": "footer"}
    assert first.effective_until == datetime.fromisoformat("2027-05-24T00:00:00+00:00")
    assert state() == "withdrawn"


def test_a_wording_is_kept_once_and_a_new_text_is_the_next_version(shop: Shop) -> None:
    texts = ["Write to me", "Write to me", "Write to me monthly"]
    rows = [consents.add_wording("email", "marketing", "en", text, NOW) for text in texts]
    assert [row.version for row in rows] == [1, 1, 2]
    newest = consents.wording("email", "marketing", "ko")
    assert newest is not None and newest.text == "Write to me monthly", "better another language than none"
    assert consents.wording("sms", "marketing", "en") is None


def test_only_dangol_itself_can_say_that_it_saw_the_second_step(shop: Shop) -> None:
    record(fact(1, "granted", properties={"basis": "double_optin"}))
    assert Consent.objects.get().basis == "explicit"
    record(fact(2, "granted", properties={"basis": "double_optin"}, source=OWN))
    assert Consent.objects.get().basis == "double_optin"


@pytest.mark.parametrize("stands", ["granted", "denied", "withdrawn"])
def test_whoever_only_asks_to_be_asked_changes_nothing_that_stands(shop: Shop, stands: str) -> None:
    record(fact(1, stands, 2), fact(2, "pending", 1))
    assert state() == stands
    record(fact(3, "pending"), customer=2)
    assert state(2) == "pending"


def test_the_present_is_the_same_in_any_order_of_arrival(shop: Shop) -> None:
    told = [fact(1, "granted", 9), fact(2, "withdrawn", 5), fact(3, "granted", 3, imported=True), fact(4, "pending", 1)]
    for order in permutations(told):
        ConsentChange.objects.all().delete()
        Consent.objects.all().delete()
        for one in order:
            record(one)
        assert state() == "withdrawn"


Word = st.tuples(st.sampled_from(consenting.STATES), st.integers(0, 6), st.booleans())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(Word, max_size=8), cuts=st.lists(st.integers(0, 8), max_size=3))
def test_a_rebuild_gives_what_was_kept_step_by_step(shop: Shop, words: list[Any], cuts: list[int]) -> None:
    ConsentChange.objects.all().delete()
    Consent.objects.all().delete()
    facts = [fact(n, word, ago, imported=imported) for n, (word, ago, imported) in enumerate(words, 1)]
    edges = sorted({0, len(facts), *(cut for cut in cuts if cut < len(facts))})
    for start, end in pairwise(edges):
        record(*facts[start:end])
    before = list(Consent.objects.values_list("state", "at", "position"))
    consents.rebuild([1])
    assert list(Consent.objects.values_list("state", "at", "position")) == before
    plain = [f for f in sorted(facts, key=lambda f: (f.at, f.position)) if not f.imported]
    answers = [f for f in plain if f.properties["state"] != "pending"]
    if len(plain) == len(facts) and answers:
        assert before[0][0] == answers[-1].properties["state"], "the newest answer stands"


def test_at_a_merge_the_strictest_word_stands_until_a_newer_one(shop: Shop, clock: SetClock) -> None:
    Customer.objects.bulk_create([Customer(id=1, created_at=NOW), Customer(id=2, created_at=NOW, merged_into_id=1)])
    record(fact(1, "withdrawn", 7, properties={"form": "page"}), customer=2)
    record(fact(2, "granted", 1), customer=1)
    consents.merge(2, 1)
    assert state() == "withdrawn"
    assert Consent.objects.get().evidence["form"] == "page"
    record(fact(3, "denied", 3))
    assert state() == "withdrawn", "a word from before the merge comes late"
    record(fact(4, "granted", 0))
    assert state() == "granted"
    assert [row.position for row in consents.history(1) if row.absorbed_id is None] == [4, 2, 3, 1]


def test_a_merge_that_is_undone_leaves_two_customers_as_they_were(shop: Shop) -> None:
    Customer.objects.bulk_create([Customer(id=1, created_at=NOW), Customer(id=2, created_at=NOW)])
    record(fact(1, "withdrawn", 7), customer=2, identifier=22)
    record(fact(2, "granted", 1), customer=1, identifier=11)
    before = list(Consent.objects.order_by("customer_id").values_list("customer_id", "state", "at", "evidence"))
    Customer.objects.filter(pk=2).update(merged_into_id=1)
    consents.merge(2, 1)
    assert state() == "withdrawn"
    Customer.objects.filter(pk=2).update(merged_into_id=None)
    ConsentChange.objects.filter(customer_id=1, identifier_id__in=[22]).update(customer_id=2)
    consents.rebuild([1, 2])
    after = list(Consent.objects.order_by("customer_id").values_list("customer_id", "state", "at", "evidence"))
    assert after == before


def test_an_inner_merge_stands_where_the_outer_one_is_undone(shop: Shop) -> None:
    Customer.objects.bulk_create(Customer(id=one, created_at=NOW) for one in (1, 2, 3))
    record(fact(1, "withdrawn", 7), customer=3, identifier=33)
    record(fact(2, "granted", 3), customer=2, identifier=22)
    record(fact(3, "granted", 1), customer=1, identifier=11)
    Customer.objects.filter(pk=3).update(merged_into_id=2)
    consents.merge(3, 2)
    Customer.objects.filter(pk=2).update(merged_into_id=1)
    consents.merge(2, 1)
    assert state() == "withdrawn"
    Customer.objects.filter(pk=2).update(merged_into_id=None)
    ConsentChange.objects.filter(customer_id=1, identifier_id__in=[22, 33]).update(customer_id=2)
    consents.rebuild([1, 2])
    assert (state(1), state(2)) == ("granted", "withdrawn")


def test_through_the_loop_a_consent_keeps_the_identifier_it_came_with(kit: Kit) -> None:
    kit.identify("ann", {"email": "ann@example.com"})
    kit.consent("ann")
    kit.run()
    (change,) = consents.history(kit.customer("ann"))
    assert change.identifier_id is not None
    assert state(kit.customer("ann")) == "granted"


def test_an_imported_consent_keeps_where_the_list_comes_from(kit: Kit, tmp_path: Path) -> None:
    words = "Fair 2026: 'Yes, send me news'"
    shown = consents.add_wording("email", "marketing", "en", words, NOW)
    path = tmp_path / "fair.csv"
    path.write_text("email,accepts_marketing\nann@example.com,yes\n", encoding="utf-8")
    place = Place(log=kit.log, now=kit.clock.now(), zone=ZoneInfo("Asia/Seoul"), currency="KRW", rejects=tmp_path)
    import_file(path, "customers", place, choices=Choices(consent_source=words))
    kit.run()
    (change,) = ConsentChange.objects.all()
    assert (change.state, change.basis, change.imported, change.wording_id) == ("granted", "import", True, shown.pk)
    assert change.evidence == {"text": "fair.csv, column accepts_marketing: yes", "wording": words}
