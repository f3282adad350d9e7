"""The daily recount: it finds what is not what the facts add up to, says so, and sets it right."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.profile import recounting
from dangol.profile import steps as profile
from dangol.profile.models import Profile
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop_of_three(kit: Kit) -> Kit:
    for n in range(3):
        kit.order(f"u{n}", f"o{n}", 10)
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
    kit.run()
    return kit


def count_all(clock: SetClock) -> list[int]:
    done = []
    while counted := recounting.go_on(clock.now(), limit=2):
        done.append(counted)
    return done


def test_everybody_has_a_turn_once_a_day(shop_of_three: Kit, clock: SetClock) -> None:
    assert count_all(clock) == [2, 1]
    row = recounting.latest()
    assert row
    assert (row.checked, row.wrong, row.finished_at) == (3, 0, clock.now())
    assert count_all(clock) == [], "not twice a day"
    clock.advance(timedelta(days=1))
    assert count_all(clock) == [2, 1]


def test_a_difference_is_an_alarm_and_is_set_right(
    shop_of_three: Kit, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    customer = shop_of_three.customer("u1")
    Profile.objects.filter(pk=customer).update(orders=7, email="someone@else")
    with caplog.at_level(logging.ERROR, logger="dangol.profile"):
        count_all(clock)
    assert [record.args for record in caplog.records] == [(customer, "email, orders")]
    row, counted = profile.get(customer), recounting.latest()
    assert row
    assert counted
    assert (row.orders, row.email, counted.wrong) == (1, "u1@example.com", 1)


def test_an_older_versions_files_are_made_anew(shop_of_three: Kit) -> None:
    Profile.objects.update(tally={}, email="", orders=0)
    assert recounting.after_upgrade() == 3
    assert {(row.orders, row.email) for row in Profile.objects.all()} == {(1, f"u{n}@example.com") for n in range(3)}
    assert recounting.after_upgrade() == 0
