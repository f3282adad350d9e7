"""Sign-up forms of the shop's own: what somebody fills in counts once the owner of the address has confirmed it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid, NotFound
from dangol.deliver.models import OutboxMessage
from dangol.privacy import forms
from dangol.profile import consents
from dangol.profile import topics as words
from dangol.profile.models import ConsentChange, Fact, Profile
from dangol.segment import topics
from dangol.web import guard
from tests.privacy.test_optin import link, state
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
EMAIL = "new.person@mail.example"
SHAPE: dict[str, Any] = {
    "title": {"en": "Our letters", "ko": "우리 편지"},
    "fields": [{"trait": "name", "label": {"en": "Your name"}, "required": True}, {"trait": "city", "label": {}}],
    "topics": ["news", "sales"],
    "thanks": {"en": "Good to have you here."},
}


@pytest.fixture
def visitor(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(guard, "CLOCK", kit.clock)
    cache.clear()
    for key in ("news", "sales", "secret"):
        topics.save(key, {"name": {"en": key.title(), "ko": f"{key} 소식"}}, clock.now())
    forms.save("footer", SHAPE, clock.now())
    return Client(headers={"User-Agent": "Browser/1"})


def test_from_the_shops_form_to_facts_with_proof(kit: Kit, visitor: Client, clock: SetClock) -> None:
    shown = consents.add_wording("email", "marketing", "en", "Write to me", clock.now())
    page = visitor.get("/f/footer").content.decode()
    assert all(text in page for text in ("Our letters", "Your name", "News", "Write to me"))
    assert "checked" not in page, "nothing is ticked beforehand"
    told = {"email": EMAIL, "name": " Ann ", "city": "", "colour": "red", "topic": ["news", "secret"]}
    assert visitor.post("/f/footer", told).status_code == 200
    kit.run()
    customer = Profile.objects.get().customer_id
    assert (state(customer), Profile.objects.get().traits.get("name")) == ("pending", None), "anybody may have done it"
    assert words.subscribed([customer], ["news"]) == {(customer, "news"): False}
    clock.advance(timedelta(minutes=5))
    path = link(OutboxMessage.objects.get())
    visitor.get(path)
    kit.run()
    assert state(customer) == "pending"
    for _ in range(2):
        assert "Good to have you here." in visitor.post(path).content.decode()
        kit.run()
    assert state(customer) == "granted"
    assert ConsentChange.objects.get(state="granted").wording_id == shown.pk
    assert ConsentChange.objects.get(state="granted").evidence["asked"]["form"] == "footer"
    traits = Profile.objects.get().traits
    assert (traits["name"], "colour" in traits, "city" in traits) == ("Ann", False, False)
    assert words.subscribed([customer], ["news", "secret"]) == {(customer, "news"): True, (customer, "secret"): False}
    said = json.loads(Fact.objects.get(name="Topic Changed").properties)
    assert (said["form"], said["user_agent"]) == ("sign-up", "Browser/1")


def test_who_agreed_already_may_ask_for_a_topic(kit: Kit, visitor: Client, clock: SetClock) -> None:
    kit.identify("c", {"email": EMAIL, "name": "Cem"})
    kit.consent("c")
    kit.run()
    pages = {
        visitor.post("/f/footer", {"email": one, "name": "x", "topic": "sales"}).content for one in (EMAIL, "o@x.yz")
    }
    assert len(pages) == 1, "the same is said to everybody"
    kit.run()
    customer = kit.customer("c")
    assert (words.subscribed([customer], ["sales"])[customer, "sales"], Profile.objects.get(pk=customer).name) == (
        False, "Cem",
    )  # fmt: skip
    visitor.post(link(OutboxMessage.objects.get(to=EMAIL)))
    kit.run()
    assert words.subscribed([customer], ["sales"])[customer, "sales"]


def test_what_is_missing_is_told_and_what_was_typed_stays(kit: Kit, visitor: Client) -> None:
    refused = visitor.post("/f/footer", {"email": EMAIL, "city": "Busan", "topic": "news"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert 'value="Busan"' in page
    assert re.search(r'value="news" checked', page)
    assert visitor.post("/f/footer", {"email": "nobody", "name": "x"}).status_code == 422
    assert visitor.post("/f/footer", {"email": EMAIL, "name": "x", "website": "spam"}).status_code == 200
    kit.run()
    assert not Profile.objects.exists()
    answers = [visitor.post("/f/footer", {"email": "nobody", "name": "x"}).status_code for _ in range(40)]
    assert answers[-1] == 429


def test_the_address_says_the_language(visitor: Client) -> None:
    page = visitor.get("/f/footer?lang=ko").content.decode()
    assert "우리 편지" in page
    assert "news 소식" in page
    assert "Our letters" in visitor.get("/f/footer?lang=xx").content.decode()


def test_an_archived_form_takes_nobody_in(visitor: Client, clock: SetClock) -> None:
    forms.archive("footer", clock.now())
    assert visitor.get("/f/footer").status_code == 404
    assert visitor.post("/f/footer", {"email": EMAIL, "name": "x"}).status_code == 404
    with pytest.raises(NotFound, match="there are none"):
        forms.archive("footer", clock.now())


@pytest.mark.parametrize(
    ("key", "changed", "paths"),
    [
        ("No key", {}, ["/key"]),
        ("x", {"colour": 1}, ["/colour"]),
        ("x", {"title": "Letters"}, ["/title"]),
        ("x", {"thanks": {"english": "x"}}, ["/thanks/english"]),
        ("x", {"topics": ["news", "none"]}, ["/topics/1"]),
        ("x", {"topics": "news"}, ["/topics"]),
        ("x", {"fields": {}}, ["/fields"]),
        ("x", {"fields": [1]}, ["/fields/0"]),
        ("x", {"fields": [{"trait": "email"}, {"trait": "phone"}, {"trait": "topic"}]},
         ["/fields/0/trait", "/fields/1/trait", "/fields/2/trait"]),
        ("x", {"fields": [{"trait": "city"}, {"trait": "city"}]}, ["/fields/1/trait"]),
        ("x", {"fields": [{"trait": "a b", "required": 1, "more": 1}]},
         ["/fields/0/more", "/fields/0/trait", "/fields/0/required"]),
    ],
)  # fmt: skip
def test_faults_of_a_form_have_their_places(
    visitor: Client, clock: SetClock, key: str, changed: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        forms.save(key, changed, clock.now())
    assert [fault.path for fault in refused.value.faults] == paths
    assert [row.key for row in forms.everything()] == ["footer"]
