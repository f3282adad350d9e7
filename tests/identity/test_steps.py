"""Who is who, on the real tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
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
        story.fact(anonymous_id="b", identifiers=(("phone", "+821012345678"),)),
        story.fact(anonymous_id="a", identifiers=(("phone", "+821012345678"),)),
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


def test_a_tablet_of_more_people_than_five_joins_nobody(story: Story) -> None:
    alone = story.tell(story.fact(anonymous_id="tablet"))[0]
    for n in range(5):
        story.tell(story.fact(user_id=f"u{n}", anonymous_id="tablet"))
    assert steps.find("anonymousId", "tablet") == steps.find("userId", "u0") == alone, "who signed in first has it"
    sixth = story.tell(story.fact(user_id="u5", anonymous_id="tablet"))[0]
    tablet = Identifier.objects.get(value="tablet")
    assert (tablet.shared, tablet.customer_id == alone) == (True, False), "now it belongs to nobody who signs in"
    assert steps.find("userId", "u0") == alone
    assert story.tell(story.fact(user_id="u6", anonymous_id="tablet"), story.fact(anonymous_id="tablet")) == [
        steps.find("userId", "u6"),
        tablet.customer_id,
    ]
    assert len({steps.find("userId", f"u{n}") for n in range(7)} | {sixth}) == 7


def test_an_earlier_link_that_comes_late_takes_the_browser_along(story: Story, clock: SetClock) -> None:
    (visitor,) = story.tell(story.fact(anonymous_id="b"))
    (bob,) = story.tell(story.fact(user_id="bob", anonymous_id="b"))
    assert visitor == bob
    early = msgspec.structs.replace(story.fact(user_id="ann", anonymous_id="b"), at=clock.now() - timedelta(hours=1))
    moves = steps.resolve([early], story.now).moves
    ann = steps.find("userId", "ann")
    assert ann != steps.find("userId", "bob") == bob
    assert steps.find("anonymousId", "b") == ann
    assert [(before, after) for _, before, after in moves.identifiers] == [(bob, ann)]


def test_shop_numbers_are_as_strong_as_user_ids(story: Story) -> None:
    mail = ("email", "shared@example.com")
    first, second = story.tell(
        story.fact(identifiers=(("shopify", "1"), mail)), story.fact(identifiers=(("shopify", "2"), mail))
    )
    assert first != second
    assert story.tell(story.fact(identifiers=(mail,))) == [first]


@pytest.mark.parametrize("value", ["test@example.com", "NoReply@shop.kr"])
def test_addresses_of_nobody_join_nobody(story: Story, value: str) -> None:
    first, second = story.tell(
        story.fact(anonymous_id="a", identifiers=(("email", value),)),
        story.fact(anonymous_id="b", identifiers=(("email", value),)),
    )
    assert first != second


def test_a_number_is_the_same_however_it_is_written(story: Story, shop: Shop) -> None:
    first, second = story.tell(
        story.fact(identifiers=(("phone", "010-1234-5678"),)), story.fact(identifiers=(("phone", "+82 10 1234 5678"),))
    )
    assert first == second == steps.find("phone", "01012345678")
