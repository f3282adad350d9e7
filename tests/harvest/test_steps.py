"""What the harvest reads from runs, orders and refunds."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dangol.base.clock import SetClock
from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.campaign import steps as campaigns
from dangol.campaign.models import Campaign, Run
from dangol.harvest import steps
from dangol.harvest.rules import Arm
from dangol.profile.models import Fact, Order, Refund
from tests.conftest import NOON
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
MAIL = {
    "key": "mail",
    "send": {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}},
}


class Books:
    """Writes runs, orders and refunds as the stages before would have."""

    def __init__(self) -> None:
        self.position = 0

    def campaign(self, key: str = "welcome", goal: dict[str, str] | None = None, play: str = "") -> Campaign:
        definition = {
            "entry": {"fact": "Signed Up"},
            "holdout_percent": 10,
            "goal": goal or {"fact": "Order Completed", "within": "7d"},
            "steps": [MAIL],
        }
        return Campaign.objects.create(key=key, name=key, definition=definition, play=play, created_at=NOON - 90 * DAY)

    def run(self, campaign: Campaign, customer: int, at: datetime, arm: str = "treated", trigger: str = "x") -> None:
        Run.objects.create(
            campaign=campaign, customer_id=customer, home=customer, trigger=f"{trigger}{at.isoformat()}", arm=arm,
            entered_at=at,
        )  # fmt: skip

    def order(self, customer: int, at: datetime, revenue: str, order_id: str = "", **more: Any) -> None:
        self.position += 1
        Order.objects.create(
            source="site", order_id=order_id or f"o{self.position}", customer_id=customer, at=at,
            revenue=Decimal(revenue), currency="KRW", position=self.position, **more,
        )  # fmt: skip

    def refund(self, customer: int, order_id: str, at: datetime, amount: str) -> None:
        self.position += 1
        Refund.objects.create(
            position=self.position,
            source="site",
            order_id=order_id,
            customer_id=customer,
            at=at,
            amount=Decimal(amount),
        )

    def fact(self, customer: int, at: datetime, name: str, kind: str = "track") -> None:
        self.position += 1
        Fact.objects.create(
            customer_id=customer, at=at, position=self.position, type=kind, name=name, source="site",
            message_id=f"m{self.position}", received_at=at,
        )  # fmt: skip


@pytest.fixture
def books(shop: Shop) -> Books:
    return Books()


@pytest.mark.parametrize(
    ("after", "counts"),
    [(timedelta(0), 0), (TICK, 1), (7 * DAY, 1), (7 * DAY + TICK, 0), (-TICK, 0)],
)
def test_an_order_counts_from_just_after_the_start_to_the_end_of_the_window(
    books: Books, clock: SetClock, after: timedelta, counts: int
) -> None:
    started = NOON - 10 * DAY
    campaign = books.campaign()
    books.run(campaign, 1, started)
    books.order(1, started + after, "100")
    told = steps.results("welcome", clock.now())
    assert told.treated == Arm(1, counts, Decimal(100 * counts))
    assert told.still_open == 0


def test_what_has_not_happened_yet_does_not_count(books: Books, clock: SetClock) -> None:
    campaign = books.campaign()
    books.run(campaign, 1, NOON - DAY)
    books.run(campaign, 2, NOON + DAY)
    books.order(1, NOON + DAY, "100")
    told = steps.results("welcome", clock.now())
    assert (told.treated.customers, told.treated.conversions, told.still_open) == (1, 0, 1)


def test_revenue_is_net_of_refunds_and_never_below_nothing(books: Books, clock: SetClock) -> None:
    campaign = books.campaign()
    for customer in (1, 2, 3, 4):
        books.run(campaign, customer, NOON - 5 * DAY)
    books.order(1, NOON - 4 * DAY, "100", "a")
    books.refund(1, "a", NOON - 3 * DAY, "30.50")
    books.order(2, NOON - 4 * DAY, "50", "b")
    books.refund(2, "b", NOON - 3 * DAY, "80")
    books.order(3, NOON - 4 * DAY, "70", "c", cancelled=True)
    books.order(4, NOON - 4 * DAY, "70", "d")
    books.refund(4, "elsewhere", NOON - 3 * DAY, "70")
    books.refund(99, "a", NOON - 2 * DAY, "9.50")  # told by a till that does not know the customer
    books.refund(1, "a", NOON + DAY, "1")  # not yet
    told = steps.results("welcome", clock.now())
    assert told.treated == Arm(4, 3, Decimal(130))


def test_windows_that_overlap_count_an_order_once(books: Books, clock: SetClock) -> None:
    campaign = books.campaign()
    books.run(campaign, 1, NOON - 9 * DAY)
    books.run(campaign, 1, NOON - 6 * DAY)
    books.order(1, NOON - 5 * DAY, "100")
    told = steps.results("welcome", clock.now())
    assert told.treated == Arm(1, 1, Decimal(100))
    assert told.still_open == 1, "the second window is still open"


def test_who_became_one_out_of_two_stays_in_the_arm_of_the_first_run(books: Books, clock: SetClock) -> None:
    campaign = books.campaign()
    books.run(campaign, 1, NOON - 2 * DAY, "treated")
    books.run(campaign, 1, NOON - 4 * DAY, "holdout")
    told = steps.results("welcome", clock.now())
    assert (told.treated.customers, told.held_out.customers) == (0, 1)


def test_other_campaigns_and_other_customers_do_not_count(books: Books, clock: SetClock) -> None:
    books.run(books.campaign(), 1, NOON - 2 * DAY)
    books.run(books.campaign("other"), 2, NOON - 2 * DAY)
    books.order(2, NOON - DAY, "100")
    books.order(3, NOON - DAY, "100")
    assert steps.results("welcome", clock.now()).treated == Arm(1, 0, Decimal(0))


@pytest.mark.parametrize(("name", "kind"), [("Product Reviewed", "track"), ("Page Viewed", "page")])
def test_a_goal_may_be_any_fact(books: Books, clock: SetClock, name: str, kind: str) -> None:
    campaign = books.campaign(goal={"fact": name, "within": "3d"})
    for customer in (1, 2):
        books.run(campaign, customer, NOON - 2 * DAY)
    books.fact(1, NOON - DAY, name if kind == "track" else "Home", kind)
    books.fact(2, NOON - DAY, "Something Else")
    told = steps.results("welcome", clock.now())
    assert (told.goal, told.treated.conversions, told.treated.revenue) == (name, 1, Decimal(0))
    assert not told.revenue.clear


def test_more_customers_take_no_more_queries(books: Books, clock: SetClock) -> None:
    campaign = books.campaign()

    def fill(customers: range) -> int:
        for customer in customers:
            books.run(campaign, customer, NOON - 5 * DAY, "holdout" if customer % 10 == 0 else "treated")
            books.order(customer, NOON - 4 * DAY, "10", f"c{customer}")
            books.refund(customer, f"c{customer}", NOON - 3 * DAY, "1")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            steps.results("welcome", clock.now())
        return len(seen)

    assert fill(range(1, 4)) == fill(range(4, 104))


def test_the_plan_is_told_what_plays_have_shown(books: Books, clock: SetClock) -> None:
    welcome = books.campaign("welcome", play="welcome")
    for customer in range(1, 41):
        books.run(welcome, customer, NOON - 20 * DAY, "holdout" if customer % 4 == 0 else "treated")
    for customer in (1, 2, 3):
        books.order(customer, NOON - 19 * DAY, "10")
    books.run(welcome, 99, NOON - DAY, "holdout")  # still has time
    books.run(books.campaign("handmade"), 1, NOON - 20 * DAY)
    books.run(books.campaign("thanks", play="thanks"), 1, NOON - 40 * DAY)  # nobody held out yet
    seen = steps.measured(clock.now())
    assert set(seen) == {"welcome"}
    assert seen["welcome"].customers == 40
    assert seen["welcome"].lift == pytest.approx(3 / 30)


def test_a_campaign_that_is_not_there_is_named(shop: Shop, clock: SetClock) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        steps.results("nowhere", clock.now())


def test_each_run_keeps_the_share_that_was_in_force_when_it_began(kit: Kit, clock: SetClock) -> None:
    definition = {"entry": {"fact": "Signed Up"}, "holdout_percent": 20, "steps": [MAIL]}
    campaigns.put("welcome", {"definition": definition}, clock.now())
    campaigns.activate("welcome", clock.now())
    kit.track("ann", "Signed Up")
    kit.run()
    campaigns.hold_out_of_all(50)
    kit.track("bob", "Signed Up")
    kit.run()
    shares = dict(Run.objects.values_list("customer_id", "share"))
    assert shares == {kit.customer("ann"): pytest.approx(0.8), kit.customer("bob"): pytest.approx(0.4)}
