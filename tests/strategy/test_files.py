"""Every play and every first segment is right: a mistake in a file is found here, not in a shop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dangol.campaign import rules as campaign
from dangol.campaign.definition import Message
from dangol.segment import asking as segment
from dangol.strategy import files, gallery
from dangol.strategy.rules import LANGUAGES, STAGES

pytestmark = pytest.mark.django_db
PLAYS = sorted(files.plays())


def test_there_are_plays_for_every_stage_of_a_customers_life() -> None:
    wanted = {"acquire", "welcome", "second-order", "cross-sell", "win-back", "referral", "interests", "seollal"}
    assert len(PLAYS) >= 20
    assert wanted <= set(PLAYS)


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
    messages = [
        (step.act, said)
        for step in definition.every_step()
        if isinstance(step.act, Message)
        for said in step.act.messages.items()
    ]
    assert messages
    for act, (channel, message) in messages:
        assert set(message["templates"]) == set(LANGUAGES)
        for template in message["templates"].values():
            assert "letter" not in template
            assert channel != "email" or "{{ shop.name }}" in template["html"]
            assert gallery.CONTENT not in str(template)
        assert (
            act.message_class == "transactional" or channel == "onsite" or asks_consent(play.definition, play.audience)
        )
    assert (play.channel == "task") == (play.messages == 0)
    assert play.minutes > 0 or not any("task" in channel for _, (channel, _) in messages)


def asks_consent(definition: Mapping[str, Any], audience: Mapping[str, Any]) -> bool:
    """Whether somebody who cannot be written to never enters, in neither arm: they would tell nothing."""
    return "'consent': 'email', 'is': 'granted'" in str([audience, definition.get("exit")])


@pytest.mark.parametrize("key", PLAYS)
def test_its_rules_are_sentences_of_the_language(key: str, shop: object) -> None:
    play = files.plays()[key]
    for rule in [play.monthly, *([play.audience["where"]] if play.audience else [])]:
        assert segment.words(rule, "en")
        assert segment.words(rule, "ko")


def test_the_lifecycle_has_a_segment_for_every_stage() -> None:
    keys = [shape["key"] for shape in files.segments()]
    assert keys == [*STAGES, "dissatisfied"]
