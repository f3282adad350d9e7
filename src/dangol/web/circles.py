"""Two circles whose areas, and the area they share, are as the numbers say. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTH, HEIGHT, LARGEST = 360.0, 190.0, 82.0
STEPS = 40


@dataclass(frozen=True, slots=True)
class Circles:
    """Centres and radii in a picture of WIDTH × HEIGHT, and where the three numbers stand."""

    x1: float
    r1: float
    x2: float
    r2: float
    both_x: float
    first_x: float
    second_x: float
    y: float = HEIGHT / 2


def circles(both: int, first: int, second: int) -> Circles | None:
    """None where nobody is in either. `first` and `second` are those in one circle only.

    >>> circles(0, 0, 0) is None
    True
    >>> found = circles(10, 10, 10)
    >>> round(shared(found.r1, found.r2, found.x2 - found.x1) / (math.pi * found.r1 ** 2), 3)
    0.5
    """
    size1, size2 = both + first, both + second
    if not size1 + size2:
        return None
    unit = LARGEST / math.sqrt(max(size1, size2))
    r1, r2 = (max(unit * math.sqrt(size), 4.0) for size in (size1, size2))
    apart = _distance(r1, r2, both, size1, size2)
    left = min(-r1, apart - r2)
    right = max(r1, apart + r2)
    x1 = WIDTH / 2 - (left + right) / 2
    x2 = x1 + apart
    return Circles(
        x1=round(x1, 1),
        r1=round(r1, 1),
        x2=round(x2, 1),
        r2=round(r2, 1),
        both_x=round((max(x1 - r1, x2 - r2) + min(x1 + r1, x2 + r2)) / 2, 1),
        first_x=round((x1 - r1 + max(min(x2 - r2, x1 + r1), x1 - r1)) / 2, 1),
        second_x=round((x2 + r2 + min(max(x1 + r1, x2 - r2), x2 + r2)) / 2, 1),
    )


def _distance(r1: float, r2: float, both: int, size1: int, size2: int) -> float:
    """Between the centres, so that the share of the smaller circle that lies in the other is as the numbers say."""
    smaller = min(size1, size2)
    if not both or not smaller:
        return r1 + r2 + 14
    if both == smaller:
        return abs(r1 - r2)
    wanted = both / smaller * math.pi * min(r1, r2) ** 2
    near, far = abs(r1 - r2), r1 + r2
    for _ in range(STEPS):
        middle = (near + far) / 2
        near, far = (middle, far) if shared(r1, r2, middle) > wanted else (near, middle)
    return (near + far) / 2


def shared(r1: float, r2: float, apart: float) -> float:
    """The area of the lens of two circles whose centres are so far apart."""
    if apart >= r1 + r2:
        return 0.0
    if apart <= abs(r1 - r2):
        return math.pi * min(r1, r2) ** 2
    angle1 = math.acos((apart * apart + r1 * r1 - r2 * r2) / (2 * apart * r1))
    angle2 = math.acos((apart * apart + r2 * r2 - r1 * r1) / (2 * apart * r2))
    kite = math.sqrt((r1 + r2 - apart) * (apart + r1 - r2) * (apart - r1 + r2) * (apart + r1 + r2)) / 2
    return r1 * r1 * angle1 + r2 * r2 * angle2 - kite
