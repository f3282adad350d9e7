"""Whom a campaign helps, from runs and orders: segments as customers were when they entered, and honest refusals."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid, NotFound
from dangol.base.models import Shop
from dangol.campaign.models import Campaign, Run
from dangol.harvest import draws, whom
from dangol.identity.models import Customer
from dangol.profile.models import Fact, Order, Profile
from dangol.segment import steps as segment
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REGULARS = {"name": "Regulars", "where": {"event": "Order Completed"}}
SIZE, SHARE = 1_200, 0.6


def live_through(share: float | None = SHARE, size: int = SIZE, first: int = 1) -> Campaign:
    """A campaign that helps only who had bought before: half of the customers, whom it makes buy in one of two cases.

    Everybody buys once more after their window, which must change nothing.
    """
    rng = random.Random(7)
    definition = {
        "entry": {"fact": "Signed Up"}, "holdout_percent": 40, "goal": {"fact": "Order Completed", "within": "7d"},
        "steps": [{"key": "wait", "wait": "1d"}],
    }  # fmt: skip
    campaign = Campaign.objects.create(key="mail", name="mail", definition=definition, created_at=NOON - 90 * DAY)
    facts, orders, runs = [], [], []
    Customer.objects.bulk_create(Customer(pk=n, created_at=NOON - 80 * DAY) for n in range(first, first + size))
    Profile.objects.bulk_create(
        Profile(customer_id=n, first_seen_at=NOON - 80 * DAY, last_seen_at=NOON) for n in range(first, first + size)
    )

    def bought(customer: int, days: float) -> None:
        at, number = NOON - days * DAY, len(facts) + 1
        facts.append(Fact(customer_id=customer, at=at, position=number, type="track", name="Order Completed",
                          source="site", message_id=f"m{number}", received_at=at))  # fmt: skip
        orders.append(Order(source="site", order_id=f"o{number}", customer_id=customer, at=at, revenue=100,
                            currency="KRW", position=number))  # fmt: skip

    for customer in range(first, first + size):
        regular, treated = customer % 2 == 0, rng.random() < SHARE
        if regular:
            bought(customer, 60)
        runs.append(Run(campaign=campaign, customer_id=customer, home=customer, trigger="x", share=share,
                        arm="treated" if treated else "held_out", entered_at=NOON - 30 * DAY))  # fmt: skip
        if rng.random() < 0.1 + 0.4 * (regular and treated):
            bought(customer, 27)
        bought(customer, 5)
    Fact.objects.bulk_create(facts)
    Order.objects.bulk_create(orders)
    Run.objects.bulk_create(runs)
    return campaign


@pytest.fixture
def lived(shop: Shop, clock: SetClock) -> Campaign:
    segment.save("regulars", REGULARS, clock.now())
    segment.save("everybody", {"name": "All", "where": "everyone"}, clock.now())
    return live_through()


def test_the_segment_at_the_time_of_entering_tells_whom_it_helps(lived: Campaign, clock: SetClock) -> None:
    told = whom.whom("mail", clock.now())
    assert (told.refused, told.customers) == ("", SIZE)
    (group,) = told.groups  # everybody is in the other one, so that it tells nothing apart
    assert (group.key, group.clear) == ("regulars", True)
    assert group.inside.low < 0.4 < group.inside.high
    assert group.outside.low < 0 < group.outside.high
    assert group.inside.customers == SIZE // 2, "as they were then: today everybody has bought"
    assert told.overall is not None
    assert told.overall.low < 0.2 < told.overall.high
    assert told.curve is not None
    assert told.curve.clear
    kept = told.curve.kept(0.5)
    assert kept is not None
    assert kept > 0.85


def test_a_backtest_says_what_treating_only_them_would_have_brought(lived: Campaign, clock: SetClock) -> None:
    told = whom.backtest("mail", {"event": "Order Completed"}, clock.now())
    assert (told.refused, told.chosen, told.customers) == ("", SIZE // 2, SIZE)
    assert told.chosen_only is not None
    assert told.everybody is not None
    assert told.nobody is not None
    assert told.better is not None
    assert told.chosen_only.low < 0.30 < told.chosen_only.high
    assert told.nobody.low < 0.10 < told.nobody.high
    assert told.better.low < 0 < told.better.high, "the others were not helped, so leaving them alone costs nothing"
    worse = whom.backtest("mail", {"none": [{"event": "Order Completed"}]}, clock.now())
    assert worse.better is not None
    assert worse.better.high < 0


def test_who_still_has_time_is_not_looked_at(lived: Campaign, clock: SetClock) -> None:
    Run.objects.filter(customer_id__gt=1_000).update(entered_at=NOON - DAY)
    assert whom.whom("mail", clock.now()).customers == 1_000


def test_what_was_not_drawn_is_refused(shop: Shop, clock: SetClock) -> None:
    live_through(None)
    told = whom.whom("mail", clock.now())
    assert (told.refused, told.groups, told.curve) == (draws.UNKNOWN, (), None)
    assert whom.backtest("mail", "everyone", clock.now()).refused == draws.UNKNOWN


def test_a_campaign_without_customers_is_refused(shop: Shop, clock: SetClock) -> None:
    live_through(size=0)
    assert whom.whom("mail", clock.now()).refused == draws.UNKNOWN


def test_what_is_not_there_is_said(lived: Campaign, clock: SetClock) -> None:
    with pytest.raises(NotFound):
        whom.whom("nothing", clock.now())
    with pytest.raises(Invalid):
        whom.backtest("mail", {"evnt": "x"}, clock.now())
