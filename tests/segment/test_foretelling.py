"""The leaf `predicted`: shares of a posterior, and that a forecast counts from when it was made."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dangol.base.clock import SetClock, to_us
from dangol.profile import predictions, restrictions
from dangol.profile.columns import keeping, reading
from dangol.segment import asking
from dangol.segment.engines import Plan
from dangol.segment.foretelling import share_in
from dangol.segment.language import Order
from dangol.segment.parse import read_rule
from tests.shopkit import Kit

EVEN = tuple(range(0, 201, 10))  # as likely everywhere from 0 to 200
ATOM = (0.0,) * 11 + tuple(range(10, 110, 10))  # half of it is 0 exactly
MADE = datetime(2026, 3, 2, tzinfo=UTC)
FIRST = to_us(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("quantiles", "test", "share"),
    [
        (EVEN, Order(None, 50), 0.25),
        (EVEN, Order(50, None), 0.75),
        (EVEN, Order(None, 55), 0.275),
        (EVEN, Order(50, 150), 0.5),
        (EVEN, Order(None, -1), 0),
        (EVEN, Order(None, 200), 1),
        (EVEN, Order(200, None, strict=True), 0),
        (ATOM, Order(None, 0), 0.5),
        (ATOM, Order(None, 0, strict=True), 0),
        (ATOM, Order(0, None, strict=True), 0.5),
        (ATOM, Order(0, None), 1),
    ],
)
def test_the_share_of_a_posterior(quantiles: tuple[float, ...], test: Order, share: float) -> None:
    assert share_in(test, quantiles) == pytest.approx(share)


def judged(where: Any, t: int) -> tuple[bool, int | None]:
    plan = Plan({"s": read_rule(where, UTC)}, UTC)
    tables = plan.projector.tables({7: (t, FIRST)}, [])
    [row] = plan.on_polars(tables).iter_rows(named=True)
    assert plan.on_duckdb(tables).row(0, named=True) == row
    return row["m0"], row["w0"]


@pytest.mark.django_db
def test_a_forecast_counts_from_when_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = to_us(MADE)
    monkeypatch.setattr(predictions, "of", lambda ids: {7: {"value_365d": (made, EVEN)}})
    sure = {"predicted": "value_365d", "at_least": 100, "confidence": 0.5}
    assert judged(sure, made - 1) == (False, made)
    assert judged(sure, made) == (True, None)
    assert judged({**sure, "confidence": 0.51}, made) == (False, None)
    assert judged({"predicted": "churn", "under": 1}, made) == (False, None), "there is none"


@pytest.mark.django_db(transaction=True)
def test_everybody_is_asked_from_the_copy_in_columns(
    kit: Kit, clock: SetClock, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for n, place in enumerate(({"latitude": 37.5, "longitude": 127}, {"latitude": 35.1, "longitude": 129}, {})):
        kit.track(f"u{n}", "Seen", context={"location": place})
    kit.run()
    one, two, three = (kit.customer(f"u{n}") for n in range(3))
    predictions.put(clock.now(), [(one, "value_365d", EVEN), (two, "value_365d", ATOM), (three, "value_365d", EVEN)])
    restrictions.restrict(three, clock.now())
    keeping.keep(clock.now())
    with caplog.at_level(logging.INFO):
        assert asking.evaluate({"predicted": "value_365d", "at_least": 100}, clock.now()) == [one]
        near = {"near": {"lat": 35, "lon": 129}, "km": {"at_most": 20}}
        assert asking.evaluate({"any": [near, {"predicted": "churn", "over": 0}]}, clock.now()) == [two]
    assert "rows are read" not in caplog.text
    assert reading.read() is not None
