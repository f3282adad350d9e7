"""The customers behind a number: who was counted, so that they can be looked at, listed and made a segment of.

A question names what was counted, as a page's address does. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from dangol.base.clock import to_us
from dangol.base.errors import Fault, Invalid
from dangol.campaign import steps as campaign_steps
from dangol.harvest import cohorts, funnels, history, moves, sales
from dangol.harvest.history import Marks, Orders
from dangol.harvest.margins import Costing
from dangol.harvest.periods import Period, period

Question = Mapping[str, str]


def behind(asked: Question, now: datetime, zone: ZoneInfo) -> list[int]:
    """The customers by id. Raises Invalid for a question that no page asks, NotFound for a campaign that is none."""
    answers: dict[str, Callable[[Question, datetime, ZoneInfo], list[int]]] = {
        "bought": _bought, "cohort": _cohort, "move": _move, "stage": _stage, "arm": _arm,
    }  # fmt: skip
    answer = answers.get(asked.get("what", ""))
    if answer is None:
        raise Invalid([Fault("/what", repr(asked.get("what", "")), ", ".join(answers))])
    return answer(asked, now, zone)


def _bought(asked: Question, now: datetime, zone: ZoneInfo) -> list[int]:
    """Who ordered in a period: on a channel, a product, anything."""
    return sales.buyers(span(asked, now, zone), Costing({}), lambda found: _fits(found, asked))


def _fits(found: Orders, asked: Question) -> Marks:
    if "channel" in asked:
        return np.array([channel == asked["channel"] for channel in found.channel.tolist()], np.bool_)
    if "product" in asked:
        lines, marks = found.lines, np.zeros(len(found), np.bool_)
        wanted = np.array([key == asked["product"] for key in lines.keys], np.bool_)
        marks[lines.order[wanted[lines.product]]] = True
        return marks
    return np.ones(len(found), np.bool_)


def span(asked: Question, now: datetime, zone: ZoneInfo) -> Period:
    """The period that a question names."""
    return period(asked.get("from", ""), asked.get("to", ""), now.astimezone(zone).date(), zone)


def _cohort(asked: Question, now: datetime, zone: ZoneInfo) -> list[int]:
    later = asked.get("later", "0")
    if not (later.isdecimal() and int(later) <= cohorts.MOST_MONTHS):
        raise Invalid([Fault("/later", later, f"a number of months up to {cohorts.MOST_MONTHS}")])
    orders = history.read(None, now, Costing({})).standing()
    return cohorts.members(orders, _date(asked, "month").replace(day=1), int(later), zone)


def _move(asked: Question, now: datetime, zone: ZoneInfo) -> list[int]:
    """Who was in one cell of the RFM grid at the first day's beginning and in another at the end of the last."""
    about, orders = span(asked, now, zone), history.read(None, now, Costing({}))
    ends = to_us(about.since), min(to_us(about.until), to_us(now))
    names = asked.get("before", ""), asked.get("after", "")
    for name in names:
        if name and name not in moves.NAMES:
            raise Invalid([Fault("/before", name, ", ".join(moves.NAMES))])
    return moves.movers(orders, *ends, *names)


def _stage(asked: Question, now: datetime, _zone: ZoneInfo) -> list[int]:
    stage = asked.get("stage", "")
    if stage not in funnels.STAGES:
        raise Invalid([Fault("/stage", repr(stage), ", ".join(funnels.STAGES))])
    return sorted(funnels.at_stage(campaign_steps.get(asked.get("campaign", "")), stage, now))


def _arm(asked: Question, now: datetime, _zone: ZoneInfo) -> list[int]:
    found, arm = campaign_steps.get(asked.get("campaign", "")), asked.get("arm", "")
    if arm not in funnels.ARMS:
        raise Invalid([Fault("/arm", repr(arm), ", ".join(funnels.ARMS))])
    customers = funnels.in_arm(found, arm)
    return sorted(customers & funnels.reached(found, now) if "reached" in asked else customers)


def _date(asked: Question, name: str) -> date:
    try:
        return date.fromisoformat(asked.get(name, ""))
    except ValueError:
        raise Invalid([Fault(f"/{name}", repr(asked.get(name, "")), "a day such as 2026-03-01")]) from None
