"""Whom a campaign helps, over the API, and what treating others would have brought."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from dangol.harvest import whom as harvest
from dangol.harvest.backtests import Value
from dangol.harvest.uplift import Group
from dangol.web import guard
from dangol.web.api.parameters import Key

router = Router(tags=["harvest"])
REFUSED = "why there is no answer: unknown, certain, uneven, differed or few; empty: there is one"


class UpliftShown(Schema):
    customers: int
    value: float = Field(description="extra customers who reach the goal, per customer treated")
    low: float
    high: float


class GroupShown(Schema):
    segment: str = Field(description="a segment, as it was when each customer entered")
    inside: UpliftShown
    outside: UpliftShown
    differs: UpliftShown = Field(description="inside less outside; intervals of all groups hold together")
    clear: bool


class CurveShown(Schema):
    shares: list[float] = Field(description="of the customers treated, those first whom it should help most")
    gains: list[float] = Field(description="extra customers who reach the goal, per customer of all")
    qini: float
    error: float
    clear: bool = Field(description="whether the order is better than chance")


class WhomShown(Schema):
    campaign: str
    customers: int = Field(description="whose time to reach the goal is over")
    effective: float
    refused: str = Field(description=REFUSED)
    overall: UpliftShown | None
    groups: list[GroupShown]
    curve: CurveShown | None


class ValueShown(Schema):
    value: float = Field(description="the share who reach the goal")
    low: float
    high: float
    effective: float


class BacktestShown(Schema):
    campaign: str
    customers: int
    chosen: int = Field(description="in whom the rule held when they entered")
    refused: str = Field(description=REFUSED)
    effective: float
    chosen_only: ValueShown | None
    everybody: ValueShown | None
    nobody: ValueShown | None
    better: ValueShown | None = Field(description="treating only the chosen, less treating everybody")


class Draft(Schema):
    where: Any = Field(description="a rule of the segment language")


@router.get("/{key}/whom", response=WhomShown)
def whom(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Whom a campaign helps, by the segments that customers were in when they entered."""
    told = harvest.whom(key, guard.CLOCK.now())
    curve = told.curve
    return {
        "campaign": told.campaign, "customers": told.customers, "effective": told.effective, "refused": told.refused,
        "overall": told.overall and asdict(told.overall), "groups": [_group(one) for one in told.groups],
        "curve": curve and {**asdict(curve), "clear": curve.clear},
    }  # fmt: skip


@router.post("/{key}/backtest", response=BacktestShown)
def backtest(request: HttpRequest, key: Key, told: Body[Draft]) -> dict[str, Any]:
    """What would have come of treating only those in whom a rule held when they entered."""
    found = harvest.backtest(key, told.where, guard.CLOCK.now())
    values = {name: _value(getattr(found, name)) for name in ("chosen_only", "everybody", "nobody", "better")}
    return {
        "campaign": found.campaign, "customers": found.customers, "chosen": found.chosen, "refused": found.refused,
        "effective": found.effective, **values,
    }  # fmt: skip


def _group(one: Group) -> dict[str, Any]:
    told = {name: asdict(getattr(one, name)) for name in ("inside", "outside", "differs")}
    return {"segment": one.key, **told, "clear": one.clear}


def _value(told: Value | None) -> dict[str, float] | None:
    if told is None:
        return None
    return {"value": told.value, "low": told.low, "high": told.high, "effective": told.effective}
