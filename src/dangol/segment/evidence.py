"""What decided each leaf of a customer: values, the facts that count, the chain of a sequence, what is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import polars as pl

from dangol.base.clock import from_us
from dangol.profile import steps as profile
from dangol.profile.quantiles import NEVER, Quantiles
from dangol.segment import chains, foretelling, language, progress, project, sentences
from dangol.segment.engines import Plan
from dangol.segment.foretelling import Foretold
from dangol.segment.language import Events, Forecast, Primitive, Trait
from dangol.segment.sentences import LANGUAGES

FACTS_SHOWN = 10
STATES: dict[progress.State, tuple[str, str]] = {
    "met": ("happened", "일어남"),
    "absent": ("did not happen, as it must be", "조건대로 일어나지 않음"),
    "waiting": ("has not happened so far; the time for it is not over", "아직 일어나지 않음, 기간이 남아 있음"),
    "missing": ("has not happened", "일어나지 않음"),
    "broken": ("happened, and must not have", "일어나면 안 되는데 일어남"),
    "unreached": ("is not reached yet", "아직 이 단계에 이르지 않음"),
}
NOT_FORETOLD = {"en": "There is no forecast yet.", "ko": "아직 예측이 없음."}
FORETOLD = {
    "en": "Expected {middle}, 80% between {low} and {high}; {share:.0%} likely to be so, {asked:.0%} is asked for.",
    "ko": "예상 {middle}, 80% 구간 {low}~{high}. 조건에 맞을 확률 {share:.0%}, 요구 확률 {asked:.0%}.",
}
NEVER_SAID = {"en": "never", "ko": "없음"}


@dataclass(frozen=True, slots=True)
class Deciding:
    """A fact that counts for a leaf."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepSaid:
    """What became of one step of a sequence."""

    words: dict[str, str]  # the step and how it stands, by language
    state: progress.State
    fact: Deciding | None  # that satisfied it, or that must not have been


@dataclass(frozen=True, slots=True)
class ForecastSaid:
    """What is expected of the customer, where a leaf asks for that."""

    words: dict[str, str]  # by language
    told: Foretold | None  # empty where there is no forecast yet
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that leaves were judged by, at one instant."""

    numbers: Mapping[str, int]  # primitive → number of its columns
    measures: Mapping[str, Any]
    facts: Mapping[int, tuple[Deciding, ...]]  # by leaf number
    marked: pl.DataFrame | None  # the events, and what each is to which leaf
    rows: Sequence[profile.History]
    t: int
    forecasts: Mapping[str, tuple[int, Quantiles]]  # figure → made at, quantiles
    zone: tzinfo

    @classmethod
    def gather(
        cls,
        plan: Plan,
        tables: project.Tables,
        rows: Sequence[profile.History],
        t: int,
        forecasts: Mapping[str, tuple[int, Quantiles]],
        zone: tzinfo,
    ) -> Evidence:
        compiled = plan.compiled
        facts: dict[int, tuple[Deciding, ...]] = {}
        measures = plan.on_polars(tables, compiled.measures).row(0, named=True)
        frame = None
        if compiled.marked is not None:
            frame = plan.on_polars(tables, compiled.marked).sort("at", descending=True)
            facts = {
                number: _counting(frame, number, measures)
                for number in compiled.leaves.values()
                if f"in{number}" in frame.columns
            }
        return cls(compiled.leaves, measures, facts, frame, rows, t, forecasts, zone)

    def value(self, rule: Primitive) -> Any:
        if isinstance(rule, Trait):
            return _trait_value(rule, self.rows, self.t)
        if isinstance(rule, Events):
            found = self.measures[f"n{self.numbers[repr(rule)]}"]
            if rule.measure.kind == "average" and found is not None:
                return found / max(self.measures[f"k{self.numbers[repr(rule)]}"], 1)
            return 0 if found is None and rule.measure.kind in {"count", "distinct", "sum"} else found
        if isinstance(rule, Forecast) and (known := self._known(rule)) is not None:
            return foretelling.middle(known[1])
        return None

    def steps(self, rule: language.Sequence, written: Mapping[str, Any]) -> tuple[StepSaid, ...]:
        """The steps of a sequence, with the facts of the chain that came furthest."""
        number, frame = self.numbers[repr(rule)], self.marked
        assert frame is not None  # noqa: S101 - a sequence looks at events
        known = frame.filter(pl.col("at") <= self.t).reverse()
        of_step = {place: known.filter(chains.column(number, place)) for place in range(len(rule.steps))}
        found = progress.places(rule, {place: one["at"].to_list() for place, one in of_step.items()}, self.t)
        told = {spoken: sentences.steps(written, spoken) for spoken in LANGUAGES}
        return tuple(
            StepSaid(
                {spoken: f"{told[spoken][n]}: {STATES[place.state][spoken == 'ko']}" for spoken in LANGUAGES},
                place.state,
                None if place.at is None else _fact(of_step[n], place.at),
            )
            for n, place in enumerate(found)
        )

    def forecast(self, rule: Forecast) -> ForecastSaid:
        """The figure, its interval, and how much of it lies where the leaf asks."""
        known = self._known(rule)
        if known is None:
            return ForecastSaid(NOT_FORETOLD, None, None)
        told = foretelling.told_of(rule, known[1])
        words = {
            spoken: FORETOLD[spoken].format(
                middle=_figure(rule.figure, told.middle, spoken), low=_figure(rule.figure, told.low, spoken),
                high=_figure(rule.figure, told.high, spoken), share=told.share, asked=rule.confidence,
            )
            for spoken in LANGUAGES
        }  # fmt: skip
        return ForecastSaid(words, told, from_us(known[0]))

    def _known(self, rule: Forecast) -> tuple[int, Quantiles] | None:
        found = self.forecasts.get(rule.figure)
        return found if found is not None and found[0] <= self.t else None


def _counting(frame: pl.DataFrame, number: int, measures: Mapping[str, Any]) -> tuple[Deciding, ...]:
    """The newest events that count for a leaf."""
    counting = frame.filter(frame[f"in{number}"])
    if f"p{number}" in measures:
        picked = measures[f"p{number}"]
        counting = counting.clear() if picked is None else counting.filter(counting["row"] == picked)
    return tuple(Deciding(name, from_us(at)) for name, at in counting.head(FACTS_SHOWN).select("name", "at").rows())


def _fact(events: pl.DataFrame, at: int) -> Deciding:
    return Deciding(events.filter(pl.col("at") == at)["name"][0], from_us(at))


def _trait_value(rule: Trait, rows: Sequence[profile.History], t: int) -> Any:
    told = [row for row in rows if row[3] == "identify" and row[7] and row[1] <= t]
    key = rule.path.keys[0]
    changes = [(row[1], traits[key]) for row in told if key in (traits := json.loads(row[7]))]
    found = project.spells(changes, rule.path.keys[1:])
    return found[-1][3] if found else None


def _figure(figure: str, value: float, spoken: str) -> str:
    if figure == "next_order_days":
        days = "일" if spoken == "ko" else " days"
        return NEVER_SAID[spoken] if value >= NEVER else f"{value:,.0f}{days}"
    return f"{value:.0%}" if figure == "churn" else f"{value:,.2f}".rstrip("0").rstrip(".")
