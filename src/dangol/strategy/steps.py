"""Strategy.

In: who the customers are (segments), what they bought, whom we may write to, and what plays did so far.
Out: the lifecycle in numbers, and plays ranked by what they should leave, with what is not known yet.
Promise: works for a shop without a customer; an estimate from a prior is never shown as a measurement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dangol.base.errors import NotFound
from dangol.collect.facts import Fact
from dangol.segment import active
from dangol.segment import days as sizes
from dangol.segment import steps as segment
from dangol.strategy import allotting, counting, earning, files, helping, learning, rules, scores
from dangol.strategy.counting import Counted
from dangol.strategy.earning import NO_HARM, Circumstances, Harm, Share, Worth
from dangol.strategy.rules import Earnings, PlanRow, Play, Prior

__all__ = ["PlanRow", "Play", "ensure_ready", "lifecycle", "lifecycle_days", "note", "plan", "play", "plays"]

ALONE = Circumstances()


def plays() -> dict[str, Play]:
    """Every play by its key, in the order a new shop should begin with."""
    return files.plays()


def play(key: str) -> Play:
    """One play. Raises NotFound."""
    found = files.plays().get(key)
    if found is None:
        raise NotFound(f"no play is called {key}; there are {', '.join(files.plays())}")
    return found


def ensure_ready(now: datetime) -> None:
    """Save the segments every shop starts with, where they are not there yet."""
    known = {found.key for found in active.visible()}
    for shape in files.segments():
        if shape["key"] not in known:
            segment.save(shape["key"], shape, now)


def note(facts: Iterable[Fact]) -> None:
    """Learn what facts of our own say about plays, inside the loop's transaction."""
    scores.note(facts)


# --- the lifecycle --------------------------------------------------------------------------------------------------


def lifecycle() -> dict[str, int]:
    """How many customers are in each stage of the lifecycle: now, or in a large shop when they were counted last."""
    kept = counting.kept()
    return counting.stages() if kept is None or kept.customers <= counting.SMALL else dict(kept.stages)


def lifecycle_days(days: int, now: datetime) -> list[tuple[date, dict[str, int]]]:
    """How many were in each stage at the end of each of the last `days` days, the oldest first, today as it is now."""
    today = now.astimezone(active.zone()).date()
    histories = [sizes.history(stage, size, days, today) for stage, size in lifecycle().items()]
    return [
        (one[0].on, {stage: size.size for stage, size in zip(rules.STAGES, one, strict=True)})
        for one in zip(*histories, strict=True)
    ]


# --- the plan -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """The ranked plan, and what all of its rows rest on."""

    rows: list[PlanRow]
    counted: Counted
    share: Share  # what stays of revenue
    earnings: Earnings


def plan(now: datetime, told: Circumstances = ALONE) -> Plan:
    """All plays, those first that fit the limits and should leave most; `told` is what other stages know."""
    counted, known = counting.latest(now), scores.told()
    earnings = counted.earnings
    uplifts = learning.learnt(files.plays(), scores.measured(known))
    harms = scores.harms(known)
    worths = _worths(counted, earnings, uplifts, told, harms)
    rows = [_row(found, counted, earnings, uplifts[key], worths[key], told) for key, found in files.plays().items()]
    seen = scores.measured(known)
    finished = [_finished(row, seen, harms.get(row.play.key, NO_HARM)) for row in rows]
    return Plan(_ranked(finished, counted, told), counted, earning.share_of(earnings, told), earnings)


def _worths(
    counted: Counted, earnings: Earnings, uplifts: Mapping[str, Prior], told: Circumstances, harms: Mapping[str, Harm]
) -> dict[str, Worth]:
    """What each play should leave. Who leaves for one is lost to all: what such a customer brings is seen first."""
    known = files.plays()

    def all_of(contact: float) -> dict[str, Worth]:
        return {
            key: earning.worth(
                found, counted.reach(found), earnings, uplifts[key], told, harms.get(key, NO_HARM), contact
            )
            for key, found in known.items()
        }

    return all_of(earning.contact_worth(all_of(0.0), known, counted.readers))


def _row(
    found: Play, counted: Counted, earnings: Earnings, uplift: Prior, worth: Worth, told: Circumstances
) -> PlanRow:
    reach, ready = counted.reach(found), counted.ready(found)
    expected = earning.expectation(found, reach, earnings, uplift, worth)
    return PlanRow(
        play=found,
        reach=reach,
        expected=expected,
        unknown=rules.unknowns(found, reach, earnings, uplift),
        summary=rules.summarise(found, reach, expected),
        helps=helping.most(found, reach, earnings, earning.share_of(earnings, told), worth, ready),
        ready=ready,
    )


def _finished(row: PlanRow, seen: Mapping[str, Any], harm: Harm) -> PlanRow:
    return rules.with_seen(row, seen.get(row.play.key), harm.annoyed, harm.treated, annoys=harm.clear)


def _ranked(rows: list[PlanRow], counted: Counted, told: Circumstances) -> list[PlanRow]:
    short = allotting.allot([rules.need(row) for row in rows], _limits(counted, told))
    return rules.rank([rules.with_limit(row, short[row.play.key]) for row in rows])


def _limits(counted: Counted, told: Circumstances) -> dict[str, float]:
    """What is scarce, and how much of it there is in a month."""
    found = {
        "contacts": None if told.contacts is None else told.contacts * counted.readers,
        "budget": None if told.budget is None else float(told.budget),
        "minutes": told.minutes,
    }
    return {name: most for name, most in found.items() if most is not None}
