"""The form for a store sale: from the counter to the customer's file."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.identity import steps as identity
from dangol.profile import steps as profile
from dangol.profile.models import Consent, Fact, Profile
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

FORM = {"receipt": "R-1", "channel": "store", "amount": "12,000", "who": "010-1234-5678", "token": "abc", "at": ""}


def test_a_sale_counts_like_one_on_the_web(opened: Kit, console: Client, clock: SetClock) -> None:
    answer = console.post("/sale/record", FORM | {"name": "김민지"})
    assert answer.headers["Location"] == "/sale"
    opened.run()
    customer = identity.find("phone", "+82 10-1234-5678")
    assert customer is not None
    found = Profile.objects.get(pk=customer)
    assert (found.orders, found.revenue, found.name) == (1, Decimal(12_000), "김민지")
    fact = next(one for one in profile.timeline(customer) if one.name == "Order Completed")
    assert '"channel":"store"' in fact.context
    assert (fact.source, fact.imported) == ("counter", False)
    assert "R-1" in console.get("/sale").content.decode(), "and says so"


def test_the_same_receipt_counts_once(opened: Kit, console: Client) -> None:
    for _ in range(2):
        console.post("/sale/record", FORM)
    page = console.get("/sale").content.decode()
    opened.run()
    assert "is in already" in page
    assert Profile.objects.get().orders == 1


def test_without_a_receipt_a_form_counts_once(opened: Kit, console: Client) -> None:
    token = console.get("/sale").context["page"].given["token"]
    for _ in range(2):
        console.post("/sale/record", FORM | {"receipt": "", "token": token})
    opened.run()
    assert Profile.objects.get().orders == 1
    assert console.get("/sale").context["page"].given["token"] != token


def test_nobody_known_is_nobodys_sale(opened: Kit, console: Client) -> None:
    console.post("/sale/record", FORM | {"who": ""})
    opened.run()
    assert opened.log.end() == 1
    assert not Profile.objects.exists()


def test_products_are_written_line_by_line(opened: Kit, console: Client) -> None:
    lines = {"product": ["Cup", "", "Bowl"], "quantity": ["2", "", ""], "price": ["4,500", "", "3000"]}
    console.post("/sale/record", {**FORM, "amount": "", "at": "2026-11-23T18:30", **lines})
    opened.run()
    assert Profile.objects.get().revenue == 12_000
    fact = Fact.objects.get(name="Order Completed")
    assert fact.at.isoformat() == "2026-11-23T09:30:00+00:00"
    assert '"name":"Bowl","quantity":1' in fact.properties


def test_staff_see_who_that_is_before_they_write(opened: Kit, console: Client) -> None:
    opened.identify("ann", {"email": "ann@example.com", "name": "이안나"})
    opened.run()
    assert "이안나" in console.get("/sale/find?who=ANN@example.com").content.decode()
    assert "a new customer" in console.get("/sale/find?who=010-9999-0000").content.decode()
    assert "no e-mail address" in console.get("/sale/find?who=ann@").content.decode()
    assert "for nobody" in console.get("/sale/find?who=").content.decode()
    console.post("/sale/record", FORM | {"who": "ann@example.com"})
    opened.run()
    assert Profile.objects.get(pk=opened.customer("ann")).orders == 1


def test_a_yes_at_the_counter_is_a_consent_with_its_words(opened: Kit, console: Client) -> None:
    console.post("/sale/record", FORM | {"consents": ["sms"], "wording": "소식을 보내 드려도 될까요?"})
    opened.run()
    consent = Consent.objects.get()
    assert (consent.channel, consent.state, consent.evidence["wording"]) == (
        "sms", "granted", "소식을 보내 드려도 될까요?",
    )  # fmt: skip
    assert consent.evidence["asked_by"] == "owner@shop.example"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": "twelve"}, "amount: found"),
        ({"amount": ""}, "amount: found 0"),
        ({"who": "ann@"}, "who: found"),
        ({"at": "yesterday"}, "at: found"),
        ({"at": "2027-01-01T00:00"}, "at: found"),
        ({"consents": ["email"], "who": ""}, "who: found nobody"),
        ({"consents": ["email"], "wording": " "}, "wording: found nothing"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    opened: Kit, console: Client, change: dict[str, object], said: str
) -> None:
    answer = console.post("/sale/record", {**FORM, "wording": "May we?", **change})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert 'value="R-1"' in page
    assert opened.log.end() == 0
