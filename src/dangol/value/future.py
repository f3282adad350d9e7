"""What customers of the BG/NBD and MBG/NBD models will do: alive or not, how many orders, when the next one.

Every function takes one customer a row and one set of parameters a column where they are arrays, by NumPy's rules of
broadcasting. Times are in weeks; `x`, `last`, `age` as in bgnbd.Counts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from dangol.value.bgnbd import Parameters
from dangol.value.climb import Array

TERMS = 100_000
EXACT = 1e-16


def alive(p: Parameters, x: Array, last: Array, age: Array, early: int = 0) -> Array:
    """The probability that a customer has not stopped."""
    by = p.b + x + early - 1
    doubt = (x > 0) | (early == 1)
    odds = np.log(p.a) - np.log(np.where(doubt, by, 1)) + (p.r + x) * (np.log(p.alpha + age) - np.log(p.alpha + last))
    found: Array = np.where(doubt, expit(-odds), 1.0)
    return found


def expected(p: Parameters, x: Array, last: Array, age: Array, weeks: Array | float, early: int = 0) -> Array:
    """The mean number of orders in the next `weeks`.

    Fader, Hardie, Lee 2005, equation 10, after Euler's transformation of its hypergeometric series: the arguments no
    longer grow with x, the factor 1/(a - 1) is drawn in, and a = 1, a + b = 1 and any x are ordinary values.
    """
    z = weeks / (p.alpha + age + weeks)
    left, c = np.log1p(-z), p.a + p.b + x + early - 1
    power = p.a - 1
    ordinary = np.abs(power) > 1e-12
    first = np.where(ordinary, -np.expm1(power * left) / np.where(ordinary, power, 1), -left)
    series = _series(p.a + p.b + early - 1 - p.r, p.a, c, z)
    found: Array = (c * first - np.exp(power * left) * series) * alive(p, x, last, age, early)
    return found


def _series(first: Array | float, a: Array | float, c: Array | float, z: Array | float) -> Array:
    """c · Σ (first)ₙ (a)ₙ₋₁ zⁿ / ((c)ₙ n!) over n ≥ 1; regular at c = 0."""
    first, a, c, z = (np.asarray(one, float) for one in np.broadcast_arrays(first, a, c, z))
    term = first * z
    total = term.copy()
    for n in range(1, TERMS):
        term = term * ((first + n) * (a + n - 1) * z / ((c + n) * (n + 1)))
        total += term
        if not (np.abs(term) > EXACT * np.abs(total) * (1 - z)).any():
            break
    return total


def at_least(p: Parameters, x: Array, last: Array, age: Array, weeks: Array | float, early: int = 0) -> Iterator[Array]:
    """The probability of at least 1, 2, 3, … orders in the next `weeks`, without end.

    A customer who is alive has a rate distributed gamma(r + x, alpha + age) and, independent of it, a probability of
    stopping distributed beta(a, b + x): k orders need k purchases of a process that never stops, and not to have
    stopped after the first k - 1 of them.
    """
    z = weeks / (p.alpha + age + weeks)
    shape, by = p.r + x, p.b + x + early
    exactly = np.exp(shape * np.log1p(-z))  # 0 purchases
    more, staying = 1 - exactly, alive(p, x, last, age, early) + np.zeros_like(exactly)
    k = 0
    while True:
        yield more * staying
        exactly = exactly * ((shape + k) / (k + 1) * z)
        more = np.maximum(more - exactly, 0)
        staying = staying * ((by + k) / (p.a + by + k))
        k += 1


def ordered_within(
    p: Parameters, x: Array, last: Array, age: Array, weeks: Array | float, early: int = 0
) -> Array:  # fmt: skip
    """The probability that the next order comes within `weeks`."""
    waiting = (p.r + x) * (np.log(p.alpha + age + weeks) - np.log(p.alpha + age))
    found: Array = -np.expm1(-waiting) * alive(p, x, last, age, early)
    return found
