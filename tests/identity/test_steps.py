"""Who is who, on the real tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.collect.facts import Fact
from dangol.identity import steps
from dangol.identity.models import Customer, Identifier, Merge

pytestmark = pytest.mark.django_db


class Story:
    """Facts in order, each with the next position."""

    def __init__(self, now: datetime) -> None:
        self.now, self.position = now, 0

    def fact(self, kind: str = "track", **ids: Any) -> Fact:
        self.position += 1
        return Fact(self.position, "site", f"m{self.position}", kind, "Seen", self.now, self.now, **ids)

    def tell(self, *facts: Fact) -> list[int]:
        return steps.resolve(facts, self.now).customer_ids


@pytest.fixture
def story(clock: SetClock) -> Story:
    return Story(clock.now())


@pytest.mark.parametrize("together", [True, False])
def test_an_anonymous_visitor_who_signs_in_is_one_customer(story: Story, together: bool) -> None:
    facts = [story.fact(anonymous_id="a"), story.fact(anonymous_id="a", user_id="u"), story.fact(user_id="u")]
    ids = story.tell(*facts) if together else [story.tell(fact)[0] for fact in facts]
    assert len(set(ids)) == 1
    assert steps.find("userId", "u") == steps.find("anonymousId", "a") == ids[0]


def test_a_visitor_known_from_two_browsers_becomes_one(story: Story) -> None:
    story.tell(story.fact(user_id="u", anonymous_id="phone"))
    (laptop,) = story.tell(story.fact(anonymous_id="laptop"))
    (joined,) = story.tell(story.fact(user_id="u", anonymous_id="laptop"))
    assert joined == steps.find("userId", "u") != laptop
    assert steps.current(laptop) == joined, "an old id resolves for ever"
    merge = Merge.objects.get()
    assert (merge.absorbed_id, merge.survivor_id, merge.reason, merge.position) == (laptop, joined, "anonymousId", 3)


def test_a_shared_tablet_does_not_glue_two_people_together(story: Story) -> None:
    first, second, later = story.tell(
        story.fact(user_id="ann", anonymous_id="tablet"),
        story.fact(user_id="bob", anonymous_id="tablet"),
        story.fact(anonymous_id="tablet"),
    )
    assert first != second
    assert later == first
    assert not Merge.objects.exists()


def test_a_family_address_does_not_glue_two_people_together(story: Story) -> None:
    mail = (("email", "family@example.com"),)
    first, second = story.tell(
        story.fact("identify", user_id="ann", identifiers=mail), story.fact("identify", user_id="bob", identifiers=mail)
    )
    assert first != second
    assert steps.find("email", "Family@Example.com") == first


def test_an_address_finds_the_customer_who_orders_as_a_guest(story: Story) -> None:
    mail = (("email", "ann@example.com"),)
    guest, known = story.tell(
        story.fact(anonymous_id="x", identifiers=mail), story.fact("identify", user_id="ann", identifiers=mail)
    )
    assert guest == known == steps.find("userId", "ann")


def test_an_alias_joins_two_user_ids_because_the_shop_says_so(story: Story) -> None:
    story.tell(story.fact(user_id="old"), story.fact(user_id="new"))
    (joined,) = story.tell(story.fact("alias", user_id="new", previous_id="old"))
    assert steps.find("userId", "old") == steps.find("userId", "new") == joined


@pytest.mark.parametrize("value", ["null", "Guest", "undefined", "0", ""])
def test_words_that_mean_nobody_find_nobody(story: Story, value: str) -> None:
    ids = story.tell(story.fact(user_id=value, anonymous_id="a"), story.fact(user_id=value, anonymous_id="b"))
    assert len(set(ids)) == 2
    assert not Identifier.objects.filter(kind="userId").exists()


def test_a_chain_of_merges_in_one_batch_ends_at_one_customer(story: Story) -> None:
    facts = [
        story.fact(anonymous_id="a", identifiers=(("email", "x@example.com"),)),
        story.fact(anonymous_id="b", identifiers=(("phone", "+8210"),)),
        story.fact(anonymous_id="a", identifiers=(("phone", "+8210"),)),
        story.fact(user_id="u", anonymous_id="b"),
    ]
    ids = story.tell(*facts)
    assert len(set(ids)) == 1
    assert Customer.objects.filter(merged_into=None).count() == 1


def test_facts_of_our_own_follow_the_signposts(story: Story) -> None:
    (visitor,) = story.tell(story.fact(anonymous_id="a"))
    story.tell(story.fact(user_id="u"), story.fact(user_id="u", anonymous_id="a"))
    own = Fact(9, "dangol", "m", "track", "Message Sent", story.now, story.now, customer_id=visitor)
    assert story.tell(own) == [steps.find("userId", "u")]
