"""Every play and every first segment is right: a mistake in a file is found here, not in a shop."""

from __future__ import annotations

import pytest

from dangol.campaign import rules as campaign
from dangol.campaign.definition import Message
from dangol.segment import asking as segment
from dangol.strategy import files, gallery
from dangol.strategy.rules import LANGUAGES, STAGES

pytestmark = pytest.mark.django_db
PLAYS = sorted(files.plays())


def test_the_first_plays_are_there_in_the_order_to_begin_with() -> None:
    assert list(files.plays())[:4] == ["welcome", "abandoned-cart", "thanks", "win-back"]


@pytest.mark.parametrize("key", PLAYS)
def test_a_play_is_whole(key: str) -> None:
    play = files.plays()[key]
    definition = campaign.parse(play.definition)
    assert definition.goal
    assert 0 < definition.holdout_percent <= 20, "without a holdout nothing can be learnt"
    assert definition.entry.segment == play.audience.get("key", "")
    assert play.prior.low <= play.prior.mean <= play.prior.high
    for texts in (play.name, play.reason, play.needs, play.law, play.prior.source):
        assert set(texts) == set(LANGUAGES)
        assert all(texts.values())
    for step in definition.every_step():
        if not isinstance(step.act, Message):
            continue
        templates = step.act.messages["email"]["templates"]
        assert set(templates) == set(LANGUAGES)
        for template in templates.values():
            assert gallery.CONTENT not in template["html"]
            assert "{{ shop.name }}" in template["html"]


@pytest.mark.parametrize("key", PLAYS)
def test_its_rules_are_sentences_of_the_language(key: str, shop: object) -> None:
    play = files.plays()[key]
    for rule in [play.monthly, *([play.audience["where"]] if play.audience else [])]:
        assert segment.words(rule, "en")
        assert segment.words(rule, "ko")


def test_the_lifecycle_has_a_segment_for_every_stage() -> None:
    keys = [shape["key"] for shape in files.segments()]
    assert keys == [*STAGES, "dissatisfied"]
