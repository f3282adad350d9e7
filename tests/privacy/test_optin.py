"""Double opt-in: one letter, one button, one consent with its proof."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from dangol.base.clock import SetClock
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.privacy import optin
from dangol.privacy.models import Confirmation
from dangol.privacy.optin import SignUp
from dangol.profile import consents
from dangol.profile.models import Consent, ConsentChange, Profile
from dangol.segment import asking as segment
from dangol.web import guard
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
EMAIL = "new.person@mail.example"


@pytest.fixture
def visitor(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(guard, "CLOCK", kit.clock)
    cache.clear()
    return Client(headers={"User-Agent": "Browser/1"})


def state(customer: int) -> str:
    return consents.states([customer], "email", "marketing").get(customer, "")


def link(message: OutboxMessage) -> str:
    found = re.search(r'href="http://127\.0\.0\.1:8000(/d/[^"]+)"', message.html)
    assert found, message.html
    return found[1]


def test_from_the_form_to_a_consent_with_proof(kit: Kit, visitor: Client, clock: SetClock) -> None:
    shown = consents.add_wording("email", "marketing", "en", "Write to me", clock.now())
    page = visitor.get("/f")
    assert "Write to me" in page.content.decode()
    told = {"email": f" {EMAIL.upper()} ", "wording": "Write to me", "page": "https://shop.example/footer"}
    assert visitor.post("/f", told).status_code == 200
    kit.run()
    customer = Profile.objects.get().customer_id
    assert state(customer) == "pending"
    (message,) = OutboxMessage.objects.all()
    assert (message.to, message.delivery.message_class) == (EMAIL, "transactional")
    assert "(광고)" not in message.subject
    path = link(message)
    clock.advance(timedelta(minutes=5))
    assert "Yes, write to me" in visitor.get(path).content.decode()
    kit.run()
    assert state(customer) == "pending", "a mail scanner looked"
    for _ in range(2):
        assert "from now on" in visitor.post(path).content.decode()
        kit.run()
    assert state(customer) == "granted"
    change = ConsentChange.objects.get(state="granted")
    assert (change.basis, change.ip, change.user_agent) == ("double_optin", "127.0.0.1", "Browser/1")
    assert change.wording_id == shown.pk
    assert change.evidence["asked"]["page"] == "https://shop.example/footer"
    assert segment.evaluate({"consent": "email"}, clock.now()) == [customer]


def test_an_address_gets_one_letter_a_day_whoever_asks(kit: Kit, visitor: Client, clock: SetClock) -> None:
    for n in range(25):
        assert visitor.post("/f", {"email": EMAIL}).status_code == 200
        if n % 5 == 0:
            kit.run()
    kit.run()
    assert OutboxMessage.objects.count() == 1
    clock.advance(timedelta(hours=24, seconds=1))
    visitor.post("/f", {"email": EMAIL})
    kit.run()
    assert OutboxMessage.objects.count() == 2


def test_the_answer_is_the_same_for_the_known_the_agreed_and_programs(kit: Kit, visitor: Client) -> None:
    kit.identify("c", {"email": "known@mail.example"})
    kit.identify("d", {"email": "agreed@mail.example"})
    kit.consent("d")
    kit.run()
    forms = [{"email": one} for one in ("known@mail.example", "agreed@mail.example", "new@mail.example")]
    pages = {visitor.post("/f", form).content for form in [*forms, {"email": EMAIL, "website": "http://spam.example"}]}
    assert len(pages) == 1
    kit.run()
    assert sorted(OutboxMessage.objects.values_list("to", flat=True)) == ["known@mail.example", "new@mail.example"]
    assert state(kit.customer("d")) == "granted", "a form that somebody filled in takes nothing back"
    assert not Profile.objects.filter(email=EMAIL).exists()


def test_what_is_no_address_is_told_so_and_many_are_slowed_down(kit: Kit, visitor: Client) -> None:
    for text in ("", "nobody", 'a"\r\nBcc: x@y.zz', "a@b"):
        assert visitor.post("/f", {"email": text}).status_code == 422
    answers = [visitor.post("/f", {"email": "nobody"}) for _ in range(40)]
    assert [answer.status_code for answer in answers].count(429) == 14
    assert answers[-1].headers["Retry-After"] == "600"
    kit.run()
    assert not Confirmation.objects.exists()


def test_a_letter_is_good_for_a_week_and_a_forged_link_for_nothing(kit: Kit, visitor: Client, clock: SetClock) -> None:
    optin.sign_up(SignUp(EMAIL, "ko", "w", "", "", ""), clock.now())
    kit.run()
    path = link(OutboxMessage.objects.get())
    assert visitor.post(path[:-2] + "AA").status_code == 404
    clock.advance(timedelta(days=7, seconds=1))
    assert "너무 오래" in visitor.post(path).content.decode()
    kit.run()
    assert Consent.objects.get().state == "pending"


def test_nobody_but_the_form_makes_us_write(kit: Kit) -> None:
    told = {"channel": "email", "purpose": "marketing", "state": "pending"}
    kit.track("x", "Consent Changed", told, context={"traits": {"email": EMAIL}})
    kit.run()
    assert not Delivery.objects.exists()


def test_who_had_withdrawn_agrees_again_by_the_button_only(kit: Kit, visitor: Client, clock: SetClock) -> None:
    kit.identify("c", {"email": EMAIL})
    kit.consent("c", "withdrawn")
    kit.run()
    clock.advance(timedelta(hours=1))
    visitor.post("/f", {"email": EMAIL})
    kit.run()
    assert state(kit.customer("c")) == "withdrawn"
    clock.advance(timedelta(hours=1))
    visitor.post(link(OutboxMessage.objects.get()))
    kit.run()
    assert state(kit.customer("c")) == "granted"
