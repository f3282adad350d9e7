"""The page of whom a campaign helps: said in words, or refused in words."""

from __future__ import annotations

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.segment import steps as segment
from tests.harvest.test_whom import REGULARS, live_through
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db


def test_the_page_says_it_in_words(opened: Kit, console: Client, clock: SetClock) -> None:
    segment.save("regulars", REGULARS, clock.now())
    live_through()
    page = look(console, "/results/mail/whom?segment=regulars")
    assert "helps these more" in page
    assert "of the gain" in page
    assert "600 of 1,200 customers were in it when they entered" in page
    assert "cannot be told yet" in page
    assert "이 고객에게 더 효과적" in look(console, "/results/mail/whom", "ko")


def test_the_page_refuses_in_words(opened: Kit, console: Client) -> None:
    live_through(size=200)
    assert "Too few customers carry the answer: it needs 300" in look(console, "/results/mail/whom")
