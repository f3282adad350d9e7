"""Young shops cut out of public data: what the prior is worth to a shop whose own data made no part of it.

`pytest -m slow -s tests/value/test_cold_start.py` prints the table that docs/models.md shows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dangol.value import bgnbd, draws, forecasts, priors
from dangol.value.climb import Array
from dangol.value.fitting import EARLY
from dangol.value.priors import Prior
from tests.value import shops

pytestmark = [pytest.mark.data, pytest.mark.slow]

FITS = {  # at the end of 728 days: what the prior's centre is the median of
    "cdnow": (-3.11, -1.32, -1.47, 0.95),
    "apparel": (-3.54, -0.50, -1.86, 1.89),
    "another grocer": (-2.06, -1.20, -1.89, 1.39),
    "online retail": (-2.76, -0.01, -5.2, 0.78),
}
UNTOLD = Prior(priors.PURCHASES.mean, (10.0,) * 4)  # so weak that it only keeps maximum likelihood from running away
DAYS, SIZES, AHEAD, REPEATS = (30, 90), (50, 200, 500), (90, 180), 6


def without(name: str) -> Prior:
    """The prior as it would be had this shop never been seen."""
    others = [fit for shop, fit in FITS.items() if shop != name]
    return Prior(tuple(np.median(others, axis=0).tolist()), priors.PURCHASES.spread)


def of(top: bgnbd.Peak, day: int, early: int, ranged: bool) -> draws.Known:
    covariance, drift = (top.covariance(), draws.drift(day)) if ranged else (np.zeros((4, 4)), 0.0)
    return draws.Known(top.at, covariance, drift, early)


def deviance(came: Array, expected: Array) -> float:
    expected = np.maximum(expected, 1e-9)
    return float(np.mean(2 * (np.where(came > 0, came * np.log(np.maximum(came, 1) / expected), 0) - came + expected)))


def captured(came: Array, expected: Array) -> float:
    """The share of orders that came from the fifth of whom most was expected."""
    best = np.argsort(-expected, kind="stable")[: max(1, len(came) // 5)]
    return float(came[best].sum() / max(came.sum(), 1))


def trial(shop: shops.Shop, day: int, who: shops.Days) -> list[list[float]]:
    """One young shop at each horizon: deviance, captured and error of the total by likelihood alone and ours; held."""
    counts = shop.at(day, who)
    standing = forecasts.Standing.of(counts)
    free, ours = bgnbd.fit(counts, UNTOLD), bgnbd.fit(counts, without(shop.name), EARLY)
    found = []
    for ahead in (days for days in AHEAD if day + days <= shop.day.max()):
        came = shop.bought(who, day, day + ahead)
        means = [
            forecasts.orders(draws.draw(of(top, day, early, ranged=False), 16), standing, ahead).mean(axis=1)
            for top, early in ((free, 0), (ours, EARLY))
        ]
        possible = draws.draw(of(ours, day, EARLY, ranged=True), 32)
        _, (low, high) = forecasts.totals(possible, counts, ahead, np.array([0.1, 0.9]))
        pairs = [[measure(came, mean) for mean in means] for measure in (deviance, captured)]
        wrong = [abs(mean.sum() / came.sum() - 1) for mean in means]
        found.append([*pairs[0], *pairs[1], *wrong, float(low <= came.sum() <= high)])
    return found


def cell(test_data: Path, day: int, size: int) -> Array:
    """Means over shops of medians (captured, held: means) over repeats."""
    told = []
    for name in shops.QUERIES:
        shop, rng = shops.load(test_data, name), np.random.default_rng(7)
        known = shop.known_by(day)
        if len(known) >= size:
            tried = [trial(shop, day, np.sort(rng.choice(known, size, replace=False))) for _ in range(REPEATS)]
            table = np.array([row for rows in tried for row in rows])
            told.append([*np.median(table[:, :2], axis=0), *table[:, 2:4].mean(axis=0),
                         *np.median(table[:, 4:6], axis=0), table[:, 6].mean()])  # fmt: skip
    return np.array(told).mean(axis=0)


def test_a_shop_of_a_month_is_told_more_than_its_own_few_orders_say(test_data: Path) -> None:
    cells = {(day, size): cell(test_data, day, size) for day in DAYS for size in SIZES}
    print("\nday size | deviance alone, ours | captured alone, ours | error alone, ours | held")
    for (day, size), row in cells.items():
        print(f"{day:3} {size:4} | " + " ".join(f"{one:6.3f}" for one in row))
    alone, ours = cells[30, 50][:2]
    assert ours <= 0.75 * alone
    for size in (200, 500):
        alone, ours = cells[90, size][4:6]
        assert ours <= 1.2 * alone
