"""The leaf `predicted`: a forecast's figure lies on one side of a limit, with so much of its posterior."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dangol.profile.quantiles import FIGURES, SHARES
from dangol.segment import operands
from dangol.segment.comparisons import QUANTITIES, comparison
from dangol.segment.language import Forecast, Order, Rule
from dangol.segment.operands import Reading, below
from dangol.segment.shapes import Shape

SIDES = {word: QUANTITIES[word] for word in ("at_least", "at_most", "over", "under", "between")}
CONFIDENCE = 0.5
Told = tuple[int, str, int, Sequence[float]]  # customer, figure, made at (µs), quantiles at SHARES
Each = Callable[[Collection[str]], Iterable[Told]]  # everybody's forecasts of some figures


def predicted(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """At least `confidence` of the posterior lies where the comparison says."""
    figure, confidence = shape["predicted"], shape.get("confidence", CONFIDENCE)
    test = comparison(reading, pointer, shape, SIDES, {"predicted", "confidence"})
    if figure not in FIGURES:
        reading.refuse(below(pointer, "predicted"), figure, ", ".join(FIGURES))
        return None
    if not (operands.is_number(confidence) and 0 <= confidence <= 1):
        reading.refuse(below(pointer, "confidence"), confidence, "a number from 0 to 1")
        return None
    if test is None:
        return None
    if not isinstance(test, Order):
        reading.refuse(below(pointer, "between"), shape["between"], "a list of two numbers, the smaller first")
        return None
    return Forecast(figure, test, float(confidence))


def holds(rule: Forecast, quantiles: Sequence[float]) -> bool:
    """Whether enough of the posterior lies there; `quantiles` at SHARES, straight lines between them."""
    return share_in(rule.test, quantiles) >= rule.confidence - 1e-9  # what sums of twentieths lose in doubles


def share_in(test: Order, quantiles: Sequence[float]) -> float:
    """The share of the posterior in a range; its ends are in it unless the range is strict."""
    above = 0.0 if test.low is None else _below(test.low, quantiles, also=test.strict)
    upto = 1.0 if test.high is None else _below(test.high, quantiles, also=not test.strict)
    return max(upto - above, 0.0)


@dataclass(frozen=True, slots=True)
class Foretold:
    """A forecast as a leaf looks at it; `low` to `high` holds 80 per cent of the posterior."""

    middle: float
    low: float
    high: float
    share: float  # of the posterior that lies where the leaf asks


def told_of(rule: Forecast, quantiles: Sequence[float]) -> Foretold:
    return Foretold(
        middle(quantiles),
        quantiles[SHARES.index(0.1)],
        quantiles[SHARES.index(0.9)],
        share_in(rule.test, quantiles),
    )


def middle(quantiles: Sequence[float]) -> float:
    """The median of the posterior."""
    return quantiles[SHARES.index(0.5)]


def _below(x: float, quantiles: Sequence[float], also: bool) -> float:
    """The share below x, `also` with that at x itself."""
    last = (bisect_right(quantiles, x) if also else bisect_left(quantiles, x)) - 1
    if last < 0:
        return 0.0
    if last == len(quantiles) - 1:
        return 1.0
    width = quantiles[last + 1] - quantiles[last]
    return SHARES[last] + (SHARES[last + 1] - SHARES[last]) * ((x - quantiles[last]) / width)


def from_when(rule: Forecast, told: dict[str, tuple[int, Any]]) -> int | None:
    """The instant (µs) from which a customer's forecast says so; None where it does not or there is none."""
    if rule.figure not in told:
        return None
    made_at, quantiles = told[rule.figure]
    return made_at if holds(rule, quantiles) else None


def from_whens(named: Mapping[Forecast, str], each: Each) -> dict[str, pa.Table]:
    """The same of everybody: for each forecast, by the name it has, a table of the customers of whom it says so
    (`customer_id`, `made_at`: µs)."""
    found: dict[str, tuple[array[int], array[int]]] = {name: (array("q"), array("q")) for name in named.values()}
    asked: dict[str, list[tuple[Forecast, str]]] = {}
    for rule, name in named.items():
        asked.setdefault(rule.figure, []).append((rule, name))
    for customer, figure, made_at, quantiles in each(asked) if asked else ():
        for rule, name in asked[figure]:
            if holds(rule, quantiles):
                found[name][0].append(customer)
                found[name][1].append(made_at)
    return {
        name: pa.table({"customer_id": pa.array(ids, pa.int64()), "made_at": pa.array(ats, pa.int64())})
        for name, (ids, ats) in found.items()
    }
