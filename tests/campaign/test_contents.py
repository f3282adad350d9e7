"""What a message consists of, by channel."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from dangol.campaign import contents
from dangol.campaign.shape import Reader


def _read(channel: str, given: dict[str, object]) -> tuple[dict[str, object], list[str]]:
    reader = Reader()
    message = contents.read(reader, channel, given, "/send")
    return message, [fault.path for fault in reader.faults]


def test_an_email_is_templates_by_language_with_a_survey_and_tracking() -> None:
    template = {"subject": "Hi", "html": "<p>Hi</p>"}
    message, faults = _read("email", {"templates": {"en": template}, "survey": "nps", "tracking": False})
    assert not faults
    assert message == {"templates": {"en": template}, "survey": "nps", "tracking": False}


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"templates": {}}, "/send/templates"),
        ({"templates": {"en": {"html": "x"}}}, "/send/templates/en/subject"),
        ({"templates": {"en": {"subject": "[광고] x", "html": "x"}}}, "/send/templates/en/subject"),
        ({"templates": {"en": {"subject": "x", "html": "x"}}, "survey": "A b"}, "/send/survey"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(given: dict[str, object], at: str) -> None:
    assert _read("email", given)[1] == [at]


def test_a_step_of_an_unknown_channel_may_say_what_any_channel_may() -> None:
    assert set(contents.fields("pigeon")) == {name for one in contents.channels() for name in contents.fields(one)}


GOOD: list[tuple[str, dict[str, object]]] = [
    ("sms", {"templates": {"ko": {"text": "새 옷"}}, "tracking": True}),
    ("kakao", {"alimtalk": "KA01", "variables": {"#{이름}": "{{ customer.name }}"}, "fallback": {"ko": {"text": "x"}}}),
    (
        "kakao",
        {"templates": {"ko": {"text": "가을", "button": "보기", "url": "https://shop.example/"}}, "targeting": "M"},
    ),
    ("webpush", {"templates": {"en": {"title": "Back"}}, "ttl": "12h", "urgency": "low", "replaces": "stock"}),
    ("onsite", {"form": "inline", "slot": "top", "templates": {"en": {"text": "Hi"}}, "times": 2, "rest": "1d"}),
    ("webhook", {"url": "https://erp.shop.example/hook", "type": "cart.reminder", "data": {"vip": "{{ 1 }}"}}),
    ("task", {"kind": "visit", "templates": {"en": {"title": "Call {{ customer.name }}"}}}),
]


@pytest.mark.parametrize(("channel", "given"), GOOD)
def test_what_each_channel_takes(channel: str, given: dict[str, object]) -> None:
    message, faults = _read(channel, given)
    assert not faults
    assert message
    assert set(given) <= set(contents.fields(channel))


@pytest.mark.parametrize(
    ("channel", "given", "at"),
    [
        ("sms", {"templates": {"ko": {}}}, "/send/templates/ko/text"),
        ("sms", {"templates": {"ko": {"text": "(광 고) x"}}}, "/send/templates/ko/text"),
        ("sms", {"templates": {"ko": {"text": "{% if %}"}}}, "/send/templates/ko/text"),
        ("kakao", {"alimtalk": "KA 01"}, "/send/alimtalk"),
        ("kakao", {"alimtalk": "KA01", "variables": {"name": "x"}}, "/send/variables"),
        ("kakao", {"alimtalk": "KA01", "targeting": "I"}, "/send/targeting"),
        ("kakao", {"templates": {"ko": {"text": "x"}}, "targeting": "X"}, "/send/targeting"),
        ("webpush", {"templates": {"en": {"title": "x"}}, "replaces": "a b"}, "/send/replaces"),
        ("webpush", {"templates": {"en": {"title": "x"}}, "urgency": "now"}, "/send/urgency"),
        ("onsite", {"form": "inline", "templates": {"en": {"text": "x"}}}, "/send/slot"),
        ("onsite", {"templates": {"en": {"text": "x"}}, "times": 0}, "/send/times"),
        ("webhook", {"url": "ftp://x"}, "/send/url"),
        ("webhook", {"url": "https://x.example/", "type": "a b"}, "/send/type"),
        ("task", {"kind": "dance", "templates": {"en": {"title": "x"}}}, "/send/kind"),
    ],
)
def test_what_no_channel_takes(channel: str, given: dict[str, object], at: str) -> None:
    assert _read(channel, given)[1] == [at]


def test_an_alimtalk_never_advertises_and_a_brand_message_always_does() -> None:
    assert contents.unfit({"alimtalk": "KA01"}, "marketing")
    assert contents.unfit({"templates": {}, "targeting": "I"}, "transactional")
    assert not contents.unfit({"alimtalk": "KA01"}, "transactional")
    assert not contents.unfit({"templates": {}}, "marketing")


def test_stored_pushes_keep_what_they_take_the_place_of() -> None:
    """The word for it was `topic` until topics became something that customers subscribe to."""
    renamed = import_module("dangol.campaign.migrations.0013_replaces").renamed
    texts = {"templates": {"en": {"title": "Back"}}}
    push, letter = {**texts, "topic": "stock"}, {**texts, "topic": "news"}
    steps = [
        {"key": "a", "send": {"channel": "webpush", **push}},
        {"key": "b", "send": {"reach": ["email", "webpush"], "email": letter, "webpush": push}},
        {"key": "c", "split": {"shares": [{"steps": [{"send": {"channel": "webpush", "variants": [push]}}]}]}},
        {"key": "d", "change": {"topic": "stock", "subscribed": True}},
        {"key": "e", "send": {"channel": "email", **letter}},
    ]
    told, before = (json.dumps(one) for one in (renamed({"steps": steps}), {"steps": steps}))
    was = '"templates": {"en": {"title": "Back"}}, "topic": "stock"'
    assert told == before.replace(was, was.replace("topic", "replaces"))
