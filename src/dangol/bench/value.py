"""How fast the model of purchases learns, and how that compares with the package lifetimes where it is installed."""

from __future__ import annotations

import resource
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from dangol.value import bgnbd, priors

PARAMETERS = (0.243, 4.414, 0.793, 2.426)  # r, alpha (weeks), a, b: CDNOW's
YEAR = 365


def run(customers: int = 10_000_000, compared: int = 100_000, seed: int = 1) -> dict[str, object]:
    """Learn from a simulated year of `customers`, and from `compared` of them as lifetimes does; CPU seconds.

    Stored statistics are the counts by (days, first day, last day): nothing is read per customer.
    """
    rng = np.random.default_rng(seed)
    small, few = _kinds([_simulated(compared, rng)])
    many, _ = _kinds([_simulated(min(1_000_000, customers), rng) for _ in range(0, customers, 1_000_000)])
    own = _cpu(lambda: bgnbd.fit(bgnbd.Counts.of(*many), priors.PURCHASES, 1))
    fitted = min(_cpu(lambda: bgnbd.fit(bgnbd.Counts.of(*small), priors.flat(priors.PURCHASES))) for _ in range(5))
    return {
        "bench": "value",
        "customers": customers,
        "kinds": len(many[0]),
        "fit_cpu_seconds": round(own, 3),
        "peak_memory_mb": _peak_mb(),
        "compared_customers": compared,
        "compared_fit_cpu_ms": round(1000 * fitted, 2),
        **_lifetimes(small, few, fitted),
    }


def _simulated(customers: int, rng: Any) -> tuple[Any, Any, Any]:
    """x, last and age in days of customers who came evenly over a year, after the BG/NBD."""
    r, alpha, a, b = PARAMETERS
    age = rng.integers(0, YEAR, customers)
    rate = rng.gamma(r, 1 / (7 * alpha), customers)
    leaving = rng.beta(a, b, customers)
    x, last = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    now, here = np.zeros(customers), np.arange(customers)
    while len(here):
        now[here] += rng.exponential(1 / np.maximum(rate[here], 1e-12))
        day = np.minimum(now[here], 1e6).astype(np.int64)
        within = day <= age[here]
        here, day = here[within], day[within]
        x[here] += day > last[here]  # two purchases of a day are one
        last[here] = day
        here = here[rng.random(len(here)) >= leaving[here]]
    return x, last, age


def _kinds(simulated: list[tuple[Any, Any, Any]]) -> tuple[tuple[Any, ...], tuple[Any, Any, Any]]:
    """How many customers there are of each kind, and the first part's customers one by one."""
    keys = np.concatenate([(x * 4096 + last) * 4096 + age for x, last, age in simulated])
    found, n = np.unique(keys, return_counts=True)
    kinds = found // 4096**2, found // 4096 % 4096, found % 4096, n.astype(float)
    return kinds, simulated[0]


def _lifetimes(kinds: tuple[Any, ...], customers: tuple[Any, Any, Any], own: float) -> dict[str, object]:
    """The same fit by lifetimes, fed the counted rows with their weights, and customer by customer."""
    if find_spec("lifetimes") is None:
        return {"lifetimes": "not installed"}
    from lifetimes import BetaGeoFitter  # noqa: PLC0415 - only developers have it

    x, last, age, n = kinds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counted = _cpu(lambda: BetaGeoFitter().fit(x, last / 7, age / 7, weights=n))
        raw = _cpu(lambda: BetaGeoFitter().fit(customers[0], customers[1] / 7, customers[2] / 7))
    return {
        "lifetimes_counted_cpu_ms": round(1000 * counted, 1),
        "lifetimes_raw_cpu_ms": round(1000 * raw, 1),
        "times_lifetimes_counted": round(counted / own, 1),
        "times_lifetimes_raw": round(raw / own, 1),
    }


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
