"""The machine's clock jumps a day ahead, two days back, and to 2038 (number 17): nobody gets a message twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.campaign import steps
from dangol.campaign.models import Run
from dangol.deliver.models import Delivery
from dangol.profile.models import Order
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TEMPLATES = {"en": {"subject": "Thank you", "html": "<p>Thank you</p>"}}
DEFINITION = {
    "entry": {"fact": "Order Completed"},
    "holdout_percent": 0,
    "goal": {"fact": "Order Completed", "within": "7d"},
    "steps": [
        {"key": "now", "send": {"channel": "email", "class": "transactional", "templates": TEMPLATES}},
        {"key": "later", "wait": "12h", "send": {"channel": "email", "class": "transactional", "templates": TEMPLATES}},
    ],
}


def test_nobody_gets_a_message_twice(kit: Kit, clock: SetClock) -> None:
    steps.put("thanks-at-once", {"name": "Thanks", "definition": DEFINITION}, clock.now())
    steps.activate("thanks-at-once", clock.now())
    kit.identify("ann", {"email": "ann@example.com"})
    kit.order("ann", "1", 10)
    kit.run()
    noon = clock.now()
    seen = [Delivery.objects.count()]
    for now in (noon + DAY, noon - DAY, noon + 2 * DAY, datetime(2038, 1, 20, tzinfo=UTC), noon):
        clock.set(now)
        kit.run()
        seen.append(Delivery.objects.count())
    assert seen == [1, 2, 2, 2, 2, 2]
    assert Run.objects.count() == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}


def test_facts_that_arrive_while_the_clock_is_wrong_are_taken(kit: Kit, clock: SetClock) -> None:
    noon = clock.now()
    for number, now in enumerate((noon, noon + DAY, noon - DAY, datetime(2038, 1, 20, tzinfo=UTC), noon)):
        clock.set(now)
        kit.order("bob", str(number), 10)
        kit.run()
    assert kit.customer("bob")
    assert Order.objects.count() == 5
