"""The console's privacy page, and the page of one customer's rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dangol.base.clock import SetClock
from dangol.privacy import notices, requests, retention
from dangol.privacy.models import Access, Erasure, Request
from dangol.privacy.steps import Actor
from dangol.profile import consents, restrictions
from dangol.profile.models import ConsentWording, Profile
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db


def press(client: Client, route: str, *args: object, **fields: str) -> Any:
    answer = client.post(reverse(route, args=args), fields, follow=True)
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_pages_stand_in_an_empty_shop_and_in_a_full_one(
    happened: Kit, console: Client, clock: SetClock, language: str
) -> None:
    look(console, reverse("privacy"), language)
    customer = happened.customer("u1")
    requests.receive(requests.Asked("erasure", customer), clock.now() - timedelta(days=20), Actor("x@y.zz"))
    page = look(console, reverse("privacy"), language)
    assert {"en": "overdue since", "ko": "기한 지남"}[language] in page
    assert {"en": "the chain is whole", "ko": "온전합니다"}[language] in page
    page = look(console, reverse("rights", args=[customer]), language)
    assert {"en": "Every word on consent", "ko": "동의에 관한 모든 기록"}[language] in page
    assert reverse("rights", args=[customer]) in look(console, reverse("customer", args=[customer]), language)


def test_a_request_is_entered_and_answered(happened: Kit, console: Client, clock: SetClock) -> None:
    press(console, "request-new", kind="access", customer="u1@example.com", proof="ID", received_on="2026-11-20")
    row = Request.objects.get()
    assert (row.customer_id, row.proof, row.law) == (happened.customer("u1"), "ID", "KR")
    page = press(console, "request-answer", row.pk, state="refused").content.decode()
    assert "flash-error" in page
    press(console, "request-answer", row.pk, state="done", answer="handed over")
    row.refresh_from_db()
    assert (row.state, row.answered_by) == ("done", "owner@shop.example")
    assert "flash-error" in press(console, "request-new", kind="applause").content.decode()
    assert "flash-error" in press(console, "request-new", kind="access", received_on="2030-01-01").content.decode()


def test_periods_and_wordings(happened: Kit, console: Client) -> None:
    press(console, "retention", "tasks", days="60")
    press(console, "retention", "visitors", days="")
    assert "flash-error" in press(console, "retention", "tasks", days="x").content.decode()
    assert "flash-error" in press(console, "retention", "accesses", days="1").content.decode()
    told = {one.kind.key: one.keep_days for one in retention.periods()}
    assert (told["tasks"], told["visitors"], told["accesses"]) == (60, None, 731)
    press(console, "wording-new", channel="email", language="en", text="Write to me")
    assert "flash-error" in press(console, "wording-new", channel="email", language="en", text="").content.decode()
    assert ConsentWording.objects.get().version == 1


def test_notices_and_what_the_shop_decides(happened: Kit, console: Client, clock: SetClock) -> None:
    row = notices.waiting(1)[0]
    press(console, "notice-told", row.pk)
    row.refresh_from_db()
    assert row.sent_at == clock.now()
    press(console, "privacy-policy", notices="on", silence="stop")
    assert (notices.policy().notices, notices.policy().silence) == (True, "stop")
    press(console, "privacy-policy")
    assert (notices.policy().notices, notices.policy().silence) == (False, "keep")
    assert list(Access.objects.values_list("what", flat=True).order_by("pk")) == ["notice", "settings", "settings"]


def test_rights_of_one_customer(happened: Kit, console: Client, clock: SetClock) -> None:
    customer = happened.customer("u1")
    press(console, "rights-correct", customer, name="city", value="Seoul")
    press(console, "rights-correct", customer, name="name", value="")
    press(console, "rights-restrict", customer, reason="letter")
    happened.run()
    assert Profile.objects.get(pk=customer).traits["city"] == "Seoul"
    assert "name" not in Profile.objects.get(pk=customer).traits
    assert restrictions.restricted() == {customer}
    press(console, "rights-restrict", customer, lift="1")
    assert restrictions.restricted() == set()
    press(console, "rights-say", customer, channel="sms", state="denied", evidence="on the telephone")
    press(console, "rights-object", customer)
    happened.run()
    assert consents.states([customer], "email", "marketing") == {customer: "withdrawn"}
    assert "flash-error" in press(console, "rights-say", customer, channel="sms", state="denied").content.decode()


def test_a_copy_is_a_file_and_needs_a_reason(happened: Kit, console: Client) -> None:
    path = reverse("rights-copy", args=[happened.customer("u1")])
    assert console.post(path, {"reason": " "}).status_code == 303
    page = console.post(path, {"reason": "asked", "format": "html"})
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert "u1@example.com" in page.content.decode()
    assert "u2@example.com" not in page.content.decode()
    assert console.post(path, {"reason": "asked", "format": "json"}).json()["profile"][0]["email"] == "u1@example.com"
    assert list(Access.objects.values_list("what", "who")) == [("export", "owner@shop.example")] * 2


@pytest.mark.django_db(transaction=True)
def test_erasure_needs_the_number_and_a_reason(happened: Kit, console: Client, settings: Any, tmp_path: Path) -> None:
    settings.DANGOL = replace(settings.DANGOL, data=str(tmp_path))
    customer = happened.customer("u1")
    press(console, "rights-forget", customer, number="1000", reason="asked")
    press(console, "rights-forget", customer, number=str(customer), reason="")
    assert not Erasure.objects.exists()
    press(console, "rights-forget", customer, number=f"#{customer}", reason="asked")
    assert Erasure.objects.get().by == "owner@shop.example"
    assert console.get(reverse("rights", args=[customer])).status_code == 404
    assert console.get(reverse("customer", args=[customer])).status_code == 404
