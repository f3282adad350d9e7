"""The shop's contact policy, and the message that goes first under it."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from dangol.base.errors import Invalid
from dangol.campaign import messages
from dangol.campaign.shape import Reader
from dangol.deliver import contact
from dangol.deliver.caps import DAY, ONE_A_DAY, WEEK, Cap

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_shop_that_set_nothing_sends_one_a_day_and_keeps_the_night() -> None:
    assert contact.policy() == contact.Policy(ONE_A_DAY, (time(21), time(8)))


def test_what_is_set_is_told_as_it_was_set_and_the_rest_stays() -> None:
    caps = [{"most": 2, "per": "day", "channel": "*"}, {"most": 1, "per": "week", "channel": "sms"}]
    contact.put({"caps": caps}, NOW)
    contact.put({"quiet": None}, NOW)
    assert contact.shown(contact.policy()) == {"caps": caps, "quiet": None}
    assert contact.policy().caps == (Cap(2, DAY), Cap(1, WEEK, "sms"))


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"cap": []}, ["/cap"]),
        ({"caps": {}}, ["/caps"]),
        ({"caps": [1]}, ["/caps/0"]),
        ({"caps": [{"most": True}]}, ["/caps/0/most"]),
        ({"caps": [{"most": 51, "per": "month", "channel": "fax", "x": 1}]},
         ["/caps/0/most", "/caps/0/per", "/caps/0/channel", "/caps/0/x"]),
        ({"caps": [{"most": 1}, {"most": 2}]}, ["/caps/1"]),
        ({"quiet": {"from": "24:00", "to": "08:00"}}, ["/quiet/from"]),
        ({"quiet": {"from": "08:00", "to": "08:00"}}, ["/quiet/to"]),
        ({"quiet": "night"}, ["/quiet"]),
    ],
)  # fmt: skip
def test_every_fault_is_told_and_nothing_is_set(given: dict[str, object], paths: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        contact.put(given, NOW)
    assert [fault.path for fault in refused.value.faults] == paths
    assert contact.policy() == contact.Policy()


def test_a_step_says_how_important_its_message_is() -> None:
    said = {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}
    read = Reader()
    found = messages.message(read, said | {"priority": 5, "outranked": "drop"}, "")
    assert (read.faults, found.messages["email"]["priority"], found.messages["email"]["outranked"]) == ([], 5, "drop")
    wrong = Reader()
    messages.message(wrong, said | {"priority": 101, "outranked": "perhaps"}, "")
    assert [fault.path for fault in wrong.faults] == ["/priority", "/outranked"]
