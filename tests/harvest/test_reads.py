"""What the pages of results count: sums, parts, cohorts, moves, clicks before orders, and who is behind a number."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dangol.base.clock import to_us
from dangol.base.errors import Invalid, NotFound
from dangol.base.models import Shop
from dangol.harvest import cohorts, history, keeping, moves, people, periods, reads, sales, steps
from dangol.harvest.margins import Costing
from dangol.harvest.touches import Touched, credited
from dangol.offer.models import Product
from dangol.profile.models import Fact, Order, Refund
from dangol.segment.grid import CELLS
from tests.conftest import NOON
from tests.harvest.test_steps import Books

SEOUL = ZoneInfo("Asia/Seoul")
DAY = timedelta(days=1)
NOTHING = Costing({})


@pytest.fixture
def books(shop: Shop) -> Books:
    return Books()


def week(now: datetime = NOON) -> periods.Period:
    return periods.period("", "", now.astimezone(SEOUL).date(), SEOUL, 7)


# --- the calendar -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2026-11-01", "2026-11-10", ("2026-11-01", "2026-11-10")),
        ("2026-11-10", "2026-11-01", ("2026-11-01", "2026-11-10")),
        ("2026-11-20", "2030-01-01", ("2026-11-20", "2026-11-24")),  # the future is left out
        ("2031-01-01", "2030-01-01", ("2026-11-24", "2026-11-24")),
        ("", "", ("2026-10-26", "2026-11-24")),
        ("2026-02-31", "x", ("2026-10-26", "2026-11-24")),
        ("0001-01-01", "9999-12-31", ("2026-10-26", "2026-11-24")),
    ],
)
def test_whatever_is_asked_is_a_stretch_of_the_calendar(first: str, last: str, found: tuple[str, str]) -> None:
    told = periods.period(first, last, date(2026, 11, 24), SEOUL)
    assert (told.first.isoformat(), told.last.isoformat()) == found


@pytest.mark.parametrize(("days", "parts"), [(1, 1), (62, 62), (63, 9), (400, 58), (401, 14)])
def test_a_long_stretch_is_shown_in_larger_parts(days: int, parts: int) -> None:
    end = date(2026, 11, 24)
    assert len(periods.Period(end - timedelta(days=days - 1), end, SEOUL).parts()) == parts


# --- sales ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_sums_pay_goods_and_take_off_what_was_given_back(books: Books) -> None:
    Product.objects.create(key="cup", name="Cup", cost=Decimal(4), told_at=NOON, first_at=NOON)
    books.order(1, NOON - DAY, "100", "a", items={"cup": [5, 1_000_000]}, channel="web")
    books.order(
        2, NOON - DAY, "50", "b", cost=Decimal(30), channel="store", items={"cup": [1, 250_000], "x": [1, 250_000]}
    )
    books.order(2, NOON - 2 * DAY, "70", "c", cancelled=True)
    books.order(3, NOON - 8 * DAY, "40", "d", cost=Decimal(10))  # the week before
    books.order(4, NOON - DAY, "9", "usd")
    Order.objects.filter(position=books.position).update(currency="USD")
    books.refund(2, "b", NOON, "25")
    told = sales.sales(week(), NOON, Costing({"cup": Decimal(4)}))
    assert (told.sums.orders, told.sums.buyers, told.sums.revenue, told.sums.returned) == (3, 3, 150, 25)
    assert told.sums.margin is None, "nobody knows what the order in dollars cost"
    assert told.sums.known_share == 1
    assert (told.before.orders, told.before.margin, told.before.basis) == (1, 30, "all")
    assert {(one.key, one.orders, one.net) for one in told.channels} == {("web", 1, 100), ("store", 1, 25), ("", 1, 0)}
    assert [(one.name, one.pieces, one.net) for one in told.products] == [("Cup", 6, 112.5), ("x", 1, 12.5)]
    assert told.without_products == 1
    assert sum(net for _day, _orders, net in told.parts) == 125


@pytest.mark.django_db
def test_the_usual_margin_stands_for_what_is_not_known(books: Books) -> None:
    books.order(1, NOON - DAY, "100", "a", cost=Decimal(80))
    books.order(2, NOON - DAY, "50", "b")
    books.refund(1, "a", NOON, "50")
    told = sales.sales(week(), NOON, Costing({}, Decimal(40)))
    assert told.sums.margin == pytest.approx(50 - 40 + 20)
    assert (told.sums.basis, told.sums.known_share) == ("usual", 0.5)


@pytest.mark.django_db
def test_what_is_given_back_later_is_taken_off_the_days_it_was_sold_in(books: Books) -> None:
    books.order(1, NOON - 20 * DAY, "100", "a")
    books.refund(1, "a", NOON - DAY, "60")
    day = (NOON - 20 * DAY).astimezone(SEOUL).date()
    assert sales.sales(periods.Period(day, day, SEOUL), NOON, NOTHING).sums.net == 40


@pytest.mark.django_db
def test_a_whole_refund_leaves_nothing_however_often_it_is_told(books: Books) -> None:
    books.order(1, NOON - DAY, "100", "a")
    for n in range(20):
        Refund.objects.create(position=9_000 + n, source="site", order_id="a", customer_id=1, at=NOON, amount=None)
    assert sales.sales(week(), NOON, NOTHING).sums.net == 0


@pytest.mark.django_db
def test_an_empty_shop_has_empty_pages(books: Books) -> None:
    told = sales.sales(week(), NOON, NOTHING)
    assert (told.sums.orders, told.sums.net, told.sums.known_share, told.products) == (0, 0, None, [])
    assert sales.credited(week()) == []
    assert sales.by_segment(week(), NOON) == []
    orders = history.read(None, NOON, NOTHING)
    assert cohorts.cohorts(orders, NOON.date(), SEOUL) == []
    assert moves.flow(moves.moves(orders, 0, to_us(NOON))) is None


# --- who came back, who moved -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_cohorts_count_customers_once_a_month(books: Books) -> None:
    september, october = datetime(2026, 9, 3, tzinfo=SEOUL), datetime(2026, 10, 9, tzinfo=SEOUL)
    books.order(1, september, "10")
    books.order(1, october, "20")
    books.order(1, october + DAY, "30")
    books.order(2, september, "40")
    books.order(3, october, "50")
    books.order(4, datetime(2024, 1, 1, tzinfo=SEOUL), "60")  # began long before
    books.order(4, october, "70")
    orders = history.read(None, NOON, NOTHING).standing()
    found = cohorts.cohorts(orders, NOON.astimezone(SEOUL).date(), SEOUL)
    assert [(one.month.isoformat(), one.customers, one.back) for one in found] == [
        ("2026-09-01", 2, (2, 1, 0)), ("2026-10-01", 1, (1, 0)),
    ]  # fmt: skip
    assert found[0].worth == pytest.approx(50)
    assert cohorts.members(orders, date(2026, 9, 1), 1, SEOUL) == [1]


def test_the_grid_puts_every_buyer_into_one_cell() -> None:
    """As the segments of the same names do: the same ages, the same numbers of orders."""
    at = to_us(NOON)
    for days in (0, 30, 31, 90, 91, 180, 181, 365, 366):
        for count in range(1, 10):
            when = np.full(count, at - days * moves.DAY_US, np.int64)
            none = np.zeros(count)
            orders = history.Orders(
                np.ones(count, np.int64),
                when,
                none,
                none,
                none,
                none > 1,
                np.array([""] * count),
                none > 1,
                history.Lines(when[:0], when[:0], when[:0], none[:0], []),
            )
            (label,) = moves.labels(orders, np.array([1]), at)
            assert moves.NAMES[label] in CELLS, (days, count)


@pytest.mark.django_db
def test_moves_add_up_to_everybody(books: Books) -> None:
    for customer, days in ((1, [40, 2]), (2, [40]), (3, [5]), (4, [300, 290, 280, 20])):
        for ago in days:
            books.order(customer, NOON - ago * DAY, "10")
    orders = history.read(None, NOON, NOTHING)
    before, after = to_us(NOON - 30 * DAY), to_us(NOON)
    found = {(one.before, one.after): one.customers for one in moves.moves(orders, before, after)}
    assert found == {
        ("new", "potential-loyalist"): 1, ("new", "promising"): 1, ("none", "new"): 1,
        ("at-risk", "potential-loyalist"): 1,
    }  # fmt: skip
    assert moves.movers(orders, before, after, "", "potential-loyalist") == [1, 4]
    drawn = moves.flow(moves.moves(orders, before, after))
    assert drawn is not None
    assert sum(one.customers for one in drawn.left) == sum(one.customers for one in drawn.right) == 4


# --- clicks before orders ---------------------------------------------------------------------------------------------


def test_each_order_is_given_away_once() -> None:
    hours = timedelta(hours=1)
    rows = credited(
        [
            Touched(100, [("a", 48 * hours), ("b", timedelta(0))]),
            Touched(50, [("a", 169 * hours)]),  # too long before
            Touched(30, []),
        ]
    )
    told = {row.campaign: row for row in rows}
    assert (told["b"].money_last, told["a"].money_last) == (100, 0)
    assert told["b"].money_decayed == pytest.approx(100 * 2 / 3)
    assert told["a"].orders_decayed == pytest.approx(1 / 3)


@pytest.mark.django_db
def test_only_what_people_clicked_counts(books: Books) -> None:
    books.order(1, NOON - DAY, "100")
    for name, told in (
        ("Email Link Clicked", '{"campaign":"a","machine":true}'),
        ("Email Opened", '{"campaign":"b"}'),
        ("Email Link Clicked", '{"campaign":"c"}'),
    ):
        books.fact(1, NOON - 2 * DAY, name)
        Fact.objects.filter(position=books.position).update(properties=told)
    (only,) = sales.credited(week())
    assert (only.campaign, only.orders_last, only.money_last) == ("c", 1, 100)


# --- who stands behind a number ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_people_behind_a_number_are_as_many_as_it_says(books: Books) -> None:
    campaign = books.campaign()
    for customer, arm in ((1, "treated"), (2, "treated"), (3, "holdout")):
        books.run(campaign, customer, NOON - 2 * DAY, arm)
    books.order(1, NOON - DAY, "100", channel="web", items={"cup": [1, 1]})
    books.order(3, NOON - DAY, "100", channel="store")

    def behind(**asked: str) -> list[int]:
        return people.behind(asked, NOON, SEOUL)

    assert behind(what="stage", campaign="welcome", stage="entered") == [1, 2]
    assert behind(what="stage", campaign="welcome", stage="goal") == [1]
    assert behind(what="stage", campaign="welcome", stage="sent") == []
    assert behind(what="arm", campaign="welcome", arm="holdout", reached="1") == [3]
    assert behind(what="bought") == [1, 3]
    assert behind(what="bought", channel="web") == [1]
    assert behind(what="bought", product="cup") == [1]
    assert behind(what="cohort", month="2026-11-01", later="0") == [1, 3]
    assert behind(what="move", after="new") == [1, 3]
    with pytest.raises(NotFound):
        behind(what="stage", campaign="nothing", stage="sent")
    arm = {"what": "arm", "campaign": "welcome", "arm": "x"}
    cohort = {"what": "cohort", "month": "2026-11-01", "later": "-1"}
    for wrong in ({}, {"what": "x"}, {"what": "move", "after": "x"}, arm, cohort, cohort | {"month": "x"}):
        with pytest.raises(Invalid):
            behind(**wrong)


# --- large campaigns --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_large_campaign_is_kept_for_a_while_and_comes_back_as_it_was(books: Books, monkeypatch: Any) -> None:
    monkeypatch.setattr(keeping, "LARGE", 2)
    campaign = books.campaign(play="welcome")
    campaign.activated_at = NOON - 30 * DAY
    campaign.save()
    for customer in (1, 2, 3):
        books.run(campaign, customer, NOON - 2 * DAY, "holdout" if customer == 3 else "treated")
    books.order(1, NOON - DAY, "100.10", cost=Decimal("40.05"))
    (first,) = reads.everything(NOON)
    assert first == steps.results("welcome", NOON)
    books.order(2, NOON - DAY, "100")
    assert reads.everything(NOON + timedelta(minutes=5)) == [first]
    assert steps.measured(NOON + timedelta(minutes=5)) == ({"welcome": first.seen} if first.seen else {})
    assert not keeping.due(NOON)
    later = NOON + timedelta(minutes=11)
    assert keeping.due(later)
    keeping.go_on(later)
    (then,) = reads.everything(later)
    assert then.treated.conversions == 2
    steps.say(Decimal(30), letter=True, now=later)
    assert reads.everything(later)[0].known_share != then.known_share or then.basis != "usual"
