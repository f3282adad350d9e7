"""Many rows at once: written by hand, copied by hand, found by one parameter; as the ORM would have done it."""

from __future__ import annotations

import pytest

from dangol.base import bulk
from dangol.campaign.models import Campaign, Run
from dangol.segment.models import Touched
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def campaign() -> Campaign:
    return Campaign.objects.create(key="c", name="C", definition={}, created_at=NOON)


def test_a_row_like_another_differs_in_what_was_said_and_is_a_row_of_its_own() -> None:
    first = Run(
        campaign=campaign(), customer_id=1, home=1, trigger="t", arm="treated", entered_at=NOON, context={"a": 1}
    )
    second = bulk.like(first, customer_id=2, home=2)
    bulk.insert([first, second])
    stored = {row.customer_id: row for row in Run.objects.all()}
    assert stored.keys() == {1, 2}
    for row in stored.values():
        assert (row.campaign.key, row.trigger, row.entered_at, row.context) == ("c", "t", NOON, {"a": 1})
    assert second.campaign is first.campaign
    second.campaign = Campaign(key="d")
    second.state = "left"
    assert (first.campaign.key, first.state, first.customer_id) == ("c", "active", 1)


def test_a_model_of_one_column_is_written_too() -> None:
    bulk.insert([Touched(customer_id=7), Touched(customer_id=7)], ignore=True)
    assert list(Touched.objects.values_list("customer_id", flat=True)) == [7]


@pytest.mark.parametrize("wanted", [set(), {2}, {1, 3, 2**40}, set(range(3, 5_000))])
def test_one_of_many_numbers(wanted: set[int]) -> None:
    bulk.insert([Touched(customer_id=number) for number in (1, 2, 3, 4)])
    told = Touched.objects.filter(customer_id__among=wanted).values_list("customer_id", flat=True)
    assert set(told) == wanted & {1, 2, 3, 4}
