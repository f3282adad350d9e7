"""The page of caps: what stands, what is set, what is refused where, and what other caps would have meant."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.deliver import contact
from dangol.deliver.models import Delivery
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db


def form(*caps: tuple[str, str, str], begins: str = "21:00", ends: str = "08:00", **more: str) -> dict[str, Any]:
    most, per, channel = (list(one) for one in zip(*caps, strict=True))
    return {"most": most, "per": per, "channel": channel, "begins": begins, "ends": ends, **more}


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_is_typed_is_set_and_shown(opened: Kit, console: Client) -> None:
    assert 'value="1"' in look(console, "/caps"), "one a day, until somebody says otherwise"
    told = form(("2", "day", "*"), ("3", "week", "sms"), ("", "day", "*"), begins="22:00", ends="07:30")
    assert console.post("/caps/save", told).status_code == 303
    assert contact.shown(contact.policy()) == {
        "caps": [{"most": 2, "per": "day", "channel": "*"}, {"most": 3, "per": "week", "channel": "sms"}],
        "quiet": {"from": "22:00", "to": "07:30"},
    }
    page = look(console, "/caps", "ko")
    assert 'value="3"' in page
    assert 'value="07:30"' in page
    assert console.post("/caps/save", form(("", "day", "*"), begins="", ends="")).status_code == 303
    assert contact.shown(contact.policy()) == {"caps": [], "quiet": None}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (form(("many", "day", "*")), "A whole number from 0 to 50"),
        (form(("51", "day", "*")), "A whole number from 0 to 50"),
        (form(("1", "year", "*")), "Per day or per week."),
        (form(("1", "day", "pigeon")), "One of the channels"),
        (form(("1", "day", "*"), ("2", "day", "*")), "There is a cap for this channel and period already"),
        (form(("1", "day", "*"), begins="25:00"), "Hours such as 21:00 and 08:00"),
        (form(("1", "day", "*"), ends=""), "Hours such as 21:00 and 08:00"),
        (form(("1", "day", "*"), begins="08:00"), "The quiet hours end when they begin."),
        (form(*[("1", "day", "*")] * 21), "At most 20 caps."),
    ],
)
def test_what_is_wrong_is_said_where_it_is_and_changes_nothing(
    opened: Kit, console: Client, told: dict[str, Any], said: str
) -> None:
    before = contact.policy()
    console.cookies["language"] = "en"
    answer = console.post("/caps/save", told)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert f'value="{told["most"][0]}"' in page, "what was typed is still there"
    assert contact.policy() == before


def test_a_fault_stands_at_its_own_line(opened: Kit, console: Client) -> None:
    console.cookies["language"] = "en"
    page = console.post("/caps/save", form(("", "day", "*"), ("1", "day", "*"), ("x", "week", "*"))).content.decode()
    assert 'id="cap-fault-3"' in page
    assert 'id="cap-fault-2"' not in page


def test_what_other_caps_would_have_meant(happened: Kit, clock: SetClock, console: Client) -> None:
    left = Delivery.objects.filter(message_class="marketing", state="accepted")
    console.cookies["language"] = "en"
    before = contact.policy()
    page = console.post("/caps/save", form(("0", "week", "email"), **{"try": "1"}))
    assert page.status_code == 200
    told = text_of(page.content.decode())
    assert f"{left.count()} of {left.count()} marketing messages would have waited" in told
    assert f"{left.count()} messages would have waited for this one" in told
    assert left.count() > 1
    assert contact.policy() == before, "asking changes nothing"
