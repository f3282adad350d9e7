"""The page of sending: what the DNS lacks, who is slowed, what the watch did, and what staff can say to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.deliver import autopilot, domain, vetting
from dangol.deliver.models import Act, Receiver
from dangol.privacy.models import Access
from dangol.web.screens import sending
from tests.deliver.test_vetting import UNSOUND
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db


def test_a_shop_without_a_server_is_told_so(opened: Kit, console: Client) -> None:
    page = look(console, "/sending")
    assert "letters stay in the outbox" in page
    assert "The DNS was not asked yet." in page
    assert "Send all the same" not in page, "nothing waits"


def test_what_is_missing_is_shown_to_paste_and_can_be_waived(
    opened: Kit, console: Client, clock: SetClock, settings: Any
) -> None:
    settings.DANGOL = replace(settings.DANGOL, smtp_url="smtp://mail.relay.example:587")
    assert "Marketing by e-mail waits until it was." in look(console, "/sending")
    vetting.ask(UNSOUND, clock.now())
    page = look(console, "/sending")
    assert "v=spf1 a:mail.relay.example ~all" in page
    assert "Marketing by e-mail waits until what is bad is mended." in page
    korean = look(console, "/sending", "ko")
    assert "나쁜 점이 고쳐질 때까지" in korean
    assert "레코드 없음" in korean
    assert console.post("/sending/waive").status_code == 303
    assert vetting.in_the_way() == ""
    assert "owner@shop.example said so" in look(console, "/sending")
    assert Access.objects.filter(what="unsound domain waived").exists()


def test_paused_marketing_goes_on_when_somebody_says_so(opened: Kit, console: Client, clock: SetClock) -> None:
    Act.objects.create(measure="marketing_paused", reason="complaints", share=0.004, at=clock.now())
    page = look(console, "/sending")
    assert "too many called the shop" in page
    assert "0.40 % called spam" in page
    assert console.post("/sending/resume").status_code == 303
    assert not autopilot.marketing_paused()
    assert "too many called the shop" not in look(console, "/sending")


def test_slowed_domains_are_listed(opened: Kit, console: Client, clock: SetClock, settings: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, smtp_url="smtp://mail.relay.example:587")
    Receiver.objects.create(domain="gmail.com", at=clock.now(), rate=60, answer="421 4.7.0")
    page = look(console, "/sending")
    assert "gmail.com" in page
    assert "60 letters a minute" in page


def test_every_finding_has_words_of_its_own() -> None:
    assert set(sending.FOUND) == set(domain.FOUND)
    for code, said in domain.FOUND.items():
        assert str(sending.FOUND[code]).count("{") == said.count("{"), "the same values are told"
