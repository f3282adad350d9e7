"""The demo shop is built by living through its weeks; a small one here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dangol.base.models import Shop
from dangol.base.settings import load
from dangol.campaign.models import Campaign, Run
from dangol.collect import steps as collect
from dangol.collect.log import open_log
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.demo import extract, history, shop
from dangol.identity import steps as identity
from dangol.profile.models import Fact, Order, Profile

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


SPAN, CUSTOMERS = timedelta(days=2), 40


def test_a_demo_has_really_been_lived_through(tmp_path: Path) -> None:
    plan = shop.Plan(now=NOW, password="four words of paper", span=SPAN, customers=CUSTOMERS)
    shop.build(load(data=str(tmp_path)), plan, lambda *_: None)
    plays_have_run_in_simulated_time(tmp_path)
    orders_are_the_data_sets_own()
    consents_are_what_people_said()


def plays_have_run_in_simulated_time(built: Path) -> None:
    made = Shop.objects.get()
    assert (made.demo, made.currency, made.timezone) == (True, "GBP", "Europe/London")
    assert set(Campaign.objects.values_list("key", "state")) == {(play, "active") for play in shop.PLAYS}
    assert Run.objects.filter(arm="treated").exists()
    sent = OutboxMessage.objects.all()
    assert sent.exists()
    assert all(message.to.endswith("@example.com") for message in sent), "nothing can reach anybody"
    start = NOW - SPAN
    assert all(start <= message.at <= NOW for message in sent)
    assert set(Delivery.objects.filter(state="accepted").values_list("pk", flat=True)) == set(
        sent.values_list("delivery_id", flat=True)
    )
    with open_log(built) as log:
        assert log.end() == collect.position(), "everything is worked through"
    for order in Order.objects.filter(source="import"):
        assert order.at < start, "only what was before is history; later orders arrived live"
    assert not Run.objects.filter(entered_at__lt=start).exists()


def orders_are_the_data_sets_own() -> None:
    lines = pl.read_parquet(extract.EXTRACT).with_columns(pl.col("InvoiceNo").cast(pl.String))
    first = sorted(lines["CustomerID"].unique().to_list())[:CUSTOMERS]
    theirs = lines.filter(pl.col("CustomerID").is_in(first) & (pl.col("Quantity") > 0)).unique()
    real = {row[0]: row[1] for row in theirs.group_by("InvoiceNo").agg(
        (pl.col("Quantity") * pl.col("UnitPrice")).sum()
    ).iter_rows()}  # fmt: skip
    ours = {o.order_id: float(o.revenue) for o in Order.objects.exclude(order_id__startswith="D")}
    assert set(ours) == set(real)
    assert all(abs(ours[key] - real[key]) < 0.01 for key in real)


def consents_are_what_people_said() -> None:
    for customer, person in extract.people(1).items():
        found = identity.find("userId", customer)
        if found is None:
            continue
        profile = Profile.objects.get(pk=found)
        assert profile.email == person.email
        states = set(Fact.objects.filter(customer_id=found, name="Consent Changed").values_list("own", flat=True))
        assert bool(states) == (person.agrees is not None)


@pytest.mark.parametrize("hour", range(24))
def test_it_is_always_day_in_the_demo(hour: int) -> None:
    now = NOW.replace(hour=hour)
    assert 9 <= now.astimezone(ZoneInfo(shop.daylight(now))).hour < 18


def test_history_ends_today(tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Seoul")
    for now in (NOW, NOW.replace(hour=1)):
        bought = history.read(tmp_path, now, zone, CUSTOMERS)
        assert now - timedelta(days=1, hours=2) < bought[-1].at <= now
