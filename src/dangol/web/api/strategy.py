"""Strategy over the API: the ranked plan, and switching a play on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from dangol.autopilot import planning
from dangol.base.models import Shop
from dangol.base.money import Money
from dangol.campaign import reads as campaigns
from dangol.campaign import steps as campaign
from dangol.strategy.rules import PlanRow
from dangol.web import guard
from dangol.web.api import campaign_shapes, shapes
from dangol.web.api.campaigns import shown
from dangol.web.api.lists import Page, Paging, page
from dangol.web.api.parameters import Key

router = Router(tags=["strategy"])


@router.get("/plan", response=Page[shapes.PlanShown])
def plan(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Every play, those first that fit the limits and should leave most, with what is not known yet."""
    now = guard.CLOCK.now()
    found = planning.plan(now)
    rows, counted_at = found.rows, found.counted.at
    start = paging.number() or 0
    places = {row.play.key: str(number) for number, row in enumerate(rows, 1)}
    states = {key: found.state for key, found in campaigns.of_plays().items()}
    currency = Shop.objects.values_list("currency", flat=True).first() or ""
    return page(
        rows[start : start + paging.limit + 1],
        paging,
        lambda row: {**_row(row, states.get(row.play.key, "off"), currency), "counted_at": counted_at},
        lambda row: places[row.play.key],
    )


@router.post("/plays/{key}/activate", response=campaign_shapes.CampaignShown)
def activate(request: HttpRequest, key: Key, whom: Query[campaign_shapes.Existing]) -> dict[str, Any]:
    """Switch a play on: save its audience, make its campaign and let it run. Doing it twice is doing it once."""
    return shown(campaign.activate_play(key, guard.CLOCK.now(), existing=whom.existing))


def _row(row: PlanRow, state: str, currency: str) -> dict[str, Any]:
    expected = row.expected
    return {
        "play": row.play.key,
        "name": row.play.name,
        "reason": row.play.reason,
        "state": state,
        "audience_now": row.reach.now,
        "month": row.reach.month,
        "reachable": row.reach.reachable,
        "expected_orders": {"value": expected.orders, "low": expected.orders_low, "high": expected.orders_high},
        "expected_revenue": {
            "value": _money(expected.money, currency),
            "low": _money(expected.money_low, currency),
            "high": _money(expected.money_high, currency),
        },
        "expected_margin": {
            "value": _money(expected.margin, currency),
            "low": _money(expected.margin_low, currency),
            "high": _money(expected.margin_high, currency),
        },
        "cost": Money(expected.cost, currency).as_json(),
        "fits": not row.short,
        "limit": row.short,
        "helps": row.helps,
        "annoyed": row.annoyed,
        "ready": [{"what": one.what, "kind": one.kind, "customers": one.customers} for one in row.ready],
        "summary": row.summary,
        "unknown": list(row.unknown),
    }


def _money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    return None if amount is None else Money(amount, currency).as_json()
