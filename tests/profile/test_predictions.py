"""Forecasts in the customer file: read as they were written, gone with their customer, silent about the restricted."""

from __future__ import annotations

import struct
from datetime import timedelta

import pytest

from dangol.base.clock import SetClock, to_us
from dangol.identity.rules import Moves
from dangol.profile import predictions, restrictions, steps
from dangol.profile.models import Prediction
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
RISING = tuple(float(step) for step in range(21))
FLAT = (0.5,) * 21


def test_the_newest_forecast_of_each_figure_is_read_as_it_was_written(shop: object, clock: SetClock) -> None:
    predictions.put(clock.now(), [(1, "orders_90d", RISING), (1, "churn", FLAT), (2, "churn", FLAT)])
    before = to_us(clock.now())
    clock.advance(timedelta(days=1))
    predictions.put(clock.now(), [(1, "churn", RISING)])
    assert predictions.of({1, 3}) == {
        1: {"orders_90d": (before, RISING), "churn": (to_us(clock.now()), RISING)},
    }
    assert set(predictions.of(None)) == {1, 2}


def test_every_forecast_has_all_its_quantiles(shop: object, clock: SetClock) -> None:
    with pytest.raises(struct.error):
        predictions.put(clock.now(), [(1, "churn", FLAT[1:])])


def test_nothing_is_told_of_a_customer_who_is_not_to_be_used(kit: Kit) -> None:
    kit.identify("a", {})
    kit.run()
    customer = kit.customer("a")
    predictions.put(kit.clock.now(), [(customer, "churn", FLAT)])
    restrictions.restrict(customer, kit.clock.now())
    assert predictions.of(None) == predictions.of({customer}) == {}


def test_the_forecast_of_a_customer_who_became_part_of_another_goes(shop: object, clock: SetClock) -> None:
    predictions.put(clock.now(), [(1, "churn", FLAT), (2, "churn", FLAT)])
    steps.rehome(Moves(homes=[(2, 2, 1)]))
    assert list(Prediction.objects.values_list("customer_id", flat=True)) == [1]
