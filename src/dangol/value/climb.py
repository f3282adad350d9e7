"""To the top of a smooth function: Newton's method that never leaves the ground it can trust."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Slope = tuple[float, Array, Array]  # value, gradient, Hessian

STEPS = 200
LONGEST = 2.0  # of one step in any direction: the parameters are logarithms, so this is a factor of 7
FLATTEST = 1e-9


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a function is highest; `hessian` is its curvature there."""

    at: Array
    value: float
    hessian: Array
    steps: int

    def covariance(self) -> Array:
        """Of the normal distribution that has the same top and curvature (Laplace's approximation)."""
        values, vectors = np.linalg.eigh(-self.hessian)
        inverse: Array = (vectors / np.maximum(values, FLATTEST)) @ vectors.T
        return inverse


def climb(function: Callable[[Array], Slope], start: Array) -> Peak:
    """The top nearest uphill from `start`.

    Where the ground curves upwards the curvature's size is taken for its sign, so that every step leads up; a step
    that does not is halved.
    """
    at = np.array(start, dtype=float)
    value, gradient, hessian = function(at)
    for steps in range(STEPS):
        step = _uphill(gradient, hessian)
        if gradient @ step < 1e-10:
            return Peak(at, value, hessian, steps)
        higher = _higher(function, at, value, step)
        if higher is None:
            return Peak(at, value, hessian, steps)
        at, (value, gradient, hessian) = higher
    return Peak(at, value, hessian, STEPS)


def _uphill(gradient: Array, hessian: Array) -> Array:
    values, vectors = np.linalg.eigh(-hessian)
    sizes = np.maximum(np.abs(values), 1e-8 * max(np.abs(values).max(), 1e-8))
    step: Array = vectors @ ((vectors.T @ gradient) / sizes)
    step *= min(1.0, LONGEST / max(np.abs(step).max(), 1e-300))
    return step


def _higher(function: Callable[[Array], Slope], at: Array, value: float, step: Array) -> tuple[Array, Slope] | None:
    share = 1.0
    while share > 1e-10:
        found = function(at + share * step)
        if found[0] > value:
            return at + share * step, found
        share /= 2
    return None
