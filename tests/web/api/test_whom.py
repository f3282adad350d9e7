"""Whom a campaign helps, over the API."""

from __future__ import annotations

import pytest

from dangol.base.clock import SetClock
from dangol.segment import steps as segment
from tests.harvest.test_whom import REGULARS, SIZE, live_through
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


def test_groups_and_a_backtest_of_a_rule_that_is_not_saved(program: Program, open_shop: Kit, clock: SetClock) -> None:
    segment.save("regulars", REGULARS, clock.now())
    live_through(first=1_001)
    told = program.get("/api/harvest/mail/whom").body
    assert "regulars" in {one["segment"] for one in told["groups"] if one["clear"]}
    found = program.post("/api/harvest/mail/backtest", {"where": {"event": "Order Completed"}}).body
    assert (found["chosen"], found["refused"]) == (SIZE // 2, "")
    assert found["chosen_only"]["low"] < 0.30 < found["chosen_only"]["high"]
    assert program.post("/api/harvest/mail/backtest", {"where": {"evnt": 1}}).status == 422
