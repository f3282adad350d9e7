"""The one question that would help most."""

from __future__ import annotations

from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.campaign import steps as campaign
from dangol.profile import steps as profile
from dangol.segment import steps as segment
from dangol.survey import asking
from dangol.survey.asking import Uses
from tests.shopkit import Kit

NOTHING = Uses({}, {})


@pytest.mark.parametrize(
    ("known", "email", "used", "trait"),
    [
        ({}, "", NOTHING, "email"),
        ({}, "a@b.kr", NOTHING, "birthday"),
        ({"birthday": "1990-01-01"}, "a@b.kr", NOTHING, "firstName"),
        ({"birthday": "1990-01-01", "firstName": "A"}, "a@b.kr", NOTHING, None),
        ({}, "a@b.kr", Uses({"size": 1}, {}), "size"),
        ({"size": "L"}, "a@b.kr", Uses({"size": 9}, {}), "birthday"),
        ({}, "a@b.kr", Uses({"size": 1}, {"firstName": 2}), "firstName"),
        ({}, "a@b.kr", Uses({"language": 9}, {}), "birthday"),
    ],
)
def test_what_is_missing_and_used_most_is_asked(
    known: dict[str, Any], email: str, used: Uses, trait: str | None
) -> None:
    asked = asking.choose(known, email, used)
    assert (asked.trait if asked else None) == trait
    if asked:
        assert set(asked.question) == {"en", "ko"}


@pytest.mark.django_db
def test_segments_and_campaigns_say_what_they_use_and_an_answer_ends_the_question(kit: Kit, clock: SetClock) -> None:
    kit.identify("u", {"email": "u@example.com"})
    segment.save("large", {"key": "large", "name": "Large", "where": {"trait": "size", "is": "L"}}, clock.now())
    campaign.activate_play("thanks", clock.now())
    kit.run()
    asked = asking.next_question(kit.customer("u"))
    assert asked
    assert (asked.trait, asked.segments, asked.campaigns) == ("firstName", 0, 1) or asked.trait == "size"
    asking.answer(kit.customer("u"), asked.trait, " L ", "web", clock.now())
    kit.run()
    row = profile.get(kit.customer("u"))
    assert row
    assert row.traits[asked.trait] == "L"
    after = asking.next_question(kit.customer("u"))
    assert after is None or after.trait != asked.trait


@pytest.mark.django_db
@pytest.mark.parametrize(("trait", "text"), [("birthday", "tomorrow"), ("city", "x" * 201)])
def test_what_a_question_cannot_take_is_refused(kit: Kit, clock: SetClock, trait: str, text: str) -> None:
    with pytest.raises(Invalid):
        asking.answer(1, trait, text, "web", clock.now())
