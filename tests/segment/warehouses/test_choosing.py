"""A shop that has chosen another engine: it is asked, leaves nothing behind, and says so when it is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import psycopg
import pytest
from django.conf import settings

from dangol.base.clock import SetClock
from dangol.base.errors import Misconfigured, Unavailable
from dangol.base.models import Shop
from dangol.segment import asking, steps
from dangol.segment.project import Tables
from dangol.segment.warehouses import Warehouse, run, warehouse
from tests.segment.engine import plan_of
from tests.segment.warehouses.test_parity import ZONES
from tests.shopkit import Kit

RECENT = {"event": "Order Completed", "within": "30d"}


@pytest.fixture
def kit(shop: Shop, clock: SetClock, tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(tmp_path, clock)
    yield kit
    kit.close()


@pytest.fixture(params=["clickhouse", "postgresql", "spark"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def choose(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(settings, "DANGOL", replace(settings.DANGOL, warehouse_url=url, warehouse_seconds=60))


def test_a_shop_asks_the_engine_it_chose(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    kit.order("u1", "o1", 10)
    kit.track("u2", "Page Opened")
    kit.run()
    choose(monkeypatch, url)
    assert asking.evaluate(RECENT, clock.now()) == [kit.customer("u1")]
    steps.save("recent", {"where": RECENT}, clock.now())
    assert [row.customer_id for row in asking.members("recent")] == [kit.customer("u1")]


AWAY = [
    "clickhouse://shop:hidden@127.0.0.1:9",
    "postgresql://shop:hidden@127.0.0.1:9/x",
    "sc://127.0.0.1:9/;token=hidden",
]


@pytest.mark.parametrize("url", AWAY)
def test_an_engine_that_is_away_is_named_and_its_password_is_not(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    choose(monkeypatch, url)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9 did not .* kept up to date here") as told:
        asking.evaluate(RECENT, clock.now())
    assert "hidden" not in str(told.value)


def test_a_wrong_password_is_not_told_either(clickhouse_url: str) -> None:
    engine = warehouse(clickhouse_url.replace("secret%20word", "wr0ng"), 5)
    with pytest.raises(Unavailable, match="Authentication failed") as told:
        list(run(engine, plan_of({"s": RECENT}, ZONES[0]).compiled.result, some_tables()))
    assert "wr0ng" not in str(told.value)


@pytest.mark.parametrize("url", ["mysql://h/x", "clickhouse:///x", "sc://", "postgresql://h:x/y", "none"])
def test_a_setting_that_names_no_engine_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"warehouse_url .* allowed: clickhouse://"):
        warehouse(url, 60)


def some_tables() -> Iterator[Tables]:
    """Two customers with an order each."""
    plan = plan_of({"s": RECENT}, ZONES[0])
    for customer in (1, 2):
        rows = [(customer, 1000, customer, "track", "Order Completed", False, "", "", "")]
        yield plan.projector.tables({customer: (1000, 1000)}, rows)


def failing_tables() -> Iterator[Tables]:
    yield from some_tables()
    raise RuntimeError("the shop's own store failed")


def test_nothing_is_left_behind(engine: Warehouse, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that were made are gone, also where the loading failed half way."""
    result = plan_of({"s": RECENT}, ZONES[0]).compiled.result
    with pytest.raises(RuntimeError):
        list(run(engine, result, failing_tables()))
    assert pl.concat(run(engine, result, some_tables()))["customer_id"].sort().to_list() == [1, 2]
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_class WHERE relname LIKE 'dangol\\_%\\_events'").fetchall() == []
